import { copyFile, lstat, mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogSink, SinkNews } from './log-sink.js';

/** Files that are kept beside the current one. */
const KEPT = 14;
/** Lines that wait for the disk, in bytes; more are left out. */
const MAX_WAITING = 4 * 1024 * 1024;
/** A file that was moved or deleted under us is noticed so soon. */
const LOOK_EVERY_MS = 1_000;
const MAX_RETRY_MS = 300_000;

/** What a test wants smaller. */
export interface LogFileLimits {
  /** Size at which a file is rotated. */
  maxBytes: number;
  /** Until a file that failed is tried again; doubles up to 5 min. */
  retryMs: number;
}
const LIMITS: LogFileLimits = { maxBytes: 20 * 1024 * 1024, retryMs: 10_000 };

/**
 * One log file under a fixed name (`combined.log`). Each day, and at 20 MB, its content is copied to a dated file and
 * the file itself goes on empty, so that `tail -f` goes on; 14 dated ones are kept. A disk that is full, read-only or
 * gone must not stop or slow the gateway: lines are left out, and the file is tried again later.
 */
export class LogFile implements LogSink {
  #file: FileHandle | null = null;
  #inode: bigint | null = null;
  #size = 0;
  #day = '';
  #waiting: string[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | null = null;
  #lookedAt = 0;
  #failures = 0;
  #retryAt = 0;
  #lost = 0;
  /** The last write ended in the middle of a line. */
  #isTorn = false;
  #isClosed = false;

  constructor(
    readonly name: string,
    private readonly dir: string,
    private readonly news: SinkNews,
    private readonly limits = LIMITS,
  ) {
    // Made now, so that whoever follows the file finds it.
    this.#writing = this.#run();
  }

  write(line: string): void {
    if (this.#isClosed) return;
    if (this.#waitingBytes > MAX_WAITING || performance.now() < this.#retryAt) {
      this.#lost += 1;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#writing ??= this.#run();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#letGo();
  }

  get #path(): string {
    return join(this.dir, `${this.name}.log`);
  }

  async #run(): Promise<void> {
    // The lines of one turn of the event loop become one write.
    await Promise.resolve();
    do {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        await this.#append(lines);
        this.#succeeded();
      } catch (error) {
        await this.#failed(error, lines.length);
      }
    } while (this.#waiting.length > 0);
    this.#writing = null;
  }

  async #append(lines: string[]): Promise<void> {
    await this.#look();
    this.#file ??= await this.#open();
    if (lines.length === 0) return;
    const bytes = Buffer.from(`${this.#isTorn ? '\n' : ''}${lines.join('\n')}\n`);
    if (this.#size > 0 && (this.#size + bytes.length > this.limits.maxBytes || this.#day !== dayOf(new Date())))
      await this.#rotate(this.#file);
    this.#isTorn = true;
    await this.#file.appendFile(bytes);
    this.#isTorn = false;
    this.#size += bytes.length;
  }

  /** Another program (or person) may have moved the file or its folder: what we have open is then read by nobody. */
  async #look(): Promise<void> {
    if (!this.#file || performance.now() < this.#lookedAt + LOOK_EVERY_MS) return;
    this.#lookedAt = performance.now();
    const found = await stat(this.#path, { bigint: true }).catch(() => null);
    if (found?.ino !== this.#inode) await this.#letGo();
    // Emptied by another program (`> combined.log`, logrotate's copytruncate).
    else this.#size = Number(found?.size ?? 0n);
  }

  async #open(): Promise<FileHandle> {
    await mkdir(this.dir, { recursive: true });
    // Earlier versions had a link to the newest dated file here.
    const found = await lstat(this.#path).catch(() => null);
    if (found?.isSymbolicLink()) await rm(this.#path);
    const file = await open(this.#path, 'a', 0o600);
    const { ino, size, mtime } = await file.stat({ bigint: true });
    this.#inode = ino;
    this.#size = Number(size);
    this.#day = dayOf(size > 0n ? mtime : new Date());
    this.#lookedAt = performance.now();
    await rm(join(this.dir, `.${this.name}-audit.json`), { force: true });
    return file;
  }

  /** Copies and empties, rather than renames: the current file stays the same file. */
  async #rotate(file: FileHandle): Promise<void> {
    try {
      await this.#copy();
    } catch (error) {
      // No room for the copy: the file may grow to twice its size, then its content is given up.
      if (this.#size < 2 * this.limits.maxBytes) return;
      this.news.failed(this, error);
    }
    await file.truncate(0);
    this.#size = 0;
    this.#day = dayOf(new Date());
    await this.#removeOld().catch(() => undefined);
  }

  async #copy(): Promise<void> {
    const target = await this.#freeName();
    try {
      await copyFile(this.#path, target);
    } catch (error) {
      await rm(target, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  async #freeName(): Promise<string> {
    const taken = new Set(await readdir(this.dir));
    const stem = `${this.name}-${this.#day}`;
    let name = `${stem}.log`;
    for (let n = 1; taken.has(name); n++) name = `${stem}.${n}.log`;
    return join(this.dir, name);
  }

  async #removeOld(): Promise<void> {
    const dated = (await readdir(this.dir)).filter((file) => file.startsWith(`${this.name}-`) && /\.log/.test(file));
    const aged = await Promise.all(
      dated.map(async (file) => ({ file, at: (await stat(join(this.dir, file))).mtimeMs })),
    );
    aged.sort((a, b) => b.at - a.at);
    for (const { file } of aged.slice(KEPT)) await rm(join(this.dir, file), { force: true });
  }

  #succeeded(): void {
    if (this.#failures === 0 && this.#lost === 0) return;
    const lost = this.#lost;
    this.#failures = 0;
    this.#lost = 0;
    this.news.recovered(this, lost);
  }

  async #failed(error: unknown, lines: number): Promise<void> {
    this.#lost += lines;
    this.#retryAt = performance.now() + Math.min(this.limits.retryMs * 2 ** this.#failures, MAX_RETRY_MS);
    this.#failures += 1;
    await this.#letGo();
    if (this.#failures === 1) this.news.failed(this, error);
  }

  async #letGo(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => undefined);
  }
}

/** The local day, as in the names of the dated files. */
function dayOf(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
