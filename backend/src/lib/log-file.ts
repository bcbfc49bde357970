import DailyRotateFile from 'winston-daily-rotate-file';
import type { Logger } from 'winston';

const RETRY_MS = 10_000;

/**
 * One log file under its plain name (`combined.log`, a link to the newest of the dated files), rotated by day and
 * size, old ones removed. A full disk must not stop the gateway: the file is given up and opened again later.
 */
export class LogFile {
  #transport: DailyRotateFile | null = null;
  #retry: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(
    private readonly deps: {
      logger: Logger;
      dir: string;
      name: string;
      level: string;
      /** Told once per failure; lines are lost until the file can be opened again. */
      onFailure: (file: string, error: unknown) => void;
    },
  ) {
    this.#open();
  }

  #open(): void {
    const { dir, name, level, logger } = this.deps;
    const transport = new DailyRotateFile({
      dirname: dir,
      filename: `${name}-%DATE%.log`,
      datePattern: 'YYYY-MM-DD',
      maxSize: '20m',
      maxFiles: 14,
      level,
      createSymlink: true,
      symlinkName: `${name}.log`,
      // A fixed name: the default one is a hash of the options, and changing them would leave old files for ever.
      auditFile: `${dir}/.${name}-audit.json`,
      options: { flags: 'a', mode: 0o600 },
    });
    transport.logStream.on('error', (error: unknown) => this.#giveUp(transport, error));
    logger.add(transport);
    this.#transport = transport;
  }

  #giveUp(transport: DailyRotateFile, error: unknown): void {
    if (this.#transport !== transport) return;
    this.#transport = null;
    this.deps.logger.remove(transport);
    this.deps.onFailure(this.deps.name, error);
    if (!this.#closed) this.#retry = setTimeout(() => this.#reopen(), RETRY_MS).unref();
  }

  #reopen(): void {
    try {
      this.#open();
    } catch (error) {
      this.deps.onFailure(this.deps.name, error);
      this.#retry = setTimeout(() => this.#reopen(), RETRY_MS).unref();
    }
  }

  /** Resolves when every line is written, or the file has failed. */
  close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    const stream = this.#transport?.logStream;
    if (!stream) return Promise.resolve();
    return new Promise((resolve) => {
      stream.once('error', () => resolve());
      stream.end(() => resolve());
    });
  }
}
