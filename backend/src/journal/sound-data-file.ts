import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { listEssentialCopies } from './essential-copies.js';
import { inspectDataFile, type Inspection } from './inspect-data-file.js';
import { hasDiedOpening, isKnown } from './traces.js';
import { tryReading } from './try-reading.js';

/** The way back, at the end of every refusal. */
function wayBack(file: string): string {
  const [newest] = listEssentialCopies(dirname(file));
  const whole = 'npm run restore -- --force --from <backup>';
  const ways =
    newest === undefined
      ? `Restore a backup: ${whole}`
      : `"npm run restore -- --essentials" brings back credentials, keys, connections and webhooks from ${newest}; ` +
        `"${whole}" a whole backup`;
  return `${ways}. What is there now is put aside, not deleted`;
}

/**
 * Makes sure that LMDB may open the file, and that a file that is not there need not be there.
 * @param acceptNew START_WITHOUT_JOURNAL: an empty journal is what the operator wants
 * @returns whether there is a journal; false: a new one begins
 * @throws GatewayError `JOURNAL_DAMAGED`, `JOURNAL_GONE`, naming the file and the way back
 */
export async function assertSoundDataFile(file: string, o: { acceptNew: boolean; log: Log }): Promise<boolean> {
  const found = inspect(file);
  if (found.state === 'absent' || found.state === 'empty') {
    if (isKnown(dirname(file)) && !o.acceptNew) throw gone(file, found.state);
    if (found.state === 'empty') rmSync(file);
    return false;
  }
  if (found.state === 'damaged') throw damaged(file, found.why);
  const repaired = found.state === 'oneMeta';
  if (found.state === 'oneMeta') repairMeta(file, found, o.log);
  if (found.state === 'suspect' || repaired || hasDiedOpening(dirname(file))) {
    o.log.warn('the journal is read through before it is opened', { file, state: found.state });
    const why = await tryReading(file);
    if (why !== null) throw damaged(file, found.state === 'suspect' ? `${found.why}, and ${why}` : why);
  }
  return true;
}

/** For whoever only reads it, in a process that must not die of it. @throws GatewayError `JOURNAL_DAMAGED` */
export async function assertReadable(file: string): Promise<void> {
  const found = inspect(file);
  if (found.state === 'absent' || found.state === 'empty') throw damaged(file, 'it has no content');
  if (found.state === 'damaged') throw damaged(file, found.why);
  const why = await tryReading(file);
  if (why !== null) throw damaged(file, why);
}

function inspect(file: string): Inspection | { state: 'absent' } {
  const link = lstatSync(file, { throwIfNoEntry: false });
  if (link === undefined) return { state: 'absent' };
  // What a link leads to nowhere would be made there, by LMDB.
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return { state: 'damaged', why: 'it is a link that leads nowhere' };
  if (!stat.isFile()) return { state: 'damaged', why: stat.isDirectory() ? 'it is a directory' : 'it is no file' };
  const fd = openSync(file, 'r');
  try {
    return inspectDataFile(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * LMDB writes its meta pages in turn, the newer one last and durably: one that is unusable is the one that was being
 * written when the power failed, and its commit was never reported. The other one takes its place; the bytes are kept.
 */
function repairMeta(file: string, { good, pageBytes }: Extract<Inspection, { state: 'oneMeta' }>, log: Log): void {
  const bad = 1 - good;
  const fd = openSync(file, 'r+');
  try {
    const [kept, page] = [Buffer.alloc(pageBytes), Buffer.alloc(pageBytes)];
    readSync(fd, kept, 0, pageBytes, bad * pageBytes);
    readSync(fd, page, 0, pageBytes, good * pageBytes);
    writeFileSync(`${file}.meta-page-${bad}-before-repair`, kept, { mode: 0o600 });
    page.writeBigUInt64LE(BigInt(bad), 0);
    writeSync(fd, page, 0, pageBytes, bad * pageBytes);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  log.error('a meta page of the journal was unusable; the other one took its place', { file, page: bad });
}

function damaged(file: string, why: string): GatewayError {
  return new GatewayError('JOURNAL_DAMAGED', `The journal ${file} is damaged: ${why}. ${wayBack(file)}.`, {
    details: { file, why },
  });
}

function gone(file: string, state: 'absent' | 'empty'): GatewayError {
  const what = state === 'absent' ? 'is gone' : 'is empty';
  return new GatewayError(
    'JOURNAL_GONE',
    `The journal ${file} ${what}, and this data directory had one. ${wayBack(file)}. To begin without it, with every number ` +
      'to be paired again, set START_WITHOUT_JOURNAL=true for one start.',
    { details: { file } },
  );
}
