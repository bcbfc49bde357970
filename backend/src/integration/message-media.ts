import type { Readable } from 'node:stream';
import { ERRORS, GatewayError, type ErrorCode } from '../lib/errors.js';
import type { ByteRange, MediaStore } from '../media/media-store.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { Row, Scope } from './resources.js';

export interface MessageMediaDeps {
  database: Pick<SupabaseWhatsAppService, 'getMensagem'>;
  store: MediaStore;
  /** Has a file fetched that was not until now. @returns whether there is something to fetch */
  fetchLater(row: Row): Promise<boolean>;
}

/** The file of a message, open for reading. */
export interface OpenMedia {
  stream: Readable;
  /** Of the whole file. */
  size: number;
  type: string;
  /** What a person would call it; with an extension. */
  name: string;
  /** The part that `stream` yields; null = all of it. */
  range: ByteRange | null;
}

/**
 * Looks whether the caller may see the message, then opens its file; nothing else decides, so a link never outlives a right.
 * @param range the `Range` header
 * @throws GatewayError `MESSAGE_NOT_FOUND`, `MEDIA_NOT_FOUND`, `MEDIA_PENDING`, `MEDIA_EXPIRED` (or why else there is none),
 * `RANGE_NOT_SATISFIABLE`, `DATABASE_UNAVAILABLE`, `MEDIA_STORE_FAILED`
 */
export async function openMessageMedia(
  deps: MessageMediaDeps,
  messageId: string,
  range: string | undefined,
  scope: Scope | null,
): Promise<OpenMedia> {
  const row = await deps.database.getMensagem(messageId, scope);
  if (!row) throw new GatewayError('MESSAGE_NOT_FOUND');
  const path = row['midia_caminho'];
  if (typeof path !== 'string') {
    const reason = whyNone(row);
    // The history's files are fetched when somebody asks for the first time.
    if (reason.code === 'MEDIA_PENDING') await deps.fetchLater(row);
    throw reason;
  }
  const size = Number(row['midia_tamanho']);
  const part = parseRange(range, size);
  const stream = await deps.store.open(path, part ?? undefined);
  const type = typeof row['midia_tipo'] === 'string' ? row['midia_tipo'] : 'application/octet-stream';
  return { stream, size, type, name: nameOf(row, path), range: part };
}

function nameOf(row: Row, path: string): string {
  const name = row['midia_nome'];
  return typeof name === 'string' && name !== '' ? name : path.slice(path.lastIndexOf('/') + 1);
}

function whyNone(row: Row): GatewayError {
  const midia = (row['dados'] as { midia?: { erro?: string } } | null)?.midia;
  if (!midia) return new GatewayError('MEDIA_NOT_FOUND');
  if (midia.erro === undefined) return new GatewayError('MEDIA_PENDING');
  return new GatewayError(midia.erro in ERRORS ? (midia.erro as ErrorCode) : 'MEDIA_NOT_FOUND');
}

/** One range as RFC 9110 (14.1.2) has it; several, or another unit, are answered with the whole file. */
function parseRange(header: string | undefined, size: number): ByteRange | null {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return null;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start > end) throw new GatewayError('RANGE_NOT_SATISFIABLE', undefined, { details: { size } });
  return { start, end };
}
