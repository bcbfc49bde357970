import { ownedKey } from './record-keys.js';
import type { LogEntry, PartRecord } from './records.js';
import { RETENTION_MS } from './retention.js';
import type { Tables, Write } from './tables.js';

/** The part that this ciphertext was, whatever message id it came with. */
export function findPart(tables: Tables, connectionId: string, sha256: Uint8Array): PartRecord | null {
  const stored = tables.parts.get(ownedKey(connectionId, sha256));
  return stored === null ? null : { connectionId, sha256, ...stored };
}

export function partWrite(tables: Tables, part: PartRecord): Write {
  const { plaintext, at } = part;
  return tables.parts.put(ownedKey(part.connectionId, part.sha256), { plaintext, at }, at + RETENTION_MS.parts);
}

/**
 * The rows exist: the plaintexts may go, the hashes stay so that a redelivery is recognised. A part that could not be
 * decrypted is none to recognise: it may come again, and be readable then.
 */
export function forgetPlaintexts(tables: Tables, entry: LogEntry): Write[] {
  if (entry.kind !== 'stanza') return [];
  const { connectionId, at } = entry;
  const decrypted = entry.parts.filter(({ plaintext }) => plaintext !== null);
  return decrypted.map(({ sha256 }) => partWrite(tables, { connectionId, sha256, plaintext: null, at }));
}
