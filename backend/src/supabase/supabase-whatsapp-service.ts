import { randomUUID } from 'node:crypto';
import { GatewayError } from '../lib/errors.js';
import { type DatabaseClient, DatabaseLink, failedAnswer } from './database-link.js';
import type { Evento, ResultadoEvento } from './evento.js';
import { classifyFailure } from './failure-class.js';
import { ATENDIMENTOS, checkCursor, MENSAGENS, type PageRequest, type TwoWayPage } from './keyset-page.js';
import { type Answer, normalizeTimes, type Row, type RowScope } from './rows.js';
import { scopeFilter, UUID } from './scope-filter.js';
import { oneOfTexts } from './text-filter.js';

/** A merge of merges of merges; more is a loop in the data. */
const MERGE_HOPS = 10;

/**
 * The rows of the conversations, through supabase-js, in all three database modes: written by one function, read by
 * whoever may see them.
 */
export class SupabaseWhatsAppService extends DatabaseLink {
  /**
   * Writes a batch (at most 500) in one transaction: all of it or nothing.
   * @returns one result per item, in order
   * @throws DatabaseFailure whose `retryClass` says what to do with the batch
   */
  async registrarEventos(lote: Evento[]): Promise<ResultadoEvento[]> {
    if (lote.length === 0) return [];
    const client = await this.client();
    const answer: Answer = await client.rpc('registrar_eventos', { lote });
    const rows = answer.data;
    const isComplete = Array.isArray(rows) && rows.length === lote.length && [200, 201].includes(answer.status);
    if (!answer.error && isComplete) {
      this.succeeded('write');
      return rows as ResultadoEvento[];
    }
    const failed = failedAnswer(answer);
    const [only] = lote;
    if (lote.length === 1 && only && classifyFailure(failed) === 'duplicate') return [alreadyThere()];
    throw this.failed(failed, 'write');
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
    const client = await this.client();
    let next = id;
    for (let hop = 0; hop < MERGE_HOPS; hop++) {
      let query = client.from('whatsapp_atendimentos').select('*').eq('id', next);
      if (scope) query = query.or(scopeFilter(scope));
      const [row] = await this.read(query.limit(1).retry(false));
      if (!row || row['unido_a'] == null) return row ? normalizeTimes(row) : null;
      next = row['unido_a'] as string;
    }
    return null;
  }

  /** The row of a connection id; null when there is none that `scope` may see. @throws DatabaseFailure */
  async findSessao(name: string, scope: RowScope = null): Promise<Row | null> {
    const client = await this.client();
    let query = client.from('whatsapp_sessions').select('*').filter('session_name', 'in', oneOfTexts(name));
    if (scope) query = query.or(scopeFilter(scope, 'id'));
    const [row] = await this.read(query.limit(1).retry(false));
    return row ? normalizeTimes(row) : null;
  }

  /** A message by the id of its row; null when there is none that `scope` may see. @throws DatabaseFailure */
  async getMensagem(id: string, scope: RowScope = null): Promise<Row | null> {
    const client = await this.client();
    let query = client.from('whatsapp_mensagens').select('*').eq('id', id);
    if (scope) query = query.or(scopeFilter(scope));
    const [row] = await this.read(query.limit(1).retry(false));
    return row ? normalizeTimes(row) : null;
  }

  /** The newest message of a connection with this WhatsApp id; null when there is none. @throws DatabaseFailure */
  async findMensagem(sessao: string, whatsappId: string): Promise<Row | null> {
    const session = await this.findSessao(sessao);
    if (!session) return null;
    const client = await this.client();
    const query = client
      .from('whatsapp_mensagens')
      .select('*')
      .eq('session_id', session['id'] as string)
      .filter('whatsapp_id', 'in', oneOfTexts(whatsappId))
      .order('ordem', { ascending: false });
    const [row] = await this.read(query.limit(1).retry(false));
    return row ?? null;
  }

  /** The newest message of these sessions (ids of their rows) with this WhatsApp id; null when there is none. @throws DatabaseFailure */
  async findMensagemIn(sessionIds: string[], whatsappId: string): Promise<Row | null> {
    const client = await this.client();
    for (let start = 0; start < sessionIds.length; start += 100) {
      const query = client
        .from('whatsapp_mensagens')
        .select('*')
        .in('session_id', sessionIds.slice(start, start + 100))
        .filter('whatsapp_id', 'in', oneOfTexts(whatsappId))
        .order('ordem', { ascending: false });
      const [row] = await this.read(query.limit(1).retry(false));
      if (row) return normalizeTimes(row);
    }
    return null;
  }

  /** Messages of a connection by their WhatsApp ids (at most 100), in any order. @throws DatabaseFailure */
  async findMensagens(sessao: string, whatsappIds: string[]): Promise<Row[]> {
    const session = await this.findSessao(sessao);
    if (!session) return [];
    const client = await this.client();
    const query = client
      .from('whatsapp_mensagens')
      .select('*')
      .eq('session_id', session['id'] as string)
      .filter('whatsapp_id', 'in', oneOfTexts(...whatsappIds));
    return this.read(query.limit(200).retry(false));
  }

  /** Whether a person has ever written to this connection. @param addresses its JIDs (pn or lid) @throws DatabaseFailure */
  async hasWritten(sessao: string, addresses: string[]): Promise<boolean> {
    const session = await this.findSessao(sessao);
    if (!session) return false;
    const sessionId = session['id'] as string;
    const list = `(${addresses.map((jid) => `"${jid}"`).join(',')})`;
    const client = await this.client();
    const contatos = client.from('whatsapp_contatos').select('id').eq('session_id', sessionId);
    const people = await this.read(contatos.or(`pn.in.${list},lid.in.${list}`).limit(10).retry(false));
    if (people.length === 0) return false;
    const ids = people.map(({ id }) => id as string);
    const mensagens = client.from('whatsapp_mensagens').select('id').in('contato_id', ids).eq('remetente', 'CLIENTE');
    return (await this.read(mensagens.limit(1).retry(false))).length > 0;
  }

  /** Writes a row of its own, reads it back and deletes it. It belongs to an owner who does not exist, so no CRM sees it.
   *  @throws DatabaseFailure, GatewayError `SCHEMA_OUTDATED`, or `DATABASE_REFUSED` when it reads something else than it wrote */
  async selfTest(): Promise<void> {
    await this.checkSchema();
    const client = await this.client();
    const table = () => client.from('whatsapp_configuracoes');
    const mark = { id: randomUUID(), owner_id: randomUUID(), ativo: false, dados: { autoteste: randomUUID() } };
    await this.read(table().insert(mark).select('id').retry(false));
    try {
      const [row] = await this.read(table().select('dados').eq('id', mark.id).retry(false));
      if (JSON.stringify(row?.['dados']) !== JSON.stringify(mark.dados)) {
        throw new GatewayError('DATABASE_REFUSED', 'The database did not give back the row that it had accepted.');
      }
    } finally {
      await this.read(table().delete().eq('id', mark.id).select('id').retry(false));
    }
  }
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
