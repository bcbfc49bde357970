import type { Clock } from '../lib/clock.js';
import { deferred } from '../lib/deferred.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { inWords, reasonOf } from './database-reasons.js';
import type { FailedAnswer } from './failure-class.js';
import { OpenedBefore } from './opened-before.js';
import { openDatabase, type Database, type DatabaseSettings } from './open-database.js';

export interface DatabaseHostDeps {
  settings: DatabaseSettings;
  dataDir: string;
  log: Log;
  clock: Clock;
}

const RETRY_MS = 5_000;

/**
 * Keeps a database within reach, whatever it is. One that cannot be opened at the start (an own Postgres that is down)
 * is tried again until it can: the gateway receives and sends meanwhile. The log has one line when it is not there or the
 * reason changes, and one when it is. A fault that waiting cannot mend ends the first start instead: nobody has a number
 * paired yet, and somebody looks at the screen.
 */
export class DatabaseHost {
  #database: Database | null = null;
  #opening: Promise<void> | null = null;
  readonly #opened = deferred();
  #cancelRetry: (() => void) | null = null;
  #stopped = false;
  #failure: FailedAnswer | null = null;
  #failures = 0;
  readonly #before: OpenedBefore;

  constructor(private readonly deps: DatabaseHostDeps) {
    this.#before = new OpenedBefore(deps.dataDir);
  }

  /** Where to reach it and with which key; null while it is not open. */
  get current(): Database | null {
    return this.#database;
  }

  /** Why it is not open, as the last try has found it; null before that and while it is. */
  get failure(): FailedAnswer | null {
    return this.#failure;
  }

  /** Settled when it has been tried once, whatever came of it. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** @throws GatewayError `BAD_CONFIGURATION`; anything else is retried in the background */
  async start(): Promise<void> {
    this.#stopped = false;
    await (this.#opening ??= this.#open().finally(() => this.#tried()));
  }

  /** Whoever waits for the first opening waits no longer: call it before those are stopped. */
  leaveWaiting(): void {
    this.#opened.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.leaveWaiting();
    this.#cancelRetry?.();
    await this.#opening?.catch(() => undefined);
    await this.#database?.close();
    this.#database = null;
  }

  #tried(): void {
    this.#opening = null;
    this.#opened.resolve();
  }

  async #open(): Promise<void> {
    if (this.#database) return;
    const { settings, dataDir, log, clock } = this.deps;
    try {
      if (settings.mode === 'postgres') await this.#before.mark();
      const database = await openDatabase({ settings, dataDir, log, clock });
      if (this.#stopped) return await database.close();
      this.#database = database;
      this.#failure = null;
      await this.#before.opened();
      log.info('database open', { mode: settings.mode, url: database.url, failedTries: this.#failures });
      this.#failures = 0;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** @throws GatewayError `BAD_CONFIGURATION` when there is no use in waiting */
  #failed(error: unknown): void {
    const failure = openFailure(error);
    const reason = reasonOf(failure);
    const isFirst = this.deps.settings.mode === 'postgres' && !this.#before.isKnown && this.#failures === 0;
    if (isFirst && reason.lasting) {
      const message = `The database cannot be opened: ${failure.message}. ${inWords(failure)}`;
      throw new GatewayError('BAD_CONFIGURATION', message, { cause: error });
    }
    // Of the embedded one, and before the first try of anything: packages and ports, which only a person can change.
    if (isGatewayError(error, 'BAD_CONFIGURATION') && this.#failures === 0 && !reason.lasting) throw error;
    const previous = this.#failure;
    this.#failure = failure;
    this.#failures += 1;
    if (!previous || reasonOf(previous).reason !== reason.reason) {
      const why = { reason: reason.reason, remedy: reason.advice, code: failure.code };
      this.deps.log.error('database not opened, trying again', { ...why, error, everyMs: RETRY_MS });
    }
    // A later try throws nothing: it has failed before.
    this.#cancelRetry?.();
    if (!this.#stopped) this.#cancelRetry = this.deps.clock.after(RETRY_MS, () => void this.start());
  }
}

function openFailure(error: unknown): FailedAnswer {
  const { message, details } = error as Error & { details?: { code?: string | null } };
  return { status: 0, code: details?.code ?? '', message };
}
