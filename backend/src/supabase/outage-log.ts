import { isGatewayError } from '../lib/errors.js';
import type { Log, LogMeta } from '../lib/log.js';
import { DatabaseFailure } from './database-failure.js';
import type { DatabaseState } from './database-link.js';

interface FollowedDatabase {
  readonly state: DatabaseState;
  ping(): Promise<number>;
}

/** Lines that wait for an answer of the database; more than a moment's worth are only counted. */
const MOST_HELD = 100;
/** How far down a failure of the database may lie under others. */
const DEEPEST_CAUSE = 4;

/**
 * A log on which an outage of the database is one line when it begins and one when it ends (both written by DatabaseLink):
 * what everybody else writes about it meanwhile is counted by its text. A line that comes first has the database asked
 * whether it is there; if it is, the failure is the writer's own and the line is written.
 */
export class OutageLog {
  readonly log: Log;
  #database: FollowedDatabase | null = null;
  #held: { message: string; write: () => void }[] = [];
  #asking = false;
  #leftOut = new Map<string, number>();

  constructor(log: Log) {
    this.log = this.#around(log);
  }

  follow(database: FollowedDatabase): void {
    this.#database = database;
  }

  /** How often each text was left out since the last call. */
  takeCounts(): Record<string, number> {
    const counts = Object.fromEntries(this.#leftOut);
    this.#leftOut.clear();
    return counts;
  }

  #around(log: Log): Log {
    const unlessOutage = (level: 'error' | 'warn') => (message: string, meta?: LogMeta) => {
      if (this.#database && isOutage(meta?.['error'])) this.#hold(message, () => log[level](message, meta));
      else log[level](message, meta);
    };
    return {
      error: unlessOutage('error'),
      warn: unlessOutage('warn'),
      info: (message, meta) => log.info(message, meta),
      debug: (message, meta) => log.debug(message, meta),
      child: (bindings) => this.#around(log.child(bindings)),
    };
  }

  #hold(message: string, write: () => void): void {
    const database = this.#database!;
    if (database.state !== 'online' || this.#held.length >= MOST_HELD) return this.#count(message);
    this.#held.push({ message, write });
    if (this.#asking) return;
    this.#asking = true;
    const release = () => this.#release(database);
    database.ping().then(release, release);
  }

  #release(database: FollowedDatabase): void {
    const held = this.#held;
    this.#held = [];
    this.#asking = false;
    for (const { message, write } of held) {
      if (database.state === 'online') write();
      else this.#count(message);
    }
  }

  #count(message: string): void {
    this.#leftOut.set(message, (this.#leftOut.get(message) ?? 0) + 1);
  }
}

/** Whether it says that the database is away or refuses everything. */
function isOutage(error: unknown, depth = 0): boolean {
  if (error instanceof DatabaseFailure) return error.retryClass !== 'dead';
  if (isGatewayError(error, 'DATABASE_UNAVAILABLE')) return true;
  return error instanceof Error && depth < DEEPEST_CAUSE && isOutage(error.cause, depth + 1);
}
