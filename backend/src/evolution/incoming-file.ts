import type { MediaIntake } from '../media/media-intake.js';

type Json = Record<string, unknown>;

/** An item without the file that came inside it, and where the file is now. */
export interface UnpackedItem {
  item: unknown;
  /** Name among the staged files. */
  file: string | null;
  /** Where the server keeps it, when it did not come along. */
  mediaUrl: string | null;
}

const MAX_URL = 2_048;

/**
 * Takes the file out of a message whose server sends it along (`base64: true`), to the disk, durably: the log is for what
 * becomes rows. A file that is too large or empty is left out; the message still says where WhatsApp has it.
 */
export async function unpackFile(item: unknown, intake: Pick<MediaIntake, 'fromBytes'>): Promise<UnpackedItem> {
  const outer = asObject(item);
  const message = asObject(outer?.['message']);
  const found = message?.['base64'] ?? outer?.['base64'];
  const mediaUrl = urlOf(message?.['mediaUrl'] ?? outer?.['mediaUrl']);
  if (!outer || typeof found !== 'string') return { item, file: null, mediaUrl };
  const { base64: _outer, ...rest } = outer;
  const { base64: _inner, ...plain } = message ?? {};
  const staged = await stage(found, intake);
  return { item: message ? { ...rest, message: plain } : rest, file: staged, mediaUrl };
}

async function stage(base64: string, intake: Pick<MediaIntake, 'fromBytes'>): Promise<string | null> {
  const bytes = Buffer.from(base64.slice(base64.startsWith('data:') ? base64.indexOf(',') + 1 : 0), 'base64');
  if (bytes.length === 0) return null;
  try {
    return (await intake.fromBytes(bytes, { name: null })).file;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'MEDIA_TOO_LARGE') return null;
    throw error;
  }
}

function urlOf(value: unknown): string | null {
  const isUrl = typeof value === 'string' && value.length <= MAX_URL && /^https?:\/\/[\x21-\x7e]+$/.test(value);
  return isUrl && URL.canParse(value) ? value : null;
}

function asObject(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}
