import { GatewayError } from '../lib/errors.js';
import { ATENDIMENTO_EVENTOS, ATENDIMENTOS, type PageRequest, type TwoWayPage } from './keyset-page.js';
import { normalizeTimes, type Row, type RowScope } from './rows.js';
import { scopeArgument, scopeFilter } from './scope-filter.js';
import type { SupabaseWhatsAppService } from './supabase-whatsapp-service.js';

export type StatusAtendimento = 'AGUARDANDO' | 'EM_ATENDIMENTO' | 'FINALIZADO' | 'CANCELADO';

/** Which atendimentos are wanted; what is absent or null is not asked for. */
export interface AtendimentoFilter {
  status?: readonly StatusAtendimento[] | undefined;
  /** An agent's UUID, or `none`: nobody's. */
  atendenteId?: string | undefined;
  /** Connection id. */
  sessao?: string | undefined;
  /** In the name, the number and the notes. */
  busca?: string | undefined;
  /** Last message not before `de`, and before `ate` (ISO 8601). */
  de?: string | undefined;
  ate?: string | undefined;
  /** Only those with unread messages. */
  naoLidas?: boolean | undefined;
}

/** What `alterar_atendimento(pedido jsonb)` takes beside id and scope (supabase/migrations/20261121001300). */
export interface AtendimentoChange {
  /** Statuses in which it is allowed. */
  de: readonly StatusAtendimento[];
  /** Only when no other agent has it. */
  livre: boolean;
  mudancas: { status?: StatusAtendimento; atendente_id?: string | null; prioridade?: number };
  etiquetas: { adicionar: string[]; remover: string[] } | null;
  evento: { tipo: string; autor_id: string | null; origem: string; texto: string | null };
}

/** What became of a change; `atendimento` is the row as it stands now. */
export interface ChangeOutcome {
  resultado: 'ALTERADO' | 'IGUAL' | 'STATUS' | 'OCUPADO';
  atendimento: Row;
  eventoId: string | null;
}

/** Open atendimentos of one connection, status and agent. */
export interface OpenCount {
  sessao: string;
  status: StatusAtendimento;
  atendente_id: string | null;
  atendimentos: number;
  nao_lidas: number;
}

/** Digits that are few say nothing about a number. */
const MIN_DIGITS = 3;

/** Reads and changes of atendimentos; each change is one call of a function that checks and writes at once. */
export class AtendimentoTable {
  constructor(private readonly database: SupabaseWhatsAppService) {}

  /** The latest message first. @throws GatewayError `BAD_REQUEST` (cursor), DatabaseFailure */
  async list(filter: AtendimentoFilter, page: PageRequest, scope: RowScope): Promise<TwoWayPage> {
    const sessao = filter.sessao === undefined ? null : await this.database.findSessao(filter.sessao, scope);
    if (filter.sessao !== undefined && !sessao) return { data: [], nextCursor: null, prevCursor: null };
    return this.database.page(
      (client) => {
        let query = client.from('whatsapp_atendimentos').select('*').is('unido_a', null);
        if (sessao) query = query.eq('session_id', sessao['id'] as string);
        if (filter.status) query = query.in('status', [...filter.status]);
        if (filter.atendenteId === 'none') query = query.is('atendente_id', null);
        else if (filter.atendenteId !== undefined) query = query.eq('atendente_id', filter.atendenteId);
        if (filter.naoLidas) query = query.gt('nao_lidas', 0);
        if (filter.de !== undefined) query = query.gte('ultima_mensagem', filter.de);
        if (filter.ate !== undefined) query = query.lt('ultima_mensagem', filter.ate);
        const search = filter.busca === undefined ? null : searchFilter(filter.busca);
        return { query, alternatives: [scope && scopeFilter(scope), search] };
      },
      ATENDIMENTOS,
      page,
    );
  }

  /** @throws GatewayError `ATENDIMENTO_NOT_FOUND`, DatabaseFailure */
  async change(id: string, change: AtendimentoChange, scope: RowScope): Promise<ChangeOutcome> {
    const [row] = await this.database.call('alterar_atendimento', { id, escopo: scopeArgument(scope), ...change });
    if (!row || row['resultado'] === 'NAO_ENCONTRADO') throw new GatewayError('ATENDIMENTO_NOT_FOUND');
    return {
      resultado: row['resultado'] as ChangeOutcome['resultado'],
      atendimento: normalizeTimes(row['atendimento'] as Row),
      eventoId: row['evento_id'] as string | null,
    };
  }

  /** What was done with it, oldest first; also with those that were merged into it. `id` is what `getAtendimento` gave. */
  async events(id: string, page: PageRequest): Promise<TwoWayPage> {
    const merged = await this.database.query((client) =>
      client.from('whatsapp_atendimentos').select('id').eq('unido_a', id).limit(100).retry(false),
    );
    const ids = [id, ...merged.map((row) => row['id'] as string)];
    return this.database.page(
      (client) => ({ query: client.from('whatsapp_atendimento_eventos').select('*').in('atendimento_id', ids) }),
      ATENDIMENTO_EVENTOS,
      page,
    );
  }

  /** How many are open, and their unread messages. @throws DatabaseFailure */
  async openCounts(filter: Pick<AtendimentoFilter, 'atendenteId' | 'sessao'>, scope: RowScope): Promise<OpenCount[]> {
    const { atendenteId: atendente_id, sessao } = filter;
    const pedido = { escopo: scopeArgument(scope), atendente_id, sessao };
    const rows = await this.database.call('contar_atendimentos_abertos', pedido);
    return rows.map((row) => ({
      sessao: row['sessao'] as string,
      status: row['status'] as StatusAtendimento,
      atendente_id: row['atendente_id'] as string | null,
      // bigint: some layers write it as text.
      atendimentos: Number(row['atendimentos']),
      nao_lidas: Number(row['nao_lidas']),
    }));
  }
}

/** Characters with a meaning in the filter's own grammar or in a pattern match any character instead. Not quoted: for
 *  @supabase/lite the quotes would be part of the pattern. */
function searchFilter(text: string): string {
  const pattern = `*${text.replace(/["\\%*,()]/g, '_')}*`;
  const digits = text.replace(/\D/g, '');
  return [
    `nome_cliente.ilike.${pattern}`,
    `observacoes.ilike.${pattern}`,
    ...(digits.length >= MIN_DIGITS ? [`numero_cliente.ilike.*${digits}*`] : []),
  ].join(',');
}
