import type { Readable } from 'node:stream';
import { ERRORS, GatewayError, type ErrorCode } from '../lib/errors.js';
import { safeFileName } from '../lib/file-name.js';
import type { ByteRange, MediaStore } from '../media/media-store.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { Row, Scope } from './resources.js';

export interface MessageMediaDeps {
  database: Pick<SupabaseWhatsAppService, 'getMensagem'>;
  store: MediaStore;
}

/** A message's file as its row tells of it. */
export interface MediaFacts {
  /** In the media store. */
  path: string;
  size: number;
  /** MIME type, sniffed when the file came. */
  type: string;
  /** What a person would call it; with an extension. */
  name: string;
}

/** The file of a message, open for reading. */
export interface OpenMedia extends Omit<MediaFacts, 'path'> {
  stream: Readable;
  /** The part that `stream` yields; null = all of it. */
  range: ByteRange | null;
}

/**
 * Looks whether the caller may see the message, and where its file is.
 * @throws GatewayError `MESSAGE_NOT_FOUND`, `MEDIA_NOT_FOUND`, `MEDIA_PENDING`, `MEDIA_EXPIRED` (or why else there is none),
 * `DATABASE_UNAVAILABLE`
 */
export async function findMedia(
  { database }: Pick<MessageMediaDeps, 'database'>,
  messageId: string,
  scope: Scope | null,
): Promise<MediaFacts> {
  const row = await database.getMensagem(messageId, scope);
  if (!row) throw new GatewayError('MESSAGE_NOT_FOUND');
  const path = row['midia_caminho'];
  if (typeof path !== 'string') throw whyNone(row);
  const type = typeof row['midia_tipo'] === 'string' ? row['midia_tipo'] : 'application/octet-stream';
  return { path, size: Number(row['midia_tamanho']), type, name: nameOf(row, path) };
}

/**
 * Opens the file of a message that the caller may see.
 * @param range the `Range` header
 * @throws GatewayError like `findMedia`, and `RANGE_NOT_SATISFIABLE`, `MEDIA_STORE_FAILED`
 */
export async function openMessageMedia(
  deps: MessageMediaDeps,
  messageId: string,
  range: string | undefined,
  scope: Scope | null,
): Promise<OpenMedia> {
  const { path, ...facts } = await findMedia(deps, messageId, scope);
  const part = parseRange(range, facts.size);
  const stream = await deps.store.open(path, part ?? undefined);
  return { stream, ...facts, range: part };
}

function nameOf(row: Row, path: string): string {
  const name = row['midia_nome'];
  // Other programs may write the row.
  const safe = typeof name === 'string' ? safeFileName(name) : null;
  return safe ?? path.slice(path.lastIndexOf('/') + 1);
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
