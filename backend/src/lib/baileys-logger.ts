import { systemClock, type Clock } from './clock.js';
import type { Log, LogMeta } from './log.js';

/** The part of pino that Baileys calls (`ILogger` of its `lib/Utils/logger`). */
export interface PinoLike {
  level: string;
  child(bindings: Record<string, unknown>): PinoLike;
  trace(value: unknown, message?: string): void;
  debug(value: unknown, message?: string): void;
  info(value: unknown, message?: string): void;
  warn(value: unknown, message?: string): void;
  error(value: unknown, message?: string): void;
}

const WINDOW_MS = 60_000;
const MAX_TEXTS = 500;

/** Scalars that say which message or stanza it was, and never what it said or who wrote it. */
const IDS = [
  'id',
  'msgId',
  'messageId',
  'class',
  'type',
  'tag',
  'code',
  'statusCode',
  'attempts',
  'retryCount',
  'count',
];

/**
 * The logger that Baileys gets: its warnings and errors reach our log with the error's text and the ids alone, since
 * it logs whole nodes and messages. A flood of one text ("Bad MAC", one line a message) is cut to `perMinute` lines,
 * the rest is counted and told when the minute is over.
 */
export function baileysLogger(log: Log, options: { perMinute?: number; clock?: Clock } = {}): PinoLike {
  const brake = new Brake(log, options.perMinute ?? 10, options.clock ?? systemClock);
  const quiet = () => undefined;
  const write = (level: 'warn' | 'error') => (value: unknown, message?: string) => {
    const text = withoutNumbers(message ?? (typeof value === 'string' ? value : 'baileys'));
    if (brake.lets(text)) log[level](text, { source: 'baileys', ...idsOf(value) });
  };
  const logger: PinoLike = {
    level: 'warn',
    child: () => logger,
    trace: quiet,
    debug: quiet,
    info: quiet,
    warn: write('warn'),
    error: write('error'),
  };
  return logger;
}

/** Counts lines per text; one timer per text that was cut, until its minute is over. */
class Brake {
  readonly #windows = new Map<string, { endsAt: number; seen: number }>();

  constructor(
    private readonly log: Log,
    private readonly perMinute: number,
    private readonly clock: Clock,
  ) {}

  lets(text: string): boolean {
    const now = this.clock.now();
    let window = this.#windows.get(text);
    if (!window || window.endsAt <= now) {
      if (this.#windows.size >= MAX_TEXTS) this.#windows.clear();
      window = { endsAt: now + WINDOW_MS, seen: 0 };
      this.#windows.set(text, window);
    }
    window.seen += 1;
    if (window.seen === this.perMinute + 1) this.#tellLater(text, window);
    return window.seen <= this.perMinute;
  }

  #tellLater(text: string, window: { endsAt: number; seen: number }): void {
    this.clock.after(window.endsAt - this.clock.now(), () =>
      this.log.warn('lines were left out of the log', {
        source: 'baileys',
        line: text,
        leftOut: window.seen - this.perMinute,
      }),
    );
  }
}

/** Some texts have an address in them ("… sender-key: 5511999999999.0"); without it they are also one text again. */
function withoutNumbers(text: string): string {
  return text.slice(0, 300).replace(/\d{6,}/g, '#');
}

function idsOf(value: unknown): LogMeta {
  if (typeof value !== 'object' || value === null) return {};
  if (value instanceof Error) return { error: withoutNumbers(value.message) };
  const record = value as Record<string, unknown>;
  const key = record['key'] ?? (record['node'] as { attrs?: unknown } | undefined)?.attrs ?? record['attrs'];
  const error = record['err'] ?? record['error'];
  return {
    ...scalars(key),
    ...scalars(record),
    ...(error instanceof Error ? { error: withoutNumbers(error.message) } : {}),
  };
}

function scalars(value: unknown): LogMeta {
  if (typeof value !== 'object' || value === null) return {};
  const record = value as Record<string, unknown>;
  const found = IDS.filter((id) => ['string', 'number'].includes(typeof record[id]));
  return Object.fromEntries(found.map((id) => [id, record[id]]));
}
