import { randomUUID } from 'node:crypto';
import type { Journal } from '../journal/journal.js';
import { GatewayError } from '../lib/errors.js';
import type { PartyTexts } from '../lib/party.js';
import { importMultiFile, type ImportResult } from '../whatsapp/import-multi-file.js';
import { firstRow, newRecord } from './new-connection.js';

const CONNECTION_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/**
 * Registers a connection (when it is not known yet) and takes over its credentials, so that the next start restores it.
 * @throws GatewayError `BAD_REQUEST` (id, folder), `ALREADY_PAIRED` without `force`
 */
export async function importSession(o: {
  journal: Journal;
  connectionId: string;
  ownerId: string;
  texts?: PartyTexts | undefined;
  folder: string;
  force: boolean;
}): Promise<ImportResult> {
  const { journal, connectionId, ownerId, texts, folder, force } = o;
  if (!CONNECTION_ID.test(connectionId)) {
    throw new GatewayError('BAD_REQUEST', 'connection must have 1 to 64 letters, digits, "_", "." or "-".');
  }
  // Credentials first: a folder that cannot be read leaves no connection behind.
  const result = await importMultiFile({ journal, connectionId, folder, force });
  const known = journal.getConnection(connectionId);
  const record = known ?? newRecord({ connectionId, texts }, ownerId, randomUUID(), Date.now());
  const entries = known ? [] : [{ kind: 'session' as const, connectionId, changes: firstRow(record) }];
  await journal.commit({ connections: [{ ...record, wanted: 'connected', estado: 'idle', motivo: null }], entries });
  return result;
}
