import { normalizeTimes } from './rows.js';
import type { SupabaseWhatsAppService } from './supabase-whatsapp-service.js';

/** A row of `whatsapp_instances`. */
export interface InstanceRow {
  id: string;
  instance_name: string;
  /** Null only in rows of an older system. */
  user_id: string | null;
  organization_id: string | null;
  status: string;
  is_connected: boolean;
  phone_number: string | null;
  qr_code: string | null;
}

/** What is known of a connection's owner. */
export interface SessionOwner {
  session_name: string;
  owner_id: string;
  company_id: string | null;
}

/** A connection whose row in `whatsapp_instances` was deleted. */
export interface RequestedReset {
  /** Of its row in `whatsapp_sessions`. */
  id: string;
  session_name: string;
  /** When, ISO 8601. */
  reinicio_pedido_em: string;
}

/** An index of `whatsapp_instances`. */
export interface InstanceIndex {
  nome: string;
  unico: boolean;
  /** Separated by commas. */
  colunas: string;
}

const PAGE = 500;

/** `whatsapp_instances` for commands; the gateway itself only looks for deleted rows. Everything rejects with a DatabaseFailure. */
export class InstanceTable {
  constructor(private readonly database: Pick<SupabaseWhatsAppService, 'query' | 'call'>) {}

  /** All rows, by name. */
  async list(): Promise<InstanceRow[]> {
    return (await this.#all('whatsapp_instances', '*', 'instance_name')) as unknown as InstanceRow[];
  }

  /** The owners of all connections, by name. */
  async owners(): Promise<SessionOwner[]> {
    const columns = 'session_name,owner_id,company_id';
    return (await this.#all('whatsapp_sessions', columns, 'session_name')) as unknown as SessionOwner[];
  }

  /** Says whose it is, unless somebody has said so meanwhile. @returns whether it did */
  async giveTo(id: string, user: { userId: string; organizationId: string | null }): Promise<boolean> {
    const { userId: user_id, organizationId: organization_id } = user;
    const changes = { user_id, ...(organization_id !== null && { organization_id }) };
    const rows = await this.database.query((client) =>
      client.from('whatsapp_instances').update(changes).eq('id', id).is('user_id', null).select('id'),
    );
    return rows.length === 1;
  }

  /** Whose row was deleted since the last `resetDone`. */
  async requestedResets(): Promise<RequestedReset[]> {
    const rows = await this.database.query((client) =>
      client
        .from('whatsapp_sessions')
        .select('id,session_name,reinicio_pedido_em')
        .not('reinicio_pedido_em', 'is', null)
        .limit(PAGE)
        .retry(false),
    );
    return rows as unknown as RequestedReset[];
  }

  /** Takes the mark away, unless the row was deleted once more. */
  async resetDone(id: string, at: string): Promise<void> {
    await this.database.query((client) =>
      client
        .from('whatsapp_sessions')
        .update({ reinicio_pedido_em: null })
        .eq('id', id)
        .eq('reinicio_pedido_em', at)
        .select('id'),
    );
  }

  /** The indexes that the table has. */
  async indexes(): Promise<InstanceIndex[]> {
    return (await this.database.call('indices_de_instancias', {})) as unknown as InstanceIndex[];
  }

  /** The instance of a user and the row of its connection; what is there of them. */
  async ofUser(userId: string): Promise<{ instance: InstanceRow | null; session: Record<string, unknown> | null }> {
    const [instance] = await this.database.query((client) =>
      client.from('whatsapp_instances').select('*').eq('user_id', userId).limit(1).retry(false),
    );
    const [session] = await this.database.query((client) =>
      client.from('whatsapp_sessions').select('*').eq('session_name', `user_${userId}`).limit(1).retry(false),
    );
    return {
      instance: (instance as InstanceRow | undefined) ?? null,
      session: session ? normalizeTimes(session) : null,
    };
  }

  /** Removes both rows of an instance that never was anybody's: one with conversations is refused by the database. */
  async remove(userId: string): Promise<void> {
    await this.database.query((client) =>
      client.from('whatsapp_instances').delete().eq('user_id', userId).select('id'),
    );
    await this.database.query((client) =>
      client.from('whatsapp_sessions').delete().eq('session_name', `user_${userId}`).select('id'),
    );
  }

  async #all(table: string, columns: string, key: string): Promise<Record<string, unknown>[]> {
    const rows: Record<string, unknown>[] = [];
    for (;;) {
      const after = rows.at(-1)?.[key] as string | undefined;
      const page = await this.database.query((client) => {
        const query = client.from(table).select(columns).order(key).limit(PAGE).retry(false);
        return after === undefined ? query : query.gt(key, after);
      });
      rows.push(...page);
      if (page.length < PAGE) return rows;
    }
  }
}
