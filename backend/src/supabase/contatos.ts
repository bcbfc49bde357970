import type { KeysetList, PageRequest, TwoWayPage } from './keyset-page.js';
import { normalizeTimes, type Row, type RowScope } from './rows.js';
import { scopeFilter } from './scope-filter.js';
import type { SupabaseWhatsAppService } from './supabase-whatsapp-service.js';

/** Which contatos of a connection are wanted; what is absent is not asked for. */
export interface ContatoFilter {
  /** In the names, the number and the address. */
  busca?: string | undefined;
  tipo?: 'pessoa' | 'grupo' | undefined;
  bloqueado?: boolean | undefined;
}

/** Addresses of people: JIDs of numbers, and LIDs. */
export interface Enderecos {
  pns: string[];
  lids: string[];
}

const CONTATOS: KeysetList = { columns: ['created_at', 'id'], kinds: ['time', 'uuid'], direction: 'desc' };
const EMPTY: TwoWayPage = { data: [], nextCursor: null, prevCursor: null };

/** Reads of `whatsapp_contatos`; it is written through the log alone. Everything rejects with a DatabaseFailure. */
export class ContatoTable {
  constructor(private readonly database: SupabaseWhatsAppService) {}

  /** Who became known last comes first. @throws GatewayError `BAD_REQUEST` (cursor) */
  async list(sessao: string, filter: ContatoFilter, page: PageRequest, scope: RowScope): Promise<TwoWayPage> {
    const session = await this.database.findSessao(sessao, scope);
    if (!session) return EMPTY;
    return this.database.page(
      (client) => {
        let query = client
          .from('whatsapp_contatos')
          .select('*')
          .eq('session_id', session['id'] as string);
        query = filter.tipo === undefined ? query.neq('tipo', 'eu') : query.eq('tipo', filter.tipo);
        if (filter.bloqueado !== undefined) query = query.eq('bloqueado', filter.bloqueado);
        return { query, alternatives: [filter.busca === undefined ? null : searchFilter(filter.busca)] };
      },
      CONTATOS,
      page,
    );
  }

  /** By number, LID or a group's JID; null when this connection knows nobody there that `scope` may see. */
  async find(sessao: string, jids: string[], scope: RowScope): Promise<Row | null> {
    const session = await this.database.findSessao(sessao, scope);
    if (!session) return null;
    const list = `(${jids.map((jid) => `"${jid}"`).join(',')})`;
    const mine = scope ? `,or(${scopeFilter(scope)})` : '';
    const [row] = await this.database.query((client) =>
      client
        .from('whatsapp_contatos')
        .select('*')
        .eq('session_id', session['id'] as string)
        .or(`and(or(pn.in.${list},lid.in.${list},jid.in.${list})${mine})`)
        .limit(1)
        .retry(false),
    );
    return row ? normalizeTimes(row) : null;
  }

  /** What people of a connection are called, by each of their addresses. */
  async names(sessao: string, enderecos: Enderecos): Promise<Map<string, string>> {
    const rows = await this.database.call('contatos_por_endereco', { sessao, ...enderecos });
    const names = new Map<string, string>();
    for (const { pn, lid, nome, nome_empresa, nome_perfil } of rows) {
      const name = nome ?? nome_empresa ?? nome_perfil;
      for (const jid of [pn, lid]) if (typeof jid === 'string' && typeof name === 'string') names.set(jid, name);
    }
    return names;
  }
}

/** Digits that are few say nothing about a number. */
const MIN_DIGITS = 3;

/** Characters with a meaning in the filter's own grammar or in a pattern match any character instead. */
function searchFilter(text: string): string {
  const pattern = `*${text.replace(/["\\%*,()]/g, '_')}*`;
  const digits = text.replace(/\D/g, '');
  return [
    ...['nome', 'nome_perfil', 'nome_empresa', 'jid'].map((column) => `${column}.ilike.${pattern}`),
    ...(digits.length >= MIN_DIGITS ? [`numero.ilike.*${digits}*`] : []),
  ].join(',');
}
