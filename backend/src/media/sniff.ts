import { open } from 'node:fs/promises';
import { extname } from 'node:path';

/** What a file is, as its bytes say. */
export interface FileKind {
  /** MIME type. */
  type: string;
  /** Without the dot. */
  extension: string;
}

const HEAD_BYTES = 4096;

/** Texts have no signature: among these the name may choose, since none of them runs when it is opened. */
const TEXTS: Record<string, string> = {
  txt: 'text/plain',
  csv: 'text/csv',
  json: 'application/json',
  vcf: 'text/vcard',
  ics: 'text/calendar',
  md: 'text/markdown',
};

/** Looks at the bytes; what the sender claims is not believed. @param name of the file, for texts only */
export async function sniff(file: string, name: string | null): Promise<FileKind> {
  // A tenth of a second to load: at the first file, not at every start.
  const { fileTypeFromFile } = await import('file-type');
  const found = await fileTypeFromFile(file);
  if (found) return { type: found.mime, extension: found.ext };
  if (!(await looksLikeText(file))) return { type: 'application/octet-stream', extension: 'bin' };
  const claimed = extname(name ?? '')
    .slice(1)
    .toLowerCase();
  const extension = Object.hasOwn(TEXTS, claimed) ? claimed : 'txt';
  return { type: TEXTS[extension]!, extension };
}

async function looksLikeText(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    if (bytesRead === 0) return false;
    // `stream`: a character may be cut at the end.
    new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead), { stream: true });
    return !buffer.subarray(0, bytesRead).includes(0);
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}
