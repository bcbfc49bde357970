import { open } from 'node:fs/promises';
import { extname } from 'node:path';

/** A file's type, as its bytes say. */
export interface FileKind {
  /** MIME type. */
  type: string;
  /** Without the dot. */
  extension: string;
}

/** What others say of a file; believed only where its bytes say nothing against it. */
export interface FileClaims {
  name: string | null;
  /** MIME type. */
  type?: string | null | undefined;
}

const HEAD_BYTES = 4096;
const UNKNOWN: FileKind = { type: 'application/octet-stream', extension: 'bin' };

/** Texts have no signature: among these the name may choose, since none of them runs when it is opened. */
const TEXTS: Record<string, string> = {
  txt: 'text/plain',
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  json: 'application/json',
  vcf: 'text/vcard',
  ics: 'text/calendar',
  md: 'text/markdown',
};
/** Other names of the same types, as programs declare them. */
const ALIASES: Record<string, string> = {
  'application/csv': 'csv',
  'text/comma-separated-values': 'csv',
  'text/json': 'json',
  'text/x-vcard': 'vcf',
  'text/x-markdown': 'md',
};
/** One signature for all documents of the old Office. */
const OLD_OFFICE: Record<string, string> = {
  doc: 'application/msword',
  xls: 'application/vnd.ms-excel',
  ppt: 'application/vnd.ms-powerpoint',
  msg: 'application/vnd.ms-outlook',
};

/**
 * Types that are never believed without a signature: what browsers run, and what every program knows by its signature
 * (a picture, sound or film without one is none).
 */
const NEVER_DECLARED =
  /^(image|audio|video|font|multipart|message|model)\/|html|xml|svg|script|octet-stream|x-msdownload|x-sh\b/;
const DECLARABLE = /^(text|application)\/[a-z0-9][a-z0-9.+-]{0,100}$/;

/** Looks at the bytes first; a declared type counts only where they have no signature and do not contradict it. */
export async function sniff(file: string, { name, type: declared }: FileClaims): Promise<FileKind> {
  // A tenth of a second to load: at the first file, not at every start.
  const { fileTypeFromFile, supportedMimeTypes } = await import('file-type');
  const head = await headOf(file);
  // Its mark is also how a frame of MPEG sound begins.
  const found = isUtf16(head) ? undefined : await fileTypeFromFile(file);
  const claimed = extname(name ?? '')
    .slice(1)
    .toLowerCase();
  const type = declared?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (found?.mime === 'application/x-cfb') return ofTable(OLD_OFFICE, claimed, type) ?? kindOf(found);
  if (found) return kindOf(found);
  const isText = looksLikeText(head);
  if (isText) {
    const byName = ofTable(TEXTS, claimed, ALIASES[type] ? TEXTS[ALIASES[type]]! : type);
    if (byName) return byName;
  }
  // A type that has a signature would have been found.
  const isBelieved = DECLARABLE.test(type) && !NEVER_DECLARED.test(type) && !supportedMimeTypes.has(type);
  const isContradicted = type.startsWith('text/') && !isText;
  if (isBelieved && !isContradicted) return { type, extension: isText ? 'txt' : 'bin' };
  return isText ? { type: 'text/plain', extension: 'txt' } : UNKNOWN;
}

function kindOf({ mime, ext }: { mime: string; ext: string }): FileKind {
  return { type: mime, extension: ext };
}

/** The row of a table that the name chooses, else the one that the declared type chooses. */
function ofTable(table: Record<string, string>, extension: string, type: string): FileKind | null {
  if (Object.hasOwn(table, extension)) return { type: table[extension]!, extension };
  const row = Object.entries(table).find(([, each]) => each === type);
  return row ? { type, extension: row[0] } : null;
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** UTF-8, UTF-16, or an alphabet of one byte a character: those have no control characters. */
function looksLikeText(head: Buffer): boolean {
  if (head.length === 0) return false;
  if (isUtf16(head)) return true;
  if (head.includes(0)) return false;
  return isUtf8(head) || head.every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

/** Begins with the mark, and most of its characters are of the first 256, as in texts of our alphabet. */
function isUtf16(head: Buffer): boolean {
  const mark = head.toString('hex', 0, 2);
  if (mark !== 'fffe' && mark !== 'feff') return false;
  const high = mark === 'fffe' ? 1 : 0;
  const zeros = head.filter((byte, at) => at % 2 === high && byte === 0).length;
  return zeros * 4 >= head.length - 2;
}

function isUtf8(bytes: Buffer): boolean {
  try {
    // `stream`: a character may be cut at the end.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
