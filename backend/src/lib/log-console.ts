import { fstatSync, writeSync } from 'node:fs';
import type { LogSink, SinkNews } from './log-sink.js';

/** What a reader may be behind, in bytes. */
const MAX_BEHIND = 512 * 1024;
const RETRY_MS = 10_000;
const CLOSE_DEADLINE_MS = 500;

/**
 * Standard output as a place for log lines. Whoever reads it may go away (`node dist/main.js | head`), stop reading
 * (a terminal after Ctrl-S, a container engine that hangs) or be a file on a full disk: lines are left out then.
 */
export class LogConsole implements LogSink {
  readonly name = 'console';
  readonly #stream = process.stdout;
  /** A file is written without the stream: Node closes the stream for good at the first failure. */
  readonly #isFile = isFile(process.stdout.fd);
  #state: 'open' | 'failing' | 'gone' = 'open';
  #lost = 0;
  #retryAt = 0;

  constructor(private readonly news: SinkNews) {
    // Node writes to a terminal synchronously: one that was stopped with Ctrl-S would stop the event loop.
    const { _handle: handle } = this.#stream as { _handle?: { setBlocking?: (on: boolean) => void } };
    if (this.#stream.isTTY) handle?.setBlocking?.(false);
    this.#stream.on('error', this.#onError);
    this.#stream.on('drain', this.#onDrain);
  }

  write(line: string): void {
    if (this.#state === 'gone') return;
    if (this.#isFile) this.#writeFile(line);
    else this.#writeStream(line);
  }

  async close(): Promise<void> {
    const wasGone = this.#state === 'gone';
    this.#state = 'gone';
    if (!wasGone && this.#stream.writableLength > 0) await this.#drained();
    this.#stream.off('error', this.#onError);
    this.#stream.off('drain', this.#onDrain);
  }

  #writeStream(line: string): void {
    if (this.#stream.writableLength > MAX_BEHIND) this.#leaveOut(new Error('nobody reads the output'));
    if (this.#state === 'failing') this.#lost += 1;
    else this.#stream.write(`${line}\n`);
  }

  #writeFile(line: string): void {
    if (this.#state === 'failing' && performance.now() < this.#retryAt) {
      this.#lost += 1;
      return;
    }
    try {
      writeSync(this.#stream.fd, `${line}\n`);
      if (this.#state === 'failing') this.#recover();
    } catch (error) {
      this.#retryAt = performance.now() + RETRY_MS;
      this.#lost += 1;
      this.#leaveOut(error);
    }
  }

  #leaveOut(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'failing';
    this.news.failed(this, error);
  }

  #recover(): void {
    const lost = this.#lost;
    this.#lost = 0;
    this.#state = 'open';
    this.news.recovered(this, lost);
  }

  #onDrain = (): void => {
    if (this.#state === 'failing') this.#recover();
  };

  /** A closed pipe does not come back. */
  #onError = (error: unknown): void => {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.news.failed(this, error);
  };

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(resolve, CLOSE_DEADLINE_MS);
      const done = () => {
        clearTimeout(late);
        resolve();
      };
      this.#stream.once('drain', done);
      this.#stream.once('error', done);
    });
  }
}

/** A file, or a device that is no terminal (`/dev/null`, `/dev/full`): what Node writes to synchronously. */
function isFile(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFile() || (stat.isCharacterDevice() && !process.stdout.isTTY);
  } catch {
    return false;
  }
}
