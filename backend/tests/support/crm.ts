import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import ws from 'ws';
import { until } from './until.js';

export type Row = Record<string, unknown>;

/** Looks at the rows as a CRM does: supabase-js with the service key, nothing of the gateway in between. */
export class Crm {
  readonly client: SupabaseClient;

  constructor(url: string, key: string) {
    const auth = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false };
    this.client = createClient(url, key, { auth, realtime: { transport: ws as never } }) as SupabaseClient;
  }

  /** Rows of one table that have all these values, oldest first (by `ordem` when the table has it). */
  async rows(table: string, where: Row = {}, order = 'created_at'): Promise<Row[]> {
    let query = this.client.from(table).select('*');
    for (const [column, value] of Object.entries(where)) {
      query = value === null ? query.is(column, null) : query.eq(column, value);
    }
    const { data, error } = await query.order(order, { ascending: true }).limit(5000);
    if (error) throw new Error(`${table}: ${error.code} ${error.message}`);
    const found: unknown = data;
    return found as Row[];
  }

  async session(connectionId: string): Promise<Row> {
    const find = async () => (await this.rows('whatsapp_sessions', { session_name: connectionId }))[0];
    return await until(`the session row of ${connectionId}`, find);
  }

  /** Messages of a connection, in the order in which the gateway took them. */
  async mensagens(connectionId: string, where: Row = {}): Promise<Row[]> {
    const session_id = (await this.session(connectionId))['id'];
    return this.rows('whatsapp_mensagens', { session_id, ...where }, 'ordem');
  }

  async atendimentos(connectionId: string, where: Row = {}): Promise<Row[]> {
    const session_id = (await this.session(connectionId))['id'];
    return this.rows('whatsapp_atendimentos', { session_id, ...where });
  }

  async contatos(connectionId: string, where: Row = {}): Promise<Row[]> {
    const session_id = (await this.session(connectionId))['id'];
    return this.rows('whatsapp_contatos', { session_id, ...where });
  }

  /** Waits for the row of a message. @param ready what it must be like, when being there is not enough */
  async mensagem(connectionId: string, whatsappId: string, ready: (row: Row) => unknown = () => true): Promise<Row> {
    const find = async () => (await this.mensagens(connectionId, { whatsapp_id: whatsappId })).find(ready);
    return await until(`the row of message ${whatsappId}`, find);
  }

  async update(table: string, id: unknown, changes: Row): Promise<void> {
    const { error } = await this.client.from(table).update(changes).eq('id', id);
    if (error) throw new Error(`${table}: ${error.code} ${error.message}`);
  }
}
