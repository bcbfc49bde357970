import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { randomUUID } from 'node:crypto';
import ws from 'ws';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { TypedEmitter } from '../lib/typed-emitter.js';
import {
  ATENDIMENTOS,
  checkCursor,
  type FilteredQuery,
  type KeysetList,
  MENSAGENS,
  type PageRequest,
  readPage,
  type TwoWayPage,
} from './keyset-page.js';
import { DatabaseFailure } from './database-failure.js';
import { createDatabaseFetch, type DatabaseFetch, type DatabaseRequest } from './database-fetch.js';
import type { Evento, ResultadoEvento } from './evento.js';
import { classifyFailure, type FailedAnswer } from './failure-class.js';
import { listMigrations, type Migration, missingMigrations } from './migrations.js';
import {
  type Answer,
  type DatabaseSchema,
  type FunctionName,
  normalizeTimes,
  type Row,
  type RowScope,
} from './rows.js';
import { scopeFilter, UUID } from './scope-filter.js';

export interface SupabaseWhatsAppServiceDeps {
  /** Where the database is; null while it cannot be opened. */
  host: { readonly current: { url: string; serviceRoleKey: string } | null };
  log: Log;
  clock: Clock;
  /** Deadline of one request. */
  timeoutMs?: number;
}

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

/** A merge of merges of merges; more is a loop in the data. */
const MERGE_HOPS = 10;

/**
 * Everything that touches Supabase, through supabase-js, in all three database modes.
 * It never retries: whoever holds the work (the projector, a caller) decides by the failure's class.
 */
export class SupabaseWhatsAppService {
  readonly events: TypedEmitter<DatabaseEvents>;
  #open: { url: string; client: DatabaseClient; http: DatabaseFetch } | null = null;
  #state: DatabaseState = 'online';
  #reason: string | null = null;
  /** What `checkSchema` found last. */
  #missing: string | null = null;
  #offlineSince = 0;
  /** Which kind of request was refused last: the other kind getting through proves nothing. */
  #pausedBy: 'read' | 'write' = 'read';
  #stopping: Promise<void> | null = null;

  constructor(private readonly deps: SupabaseWhatsAppServiceDeps) {
    this.events = new TypedEmitter<DatabaseEvents>(deps.log);
  }

  get state(): DatabaseState {
    return this.#state;
  }

  /** Why it does not take our requests; null while it does. */
  get reason(): string | null {
    return this.#reason ?? this.#missing;
  }

  /** Looks once whether the database is there and complete. Never rejects: the gateway runs without it. */
  async start(): Promise<void> {
    try {
      await this.checkSchema();
    } catch (error) {
      this.deps.log.error('the database is not usable yet', { error });
    }
  }

  /** Can be called twice; open requests are aborted. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#open?.http.close() ?? Promise.resolve());
  }

  /**
   * Writes a batch (at most 500) in one transaction: all of it or nothing.
   * @returns one result per item, in order
   * @throws DatabaseFailure whose `retryClass` says what to do with the batch
   */
  async registrarEventos(lote: Evento[]): Promise<ResultadoEvento[]> {
    if (lote.length === 0) return [];
    const answer: Answer = await this.#client.rpc('registrar_eventos', { lote });
    const rows = answer.data;
    const isComplete = Array.isArray(rows) && rows.length === lote.length && [200, 201].includes(answer.status);
    if (!answer.error && isComplete) {
      this.#succeeded('write');
      return rows as ResultadoEvento[];
    }
    const failed = failedAnswer(answer);
    const [only] = lote;
    if (lote.length === 1 && only && classifyFailure(failed) === 'duplicate') return [alreadyThere()];
    throw this.#failed(failed, 'write');
  }

  /** Messages of an atendimento (or of the one it was merged into), oldest first unless `direction` is `desc`.
   *  @throws GatewayError `ATENDIMENTO_NOT_FOUND`, `BAD_REQUEST` (id, cursor), DatabaseFailure */
  async listMensagens(atendimentoId: string, page: PageRequest, scope: RowScope = null): Promise<TwoWayPage> {
    checkCursor(page, MENSAGENS);
    const atendimento = await this.getAtendimento(atendimentoId, scope);
    if (!atendimento) throw new GatewayError('ATENDIMENTO_NOT_FOUND');
    const id = atendimento['id'] as string;
    return this.page(
      (client) => ({ query: client.from('whatsapp_mensagens').select('*').eq('atendimento_id', id) }),
      MENSAGENS,
      page,
    );
  }

