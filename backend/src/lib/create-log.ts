import { createLogger, format, transports, type Logger } from 'winston';
import { withDeadline } from './deadline.js';
import type { Log, LogMeta } from './log.js';
import { LogFile } from './log-file.js';
import { redact } from './redact.js';

/** The log of the whole process. `close` writes out what is buffered (it waits 2 s at most); later lines are dropped. */
export interface ClosableLog extends Log {
  close(): Promise<void>;
}

type Level = 'error' | 'warn' | 'info' | 'debug';
const CLOSE_DEADLINE_MS = 2000;
const RANK: Record<Level, number> = { error: 0, warn: 1, info: 2, debug: 3 };

/**
 * Opens `combined.log` (everything from `level` up) and `error.log` in `dir`, one JSON object a line:
 * `{ time, level, message, … }`. With `console` the same lines go readable to standard output.
 * @throws when `dir` cannot be made
 */
export function createLog(options: {
  dir: string;
  level: Level;
  console: boolean;
  /** Told when a log file cannot be written; by default nobody is. */
  onFailure?: (file: string, error: unknown) => void;
}): ClosableLog {
  const logger = createLogger({
    level: options.level,
    format: format.json({ deterministic: false }),
    exitOnError: false,
  });
  const file = (name: string, level: Level) =>
    new LogFile({ logger, dir: options.dir, name, level, onFailure: options.onFailure ?? (() => undefined) });
  const files = [file('combined', options.level), file('error', 'error')];
  // Silent rather than absent: without any transport winston complains on standard error, line by line.
  logger.add(new transports.Console({ format: readable, level: options.level, silent: !options.console }));
  return new WinstonLog({ logger, files, level: options.level, bindings: {}, state: { closed: null } });
}

interface Shared {
  logger: Logger;
  files: LogFile[];
  level: Level;
  bindings: LogMeta;
  /** One for the log and all its children. */
  state: { closed: Promise<void> | null };
}

class WinstonLog implements ClosableLog {
  constructor(private readonly shared: Shared) {}

  error(message: string, meta?: LogMeta): void {
    this.#write('error', message, meta);
  }
  warn(message: string, meta?: LogMeta): void {
    this.#write('warn', message, meta);
  }
  info(message: string, meta?: LogMeta): void {
    this.#write('info', message, meta);
  }
  debug(message: string, meta?: LogMeta): void {
    this.#write('debug', message, meta);
  }

  child(bindings: LogMeta): Log {
    return new WinstonLog({ ...this.shared, bindings: { ...this.shared.bindings, ...bindings } });
  }

  close(): Promise<void> {
    return (this.shared.state.closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const written = Promise.all(this.shared.files.map((file) => file.close()));
    // There is nowhere left to say that the log could not be closed in time.
    await withDeadline(written, CLOSE_DEADLINE_MS, 'closing the log').catch(() => undefined);
  }

  #write(level: Level, message: string, meta: LogMeta = {}): void {
    if (this.shared.state.closed || RANK[level] > RANK[this.shared.level]) return;
    const clean = redact({ ...this.shared.bindings, ...meta }, level);
    this.shared.logger.write({ time: new Date().toISOString(), ...clean, level, message });
  }
}

/** `12:34:56.789 warn  message  key=value …`, an error's stack below it. */
const readable = format.printf((info) => {
  const { time, level, message, error, ...meta } = info as Record<string, unknown>;
  const pairs = Object.entries(meta).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const stack = (error as { stack?: string } | undefined)?.stack ?? '';
  const line = [String(time).slice(11, 23), String(level).padEnd(5), message, ...pairs].join(' ');
  return stack ? `${line}\n    ${stack.replaceAll('\n', '\n    ')}` : line;
});
