import { createLogger, format, type Logger } from 'winston';
import Transport from 'winston-transport';
import { withDeadline } from './deadline.js';
import type { Log, LogMeta } from './log.js';
import { LogConsole } from './log-console.js';
import { LogFile, type LogFileLimits } from './log-file.js';
import type { LogSink, SinkNews } from './log-sink.js';
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
 * `{ time, level, message, … }`. With `console` the same lines go readable to standard output. A sink that fails is
 * reported once to the others and never stops the caller.
 */
export function createLog(options: {
  dir: string;
  level: Level;
  console: boolean;
  /** Smaller ones in tests. */
  files?: LogFileLimits;
}): ClosableLog {
  const logger = createLogger({
    level: options.level,
    format: format.json({ deterministic: false }),
    exitOnError: false,
  });
  const sinks: { sink: LogSink; transport: SinkTransport }[] = [];
  const tell = (level: Level, message: string, meta: LogMeta, except?: LogSink) => {
    const info = { time: new Date().toISOString(), level, message, ...redact(meta, level) };
    for (const { sink, transport } of sinks) if (sink !== except) transport.pass(info);
  };
  const news: SinkNews = {
    failed: (sink, error) => tell('error', 'log lines are left out', { sink: sink.name, error }, sink),
    recovered: (sink, lost) => tell('warn', 'log lines are written again', { sink: sink.name, lost }),
  };
  const add = (sink: LogSink, level: Level, render: Render) => {
    const transport = new SinkTransport(sink, level, render);
    sinks.push({ sink, transport });
    logger.add(transport);
  };
  const asJson: Render = (info) => JSON.stringify(info);
  add(new LogFile('combined', options.dir, news, options.files), options.level, asJson);
  add(new LogFile('error', options.dir, news, options.files), 'error', asJson);
  if (options.console) add(new LogConsole(news), options.level, readable);
  const shared = { logger, sinks: sinks.map(({ sink }) => sink), level: options.level };
  return new WinstonLog({ ...shared, bindings: {}, state: { closed: null } });
}

type Render = (info: Record<string, unknown>) => string;

/** Hands lines over at once: a sink never makes the logger wait. */
class SinkTransport extends Transport {
  constructor(
    private readonly sink: LogSink,
    private readonly least: Level,
    private readonly render: Render,
  ) {
    super({ level: least });
  }

  override log(info: Record<string | symbol, unknown>, next: () => void): void {
    this.sink.write(this.render(info));
    next();
  }

  /** A line that does not come through the logger: news of another sink. */
  pass(info: Record<string, unknown>): void {
    if (RANK[info['level'] as Level] <= RANK[this.least]) this.sink.write(this.render(info));
  }
}

interface Shared {
  logger: Logger;
  sinks: LogSink[];
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
    const written = Promise.all(this.shared.sinks.map((sink) => sink.close()));
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
const readable: Render = (info) => {
  const { time, level, message, error, ...meta } = info;
  const pairs = Object.entries(meta).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const stack = (error as { stack?: string } | undefined)?.stack ?? '';
  const line = [String(time).slice(11, 23), String(level).padEnd(5), message, ...pairs].join(' ');
  return stack ? `${line}\n    ${stack.replaceAll('\n', '\n    ')}` : line;
};
