import type { Evento, ResultadoEvento } from './evento.js';

/** A row as the API shows it: columns as in the table. */
export type Row = Record<string, unknown>;

interface Table {
  Row: Row;
  Insert: Row;
  Update: Row;
  Relationships: [];
}

/** Functions of the migrations that take one `pedido jsonb` and answer rows. */
export type FunctionName =
  | 'alterar_atendimento'
  | 'contar_atendimentos_abertos'
  | 'votos_pendentes'
  | 'gravar_votos'
  | 'cifrados_pendentes'
  | 'resolver_cifrados'
  | 'robo_devidos'
  | 'robo_reservar'
  | 'robo_reservados'
  | 'robo_concluir'
  | 'limpar_auditoria'
  | 'gravar_configuracao'
  | 'ler_configuracao'
  | 'buscar_mensagens'
  | 'buscar_conversas'
  | 'contatos_por_endereco'
  | 'indices_de_instancias';

/** What supabase-js answers, as far as it is looked at. */
export interface Answer {
  data: unknown;
  error: { code?: string; message: string } | null;
  status: number;
}

/** Our tables and functions, as supabase-js wants to know them. */
// supabase-js asks for a type alias: an interface has no index signature.
export type DatabaseSchema = {
  public: {
    Tables: Record<string, Table>;
    Views: Record<string, never>;
    Functions: { registrar_eventos: { Args: { lote: Evento[] }; Returns: ResultadoEvento[] } } & Record<
      FunctionName,
      { Args: { pedido: object }; Returns: Row[] }
    >;
  };
};

/** One page of a list; `nextCursor` null = that was the last one. */
export interface RowPage {
  data: Row[];
  nextCursor: string | null;
}

/** Whose rows a caller may see, and of which sessions alone (undefined = of all); null = all rows. */
export type RowScope = {
  ownerId: string;
  companyIds: string[];
  connections?: readonly { rowId: string | null }[];
} | null;

const POSTGRES_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d(:?\d\d)?$/;
const TIME_COLUMNS =
  /^(timestamp|ultima_mensagem|ultima_atividade|data_(inicio|fim)|(created|updated|connected|disconnected)_at|em|\w+_em)$/;

/** Times as ISO 8601 in UTC, whatever layer stands between us and Postgres (some write `2026-01-01 00:00:00+00`). */
export function normalizeTimes(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => {
      const isTime = typeof value === 'string' && TIME_COLUMNS.test(column) && POSTGRES_TIME.test(value);
      return [column, isTime ? new Date(value).toISOString() : value];
    }),
  );
}
