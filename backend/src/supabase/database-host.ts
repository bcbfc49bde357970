import type { Clock } from '../lib/clock.js';
import { deferred } from '../lib/deferred.js';
import { isGatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
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
 * is tried again until it can: the gateway receives and sends meanwhile.
 */
export class DatabaseHost {
  #database: Database | null = null;
  #opening: Promise<void> | null = null;
  readonly #opened = deferred();
  #cancelRetry: (() => void) | null = null;
  #stopped = false;

  constructor(private readonly deps: DatabaseHostDeps) {}

  /** Where to reach it and with which key; null while it is not open. */
  get current(): Database | null {
    return this.#database;
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
      const database = await openDatabase({ settings, dataDir, log, clock });
      if (this.#stopped) return await database.close();
      this.#database = database;
      log.info('database open', { mode: settings.mode, url: database.url });
    } catch (error) {
      if (isGatewayError(error, 'BAD_CONFIGURATION')) throw error;
      log.error('database not opened, trying again', { error, inMs: RETRY_MS });
      if (!this.#stopped) this.#cancelRetry = clock.after(RETRY_MS, () => void this.start());
    }
  }
}