  /** Open atendimentos, the latest message first. @throws GatewayError `BAD_REQUEST` (cursor), DatabaseFailure */
  async listAtendimentosAtivos(
    page: PageRequest & {
      /** Connection id. */
      sessao?: string | undefined;
      status?: 'AGUARDANDO' | 'EM_ATENDIMENTO' | undefined;
    },
    scope: RowScope = null,
  ): Promise<TwoWayPage> {
    const sessao = page.sessao === undefined ? null : await this.findSessao(page.sessao, scope);
    if (page.sessao !== undefined && !sessao) return { data: [], nextCursor: null, prevCursor: null };
    const statuses = page.status ? [page.status] : ['AGUARDANDO', 'EM_ATENDIMENTO'];
    const build = (client: DatabaseClient) => {
      let query = client.from('whatsapp_atendimentos').select('*').in('status', statuses);
      if (sessao) query = query.eq('session_id', sessao['id'] as string);
      return { query, alternatives: [scope && scopeFilter(scope)] };
    };
    return this.page(build, ATENDIMENTOS, page);
  }

  /** The atendimento, or the one it was merged into; null when there is none that `scope` may see.
   *  @throws GatewayError `BAD_REQUEST` (no UUID), DatabaseFailure */
  async getAtendimento(id: string, scope: RowScope = null): Promise<Row | null> {
    if (!UUID.test(id))
      throw new GatewayError('BAD_REQUEST', 'An atendimento id is a UUID.', { details: { field: 'id' } });
    let next = id;
    for (let hop = 0; hop < MERGE_HOPS; hop++) {
      let query = this.#client.from('whatsapp_atendimentos').select('*').eq('id', next);
      if (scope) query = query.or(scopeFilter(scope));
      const [row] = await this.#read(query.limit(1).retry(false));
      if (!row || row['unido_a'] == null) return row ? normalizeTimes(row) : null;
      next = row['unido_a'] as string;
    }
    return null;
  }

  /** The row of a connection id; null when there is none that `scope` may see. @throws DatabaseFailure */
  async findSessao(name: string, scope: RowScope = null): Promise<Row | null> {
    let query = this.#client.from('whatsapp_sessions').select('*').eq('session_name', name);
    if (scope) query = query.or(scopeFilter(scope, 'id'));
    const [row] = await this.#read(query.limit(1).retry(false));
    return row ? normalizeTimes(row) : null;
  }

  /** A message by the id of its row; null when there is none that `scope` may see. @throws DatabaseFailure */
  async getMensagem(id: string, scope: RowScope = null): Promise<Row | null> {
    let query = this.#client.from('whatsapp_mensagens').select('*').eq('id', id);
    if (scope) query = query.or(scopeFilter(scope));
    const [row] = await this.#read(query.limit(1).retry(false));
    return row ? normalizeTimes(row) : null;
  }

  /** The newest message of a connection with this WhatsApp id; null when there is none. @throws DatabaseFailure */
  async findMensagem(sessao: string, whatsappId: string): Promise<Row | null> {
    const session = await this.findSessao(sessao);
    if (!session) return null;
    const query = this.#client
      .from('whatsapp_mensagens')
      .select('*')
      .eq('session_id', session['id'] as string)
      .eq('whatsapp_id', whatsappId)
      .order('ordem', { ascending: false });
    const [row] = await this.#read(query.limit(1).retry(false));
    return row ?? null;
  }

  /** Messages of a connection by their WhatsApp ids (at most 100), in any order. @throws DatabaseFailure */
  async findMensagens(sessao: string, whatsappIds: string[]): Promise<Row[]> {
    const session = await this.findSessao(sessao);
    if (!session) return [];
    const query = this.#client
      .from('whatsapp_mensagens')
      .select('*')
      .eq('session_id', session['id'] as string)
      .in('whatsapp_id', whatsappIds);
    return this.#read(query.limit(200).retry(false));
  }

