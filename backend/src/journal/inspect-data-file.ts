import { fstatSync, readSync } from 'node:fs';

/**
 * LMDB maps the data file and trusts what it reads there: a page that is missing or is not what it should be ends the
 * process with SIGBUS or SIGSEGV, and no handler runs. So the file's length, its two meta pages and the roots of its
 * trees are looked at before LMDB sees them (`struct MDB_page`, `MDB_meta` and `MDB_db` in mdb.c, 64-bit little endian).
 */
const PAGE_HEADER_BYTES = 24;
const META_BYTES = 160;
const MAGIC = 0xbeefc0de;
const MAGIC_OF_THE_OTHER_ENDIAN = 0xdec0efbe;
const DATA_VERSION = 2;
const FLAG_BRANCH = 0x01;
const FLAG_LEAF = 0x02;
const FLAG_META = 0x08;
const NODE_SUBDATA = 0x02;
const NODE_HEADER_BYTES = 8;
const NO_PAGE = 0xffffffffffffffffn;
const SMALLEST_PAGE = 512;
const LARGEST_PAGE = 65_536;

/**
 * `empty`: no bytes. `sound`: nothing speaks against it. `suspect`: it may be read to its end, or kill who tries.
 * `oneMeta`: one of the two meta pages is unusable; `good` is the other one's number. `damaged`: LMDB must not see it.
 */
export type Inspection =
  | { state: 'empty' | 'sound' }
  | { state: 'suspect' | 'damaged'; why: string }
  | { state: 'oneMeta'; good: 0 | 1; pageBytes: number };

interface Meta {
  pageBytes: number;
  freeRoot: bigint;
  mainRoot: bigint;
  lastPage: bigint;
  txn: bigint;
}

/** @param fd the data file, open for reading */
export function inspectDataFile(fd: number): Inspection {
  const { size } = fstatSync(fd);
  if (size === 0) return { state: 'empty' };
  const first = readMeta(read(fd, 0, META_BYTES));
  // Where the second one begins is what the first one says, or where there is one.
  const pageBytes = typeof first === 'string' ? findPageBytes(fd, size) : first.pageBytes;
  const second = pageBytes === null ? 'it is unreadable' : readMeta(read(fd, pageBytes, META_BYTES));
  if (typeof first === 'string') {
    return typeof second === 'string'
      ? { state: 'damaged', why: first }
      : { state: 'oneMeta', good: 1, pageBytes: second.pageBytes };
  }
  if (size < 2 * first.pageBytes) return { state: 'damaged', why: `it ends after ${size} bytes` };
  if (typeof second === 'string') return { state: 'oneMeta', good: 0, pageBytes: first.pageBytes };
  return inspectTrees(fd, size, first.txn > second.txn ? first : second);
}

/** @returns what is wrong with it, in words, when it is none */
function readMeta(bytes: Buffer): Meta | string {
  if (bytes.length < META_BYTES) return 'it is too short to be a journal';
  const magic = bytes.readUInt32LE(PAGE_HEADER_BYTES);
  if (magic === MAGIC_OF_THE_OTHER_ENDIAN) return 'it was written on a machine of another architecture';
  const isMeta = (bytes.readUInt16LE(18) & FLAG_META) !== 0;
  if (magic !== MAGIC || !isMeta) return 'its first pages are not those of a journal';
  const version = bytes.readUInt32LE(28);
  if (version !== DATA_VERSION) return `it has the data format ${version}, this gateway reads ${DATA_VERSION}`;
  const pageBytes = bytes.readUInt32LE(48);
  if (!isPageSize(pageBytes)) return `it claims pages of ${pageBytes} bytes`;
  return {
    pageBytes,
    freeRoot: bytes.readBigUInt64LE(88),
    mainRoot: bytes.readBigUInt64LE(136),
    lastPage: bytes.readBigUInt64LE(144),
    txn: bytes.readBigUInt64LE(152),
  };
}

/** With an unusable first page, the second one says how long pages are, wherever it begins. */
function findPageBytes(fd: number, size: number): number | null {
  for (let bytes = SMALLEST_PAGE; bytes <= LARGEST_PAGE && bytes < size; bytes *= 2) {
    const meta = readMeta(read(fd, bytes, META_BYTES));
    if (typeof meta !== 'string' && meta.pageBytes === bytes) return bytes;
  }
  return null;
}

/** The roots of the two trees, the list of named databases, and the root of each of those. */
function inspectTrees(fd: number, size: number, meta: Meta): Inspection {
  // Pages that were allocated and never written may lie behind the end: LMDB does not read them before it writes them.
  if ((meta.lastPage + 1n) * BigInt(meta.pageBytes) > BigInt(size)) {
    return { state: 'suspect', why: `it ends after ${size} bytes, in the middle of its pages` };
  }
  const main = readPage(fd, meta, meta.mainRoot);
  const roots = [meta.freeRoot, ...(main === null ? [] : subRoots(main))];
  const isWhole = main !== null || meta.mainRoot === NO_PAGE;
  if (isWhole && roots.every((root) => root === NO_PAGE || readPage(fd, meta, root) !== null))
    return { state: 'sound' };
  return { state: 'suspect', why: 'a page in it is not what it should be' };
}

/** @returns null when there is none with that number */
function readPage(fd: number, { pageBytes, lastPage }: Meta, number: bigint): Buffer | null {
  if (number > lastPage) return null;
  const page = read(fd, Number(number) * pageBytes, pageBytes);
  if (page.length < pageBytes || page.readBigUInt64LE(0) !== number) return null;
  return (page.readUInt16LE(18) & (FLAG_BRANCH | FLAG_LEAF)) === 0 ? null : page;
}

/** Roots of the databases that a leaf names; none for a branch page, which a few dozen databases do not need. -1 for
 *  what leads out of the page. */
function subRoots(leaf: Buffer): bigint[] {
  if ((leaf.readUInt16LE(18) & FLAG_LEAF) === 0) return [];
  const count = Math.min(leaf.readUInt16LE(20), leaf.length - PAGE_HEADER_BYTES) >> 1;
  const roots: bigint[] = [];
  for (let index = 0; index < count; index++) {
    const node = PAGE_HEADER_BYTES + leaf.readUInt16LE(PAGE_HEADER_BYTES + 2 * index);
    if (node + NODE_HEADER_BYTES > leaf.length) return [-1n];
    if ((leaf.readUInt16LE(node + 4) & NODE_SUBDATA) === 0) continue;
    const root = node + NODE_HEADER_BYTES + leaf.readUInt16LE(node + 6) + 40;
    roots.push(root + 8 > leaf.length ? -1n : leaf.readBigUInt64LE(root));
  }
  return roots;
}

/** What there is of it: shorter at the end of the file. */
function read(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
}

function isPageSize(bytes: number): boolean {
  return bytes >= SMALLEST_PAGE && bytes <= LARGEST_PAGE && (bytes & (bytes - 1)) === 0;
}
