import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import ws from 'ws';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { TypedEmitter } from '../lib/typed-emitter.js';
import { DatabaseFailure } from './database-failure.js';
import { createDatabaseFetch, type DatabaseFetch, type DatabaseRequest } from './database-fetch.js';
import { inWords, reasonOf } from './database-reasons.js';
import type { FailedAnswer } from './failure-class.js';
import { type FilteredQuery, type KeysetList, type PageRequest, readPage, type TwoWayPage } from './keyset-page.js';
import { listMigrations, type Migration, missingMigrations } from './migrations.js';
import type { Answer, DatabaseSchema, FunctionName, Row } from './rows.js';

export interface DatabaseLinkDeps {
  host: {
    /** Where the database is; null while it cannot be opened. */
    readonly current: { url: string; serviceRoleKey: string } | null;
    /** Why it cannot be opened, once that was tried. */
    readonly failure?: FailedAnswer | null;
    /** Settled, and never rejected, when it has been tried to open it for the first time. Default: at once. */
    readonly opened?: Promise<void>;
  };
  log: Log;
  clock: Clock;
  /** Lines that others would have written about an outage, by text; taken when it is over. */
  leftOut?: () => Record<string, number>;
  /** Deadline of one request. */
  timeoutMs?: number;
}

const REQUEST_MS = 15_000;

/** `offline`: not reached; `paused`: reached, but it refuses us (keys, grants, missing migrations). */
export type DatabaseState = 'online' | 'offline' | 'paused';

export interface DatabaseEvents {
  supabaseOffline: { state: 'offline' | 'paused'; code: string; sqlstate: string };
  supabaseOnline: { offlineMs: number };
  /** Every request, answered or not. */
  request: DatabaseRequest;
}

/** What parts that keep rows of their own build their queries on. */
export type DatabaseClient = SupabaseClient<DatabaseSchema>;

/**
 * The way to the database, whichever of the three modes it is in: a client that is made anew when the database has moved,
 * whether it takes our requests (`state`), and the few ways of asking it.
 * It never retries: whoever holds the work (the projector, a caller) decides by the failure's class.
 */
export class DatabaseLink {
  readonly events: TypedEmitter<DatabaseEvents>;
  #open: { url: string; client: DatabaseClient; http: DatabaseFetch } | null = null;
  #state: DatabaseState = 'online';
  #reason: string | null = null;
  /** What `checkSchema` found last. */
  #missing: string | null = null;
  #offlineSince = 0;
  /** Refused or unanswered since then. */
  #failedRequests = 0;
  /** Which kind of request was refused last: the other kind getting through proves nothing. */
  #pausedBy: 'read' | 'write' = 'read';
  #stopping: Promise<void> | null = null;

  constructor(private readonly deps: DatabaseLinkDeps) {
    this.events = new TypedEmitter<DatabaseEvents>(deps.log);
  }

  get state(): DatabaseState {
    return this.#state;
  }

  /** Why it does not take our requests; null while it does. */
  get reason(): string | null {
    const { current, failure } = this.deps.host;
    if (!current && failure) return inWords(failure);
    return this.#reason ?? this.#missing;
  }

  /** Looks once whether the database is there and complete. Never rejects: the gateway runs without it. */
  async start(): Promise<void> {
    try {
      await this.checkSchema();
    } catch (error) {
      // What else it may be has been said where it was found.
      if (isGatewayError(error, 'SCHEMA_OUTDATED')) this.deps.log.error('the database is not usable yet', { error });
    }
  }

  /** Can be called twice; open requests are aborted. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#open?.http.close() ?? Promise.resolve());
  }

  /** One page of a sorted query. @throws GatewayError `BAD_REQUEST` (cursor), DatabaseFailure */
  async page(
    build: (client: DatabaseClient) => FilteredQuery,
    list: KeysetList,
    page: PageRequest,
  ): Promise<TwoWayPage> {
    const client = await this.client();
    return readPage(
      () => build(client),
      list,
      page,
      (query) => this.read(query),
    );
  }

  /** The rows that a function of the migrations answers. @throws DatabaseFailure */
  async call(name: FunctionName, pedido: object): Promise<Row[]> {
    const client = await this.client();
    return this.read(client.rpc(name, { pedido }).retry(false));
  }

