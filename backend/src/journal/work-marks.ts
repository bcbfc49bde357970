import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalContext } from './context.js';
import { seqKey } from './record-keys.js';

/** Beside the data file. */
export const MARKS_FILE = 'work.marks';
const SLOT_BYTES = 64;
const SLOTS = 64;
/** Under it lies, in `meta`: key of the work → how often the process has died in it. */
const DEATHS_KEY = Buffer.from('deaths');
const ENTRY = /^(?:entry|rows):(\d+)$/;

/**
 * What this process is working on right now, written down where the next process finds it: work that the last one did not
 * live to end is counted, and whoever is about to begin it again can ask how often that has happened.
 *
 * A mark is one `pwrite` of 64 bytes into a file that is never flushed: it costs some µs instead of a commit, and the
 * kernel keeps it when the process is killed, runs out of memory or is ended by a watchdog because its loop stands still.
 * Power loss may lose it, but no entry is the cause of that. The counts are in the journal, durably.
 */
export class WorkMarks {
  readonly #free = Array.from({ length: SLOTS }, (_, slot) => slot);
  readonly #buffer = Buffer.alloc(SLOT_BYTES);
  #fd: number | null;

  private constructor(
    private readonly context: JournalContext,
    fd: number | null,
    private readonly counts: Map<string, number>,
  ) {
    this.#fd = fd;
  }

  /** Counts what the last process left unfinished. Without a place for the marks nothing is marked, and that is logged. */
  static async open(context: JournalContext): Promise<WorkMarks> {
    const { dir, tables, log } = context;
    const stored = (tables.meta.get(DEATHS_KEY) as Record<string, number> | null) ?? {};
    const counts = new Map(Object.entries(stored).filter(([key]) => isThere(context, key)));
    const path = join(dir, MARKS_FILE);
    const left = readMarks(path);
    for (const key of left) counts.set(key, (counts.get(key) ?? 0) + 1);
    if (left.length > 0) log.warn('the last process ended in the middle of work', { works: left });
    let fd: number | null = null;
    try {
      fd = openSync(path, 'a+', 0o600);
      closeSync(fd);
      fd = openSync(path, 'r+');
    } catch (error) {
      log.warn('work is not marked: an entry that ends the process again and again would not be set aside', { error });
    }
    const marks = new WorkMarks(context, fd, counts);
    if (left.length > 0 || counts.size !== Object.keys(stored).length) await marks.#remember('now');
    // Only now: a count that did not reach the disk is made again from the marks.
    if (fd !== null) marks.#clear(fd);
    return marks;
  }

  /** How often the process died while it worked on `key`. */
  deaths(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  /** Marks the beginning of a piece of work. @param key at most 64 bytes, nothing secret @returns marks its end */
  begin(key: string): () => void {
    const slot = this.#free.pop();
    if (slot === undefined) return () => undefined;
    this.#write(slot, key);
    return () => {
      this.#write(slot, '');
      this.#free.push(slot);
      if (this.counts.size > 0) this.forget(key);
    };
  }

  /** Work that has ended well, or that a person wants to have tried again, counts from nought. */
  forget(...keys: string[]): void {
    const forgotten = keys.filter((key) => this.counts.delete(key));
    if (forgotten.length > 0) void this.#remember('soon');
  }

  /** An orderly end is no death, whatever was under way. Can be called twice. */
  close(): void {
    if (this.#fd === null) return;
    this.#clear(this.#fd);
    closeSync(this.#fd);
    this.#fd = null;
  }

  #write(slot: number, key: string): void {
    if (this.#fd === null) return;
    this.#buffer.fill(0);
    this.#buffer.write(key, 'latin1');
    try {
      writeSync(this.#fd, this.#buffer, 0, SLOT_BYTES, slot * SLOT_BYTES);
    } catch {
      // A full disk: the work itself is more important than its mark.
    }
  }

  #clear(fd: number): void {
    try {
      ftruncateSync(fd, 0);
      writeSync(fd, Buffer.alloc(SLOT_BYTES * SLOTS), 0, SLOT_BYTES * SLOTS, 0);
    } catch (error) {
      this.context.log.warn('work marks not cleared', { error });
    }
  }

  async #remember(urgency: 'now' | 'soon'): Promise<void> {
    const { tables, writer, log } = this.context;
    try {
      await writer.write([tables.meta.put(DEATHS_KEY, Object.fromEntries(this.counts))], urgency);
    } catch (error) {
      log.warn('deaths in the middle of work not counted durably', { error });
    }
  }
}

/** The key of other work: its kind, and what it is about as a digest, since ids may be numbers. */
export function workKey(kind: 'history' | 'replay', ...about: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of about) hash.update(part).update('\0');
  return `${kind}:${hash.digest('hex').slice(0, 32)}`;
}

/** The keys of work on one entry of the log: reading it, and what follows when its rows exist. */
export function worksOf(seq: number): { reading: string; following: string } {
  return { reading: `entry:${seq}`, following: `rows:${seq}` };
}

function readMarks(path: string): string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    // The first start, or a backup without it.
    return [];
  }
  const marks: string[] = [];
  for (let at = 0; at + SLOT_BYTES <= bytes.length && marks.length < SLOTS; at += SLOT_BYTES) {
    const slot = bytes.subarray(at, at + SLOT_BYTES);
    const end = slot.indexOf(0);
    const key = slot.toString('latin1', 0, end < 0 ? SLOT_BYTES : end);
    if (key !== '') marks.push(key);
  }
  return marks;
}

/** Entries that have become rows meanwhile need no count any more; of other work only its end tells. */
function isThere({ tables }: JournalContext, key: string): boolean {
  const seq = ENTRY.exec(key)?.[1];
  if (seq === undefined) return true;
  const at = seqKey(Number(seq));
  return tables.log.getRaw(at) !== undefined || tables.dead.getRaw(at) !== undefined;
}
