import { GatewayError } from '../lib/errors.js';
import type { AtendimentoFilter, AtendimentoTable, ChangeOutcome, OpenCount } from '../supabase/atendimentos.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import {
  type ActionInputs,
  type ActionName,
  type Actor,
  ATENDIMENTO_ACTIONS,
  changeOf,
} from './atendimento-actions.js';
import { exportAtendimento, type ExportFormat } from './export-atendimento.js';
import type { PageAsked, Row, Scope, TwoWayPage } from './resources.js';

export interface AtendimentosDeps {
  table: AtendimentoTable;
  database: Pick<SupabaseWhatsAppService, 'getAtendimento' | 'listMensagens'>;
  /** Told after each change: who goes by the rows need not wait for its next look. */
  changed(): void;
}

/** The open atendimentos of somebody, and how many messages in them nobody has read. */
export interface UnreadCounts {
  atendimentos: number;
  naoLidas: number;
  /** By connection, status and agent. */
  grupos: {
    connectionId: string;
    status: string;
    atendenteId: string | null;
    atendimentos: number;
    naoLidas: number;
  }[];
}

/** The use cases around atendimentos. Somebody else's atendimento is one that does not exist. */
export class Atendimentos {
  constructor(private readonly deps: AtendimentosDeps) {}

  /** @throws BAD_REQUEST (cursor), DATABASE_UNAVAILABLE */
  list(filter: AtendimentoFilter, page: PageAsked, scope: Scope | null): Promise<TwoWayPage> {
    return this.deps.table.list(filter, page, scope);
  }

  /** Follows a merge. @throws ATENDIMENTO_NOT_FOUND, DATABASE_UNAVAILABLE */
  async get(id: string, scope: Scope | null): Promise<Row> {
    const row = await this.deps.database.getAtendimento(id, scope);
    if (!row) throw new GatewayError('ATENDIMENTO_NOT_FOUND');
    return row;
  }

  async unread(filter: Pick<AtendimentoFilter, 'atendenteId' | 'sessao'>, scope: Scope | null): Promise<UnreadCounts> {
    const counts = await this.deps.table.openCounts(filter, scope);
    return {
      atendimentos: counts.reduce((sum, count) => sum + count.atendimentos, 0),
      naoLidas: counts.reduce((sum, count) => sum + count.nao_lidas, 0),
      grupos: counts.map(presentCount),
    };
  }

  /** One action of the table `ATENDIMENTO_ACTIONS`. `changed` is false when it was so already.
   *  @throws ATENDIMENTO_NOT_FOUND, INVALID_TRANSITION, ATENDIMENTO_TAKEN, DATABASE_UNAVAILABLE */
  async act<N extends ActionName>(
    id: string,
    name: N,
    input: ActionInputs[N],
    actor: Actor,
    scope: Scope | null,
  ): Promise<{ atendimento: Row; changed: boolean; eventoId: string | null }> {
    const outcome = await this.deps.table.change(id, changeOf(name, input, actor), scope);
    const { resultado, atendimento, eventoId } = outcome;
    if (resultado === 'STATUS' || resultado === 'OCUPADO') throw refusal(name, outcome);
    const changed = resultado === 'ALTERADO';
    if (changed) this.deps.changed();
    return { atendimento, changed, eventoId };
  }

  /** What was done with it, oldest first. @throws ATENDIMENTO_NOT_FOUND, BAD_REQUEST (cursor), DATABASE_UNAVAILABLE */
  async events(id: string, page: PageAsked, scope: Scope | null): Promise<TwoWayPage> {
    const { id: current } = await this.get(id, scope);
    return this.deps.table.events(String(current), page);
  }

  /** The whole conversation as chunks of text; the first page is read before it resolves, so that errors are answers.
   *  @throws ATENDIMENTO_NOT_FOUND, DATABASE_UNAVAILABLE */
  async export(
    id: string,
    options: { format: ExportFormat; fuso: string },
    scope: Scope | null,
  ): Promise<AsyncIterable<string> | Iterable<string>> {
    const atendimento = await this.get(id, scope);
    const read = (cursor: string | null) =>
      this.deps.database.listMensagens(String(atendimento['id']), { limit: EXPORT_PAGE, cursor }, scope);
    return exportAtendimento({ atendimento, first: await read(null), next: read }, options);
  }
}

const EXPORT_PAGE = 500;

function presentCount({ sessao, status, atendente_id, atendimentos, nao_lidas }: OpenCount) {
  return { connectionId: sessao, status, atendenteId: atendente_id, atendimentos, naoLidas: nao_lidas };
}

function refusal(name: ActionName, { resultado, atendimento }: ChangeOutcome): GatewayError {
  const { status, atendente_id: atendenteId } = atendimento;
  if (resultado === 'OCUPADO') return new GatewayError('ATENDIMENTO_TAKEN', undefined, { details: { atendenteId } });
  const allowed = ATENDIMENTO_ACTIONS[name].from;
  return new GatewayError('INVALID_TRANSITION', `${name} needs ${allowed.join(' or ')}; it is ${String(status)}.`, {
    details: { action: name, status, allowed },
  });
}