  /** Compares the database with the migrations of this version.
   *  @throws GatewayError `SCHEMA_OUTDATED` naming what is missing, DatabaseFailure */
  async checkSchema(): Promise<void> {
    const missing = missingMigrations(await listMigrations(), await this.#appliedVersions());
    const names = missing.map((migration: Migration) => migration.file);
    this.#missing = names.length === 0 ? null : schemaProblem(names);
    if (this.#missing) throw new GatewayError('SCHEMA_OUTDATED', this.#missing, { details: { missing: names } });
  }

  async #appliedVersions(): Promise<string[]> {
    try {
      const client = await this.client();
      const rows = await this.read(client.from('whatsapp_schema').select('versao').limit(1000).retry(false));
      return rows.map((row) => String(row['versao']));
    } catch (error) {
      if (error instanceof DatabaseFailure && error.code === 'SCHEMA_OUTDATED') return [];
      throw error;
    }
  }

  /** Round trip of a tiny query, in milliseconds. @throws DatabaseFailure */
  async ping(): Promise<number> {
    const client = await this.client();
    const start = performance.now();
    await this.read(client.from('whatsapp_schema').select('versao').limit(1).retry(false));
    return performance.now() - start;
  }

  /**
   * One query of a part that keeps rows of its own. How it ends says nothing about `state`: the rows of messages do.
   * @throws DatabaseFailure
   */
  async query(build: (client: DatabaseClient) => PromiseLike<Answer>): Promise<Row[]> {
    const answer = await build(await this.client());
    if (!answer.error && Array.isArray(answer.data)) return answer.data as Row[];
    throw new DatabaseFailure(failedAnswer(answer));
  }

  /** Made anew when the database has moved (the local API after a restart may have another port). What comes while it is
   *  opened for the first time waits for it, as long as for any answer. @throws DatabaseFailure (`retry`) while it is not open */
  protected async client(): Promise<DatabaseClient> {
    const { host, timeoutMs = REQUEST_MS } = this.deps;
    if (!host.current)
      await withDeadline(host.opened ?? Promise.resolve(), timeoutMs, 'opening').catch(() => undefined);
    return this.#client(host.current);
  }

  #client(current: DatabaseLinkDeps['host']['current']): DatabaseClient {
    if (!current) throw this.failed(this.#notOpen(), 'read');
    if (this.#open?.url === current.url) return this.#open.client;
    void this.#open?.http.close();
    const http = createDatabaseFetch(this.deps.timeoutMs ?? REQUEST_MS, (each) => this.events.emit('request', each));
    const client = createClient<DatabaseSchema>(current.url, current.serviceRoleKey, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
      // Node 20 has no WebSocket of its own, and the constructor insists on one.
      realtime: { transport: ws as never },
      global: { fetch: http.fetch },
    });
    this.#open = { url: current.url, client, http };
    return client;
  }

  #notOpen(): FailedAnswer {
    const { failure } = this.deps.host;
    if (!failure) return { status: 0, code: 'NOT_OPEN_YET', message: 'the database is not open yet' };
    return failure;
  }

  /** The rows that a query answers. @throws DatabaseFailure */
  protected async read(query: PromiseLike<Answer>): Promise<Row[]> {
    const answer = await query;
    if (!answer.error && Array.isArray(answer.data)) {
      this.succeeded('read');
      return answer.data as Row[];
    }
    throw this.failed(failedAnswer(answer), 'read');
  }

  /** An answer as it should be. */
  protected succeeded(what: 'read' | 'write'): void {
    if (this.#state === 'online' || (this.#state === 'paused' && what !== this.#pausedBy)) return;
    this.#state = 'online';
    this.#reason = null;
    const offlineMs = this.deps.clock.now() - this.#offlineSince;
    this.deps.log.info('the database is back', {
      ...{ offlineMs, failedRequests: this.#failedRequests, leftOut: this.deps.leftOut?.() ?? {} },
    });
    this.#failedRequests = 0;
    this.events.emit('supabaseOnline', { offlineMs });
  }

  /** @returns what to throw */
  protected failed(answer: FailedAnswer, what: 'read' | 'write'): DatabaseFailure {
    const failure = new DatabaseFailure(answer);
    if (failure.retryClass !== 'dead') this.#failedRequests += 1;
    const state = ({ retry: 'offline', pause: 'paused', dead: null } as const)[failure.retryClass];
    if (state && state !== this.#state) {
      if (this.#state === 'online') this.#offlineSince = this.deps.clock.now();
      this.#state = state;
      this.#reason = inWords(answer);
      this.#pausedBy = what;
      const { code, sqlstate, httpStatus } = failure;
      const { reason, advice: remedy } = reasonOf(answer);
      // One that cannot be opened has been said by who opens it.
      if (!this.deps.host.failure)
        this.deps.log.warn('the database does not take our requests', {
          ...{ state, reason, remedy, code, sqlstate, httpStatus },
        });
      this.events.emit('supabaseOffline', { state, code, sqlstate });
    }
    return failure;
  }
}

/** An answer that was no success, as the failure classes read it. */
export function failedAnswer({ error, status }: Answer): FailedAnswer {
  return {
    // postgrest-js gives 204 to an empty 404, and 200 to a page that is no JSON: neither is a success.
    status,
    code: error?.code ?? '',
    message: error?.message ?? `an answer without the expected rows (status ${status})`,
  };
}

function schemaProblem(names: string[]): string {
  const { reason, advice } = reasonOf({ status: 0, code: 'SCHEMA_OUTDATED', message: '' });
  return `${reason}: ${advice} The database misses ${names.join(', ')}.`;
}