  /** Whether a person has ever written to this connection. @param addresses its JIDs (pn or lid) @throws DatabaseFailure */
  async hasWritten(sessao: string, addresses: string[]): Promise<boolean> {
    const session = await this.findSessao(sessao);
    if (!session) return false;
    const sessionId = session['id'] as string;
    const list = `(${addresses.map((jid) => `"${jid}"`).join(',')})`;
    const contatos = this.#client.from('whatsapp_contatos').select('id').eq('session_id', sessionId);
    const people = await this.#read(contatos.or(`pn.in.${list},lid.in.${list}`).limit(10).retry(false));
    if (people.length === 0) return false;
    const ids = people.map(({ id }) => id as string);
    const mensagens = this.#client
      .from('whatsapp_mensagens')
      .select('id')
      .in('contato_id', ids)
      .eq('remetente', 'CLIENTE');
    return (await this.#read(mensagens.limit(1).retry(false))).length > 0;
  }

  /** One page of a sorted query. @throws GatewayError `BAD_REQUEST` (cursor), DatabaseFailure */
  page(build: (client: DatabaseClient) => FilteredQuery, list: KeysetList, page: PageRequest): Promise<TwoWayPage> {
    return readPage(
      () => build(this.#client),
      list,
      page,
      (query) => this.#read(query),
    );
  }

  /** The rows that a function of the migrations answers. @throws DatabaseFailure */
  call(name: FunctionName, pedido: object): Promise<Row[]> {
    return this.#read(this.#client.rpc(name, { pedido }).retry(false));
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
      const rows = await this.#read(this.#client.from('whatsapp_schema').select('versao').limit(1000).retry(false));
      return rows.map((row) => String(row['versao']));
    } catch (error) {
      if (error instanceof DatabaseFailure && error.code === 'SCHEMA_OUTDATED') return [];
      throw error;
    }
  }

  /** Round trip of a tiny query, in milliseconds. @throws DatabaseFailure */
  async ping(): Promise<number> {
    const start = performance.now();
    await this.#read(this.#client.from('whatsapp_schema').select('versao').limit(1).retry(false));
    return performance.now() - start;
  }

  /** Writes a row of its own, reads it back and deletes it. It belongs to an owner who does not exist, so no CRM sees it.
   *  @throws DatabaseFailure, GatewayError `SCHEMA_OUTDATED`, or `DATABASE_REFUSED` when it reads something else than it wrote */
  async selfTest(): Promise<void> {
    await this.checkSchema();
    const table = () => this.#client.from('whatsapp_configuracoes');
    const mark = { id: randomUUID(), owner_id: randomUUID(), ativo: false, dados: { autoteste: randomUUID() } };
    await this.#read(table().insert(mark).select('id').retry(false));
    try {
      const [row] = await this.#read(table().select('dados').eq('id', mark.id).retry(false));
      if (JSON.stringify(row?.['dados']) !== JSON.stringify(mark.dados)) {
        throw new GatewayError('DATABASE_REFUSED', 'The database did not give back the row that it had accepted.');
      }
    } finally {
      await this.#read(table().delete().eq('id', mark.id).select('id').retry(false));
    }
  }

  /**
   * One query of a part that keeps rows of its own. How it ends says nothing about `state`: the rows of messages do.
   * @throws DatabaseFailure
   */
  async query(build: (client: DatabaseClient) => PromiseLike<Answer>): Promise<Row[]> {
    const answer = await build(this.#client);
    if (!answer.error && Array.isArray(answer.data)) return answer.data as Row[];
    throw new DatabaseFailure(failedAnswer(answer));
  }

  /** Made anew when the database has moved (the local API after a restart may have another port).
   *  @throws DatabaseFailure (`retry`) while it is not open */
  get #client(): DatabaseClient {
    const { current } = this.deps.host;
    if (!current) throw this.#failed({ status: 0, code: '', message: 'the database is not open yet' }, 'read');
    if (this.#open?.url === current.url) return this.#open.client;
    void this.#open?.http.close();
    const http = createDatabaseFetch(this.deps.timeoutMs ?? 15_000, (each) => this.events.emit('request', each));
    const client = createClient<DatabaseSchema>(current.url, current.serviceRoleKey, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
      // Node 20 has no WebSocket of its own, and the constructor insists on one.
      realtime: { transport: ws as never },
      global: { fetch: http.fetch },
    });
    this.#open = { url: current.url, client, http };
    return client;
  }

  async #read(query: PromiseLike<Answer>): Promise<Row[]> {
    const answer = await query;
    if (!answer.error && Array.isArray(answer.data)) {
      this.#succeeded('read');
      return answer.data as Row[];
    }
    throw this.#failed(failedAnswer(answer), 'read');
  }

  #succeeded(what: 'read' | 'write'): void {
    if (this.#state === 'online' || (this.#state === 'paused' && what !== this.#pausedBy)) return;
    this.#state = 'online';
    this.#reason = null;
    this.deps.log.info('the database is back');
    this.events.emit('supabaseOnline', { offlineMs: this.deps.clock.now() - this.#offlineSince });
  }

  #failed(answer: FailedAnswer, what: 'read' | 'write'): DatabaseFailure {
    const failure = new DatabaseFailure(answer);
    const state = ({ retry: 'offline', pause: 'paused', dead: null } as const)[failure.retryClass];
    if (state && state !== this.#state) {
      if (this.#state === 'online') this.#offlineSince = this.deps.clock.now();
      this.#state = state;
      this.#reason = failure.message;
      this.#pausedBy = what;
      const { code, sqlstate, httpStatus } = failure;
      this.deps.log.warn('the database does not take our requests', { state, code, sqlstate, httpStatus });
      this.events.emit('supabaseOffline', { state, code, sqlstate });
    }
    return failure;
  }
}

function failedAnswer({ error, status }: Answer): FailedAnswer {
  return {
    // postgrest-js gives 204 to an empty 404, and 200 to a page that is no JSON: neither is a success.
    status,
    code: error?.code ?? '',
    message: error?.message ?? `an answer without the expected rows (status ${status})`,
  };
}

function schemaProblem(names: string[]): string {
  return `The database misses ${names.join(', ')}. Run "npm run db:migrate" with DATABASE_URL, or "supabase db push".`;
}

function alreadyThere(): ResultadoEvento {
  return {
    indice: 0,
    resultado: 'duplicada',
    mensagem_id: null,
    atendimento_id: null,
    contato_id: null,
    atendimento_novo: false,
    atendimento_status: null,
    unidos: null,
  };
}
