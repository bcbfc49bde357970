import type { StatusAgendamento } from './evento.js';
import { AGENDADAS, type PageRequest, type TwoWayPage } from './keyset-page.js';
import type { RowScope } from './rows.js';
import { scopeFilter } from './scope-filter.js';
import type { SupabaseWhatsAppService } from './supabase-whatsapp-service.js';
import { oneOfTexts } from './text-filter.js';

/** Which scheduled messages are wanted; what is absent is not asked for. */
export interface ScheduledFilter {
  /** Connection id. */
  sessao?: string | undefined;
  status?: readonly StatusAgendamento[] | undefined;
  /** Not before `de`, and before `ate` (ISO 8601). */
  de?: string | undefined;
  ate?: string | undefined;
}

/** Reads `whatsapp_mensagens_agendadas`. */
export class ScheduledTable {
  constructor(private readonly database: Pick<SupabaseWhatsAppService, 'page'>) {}

  /** The earliest first. @throws GatewayError `BAD_REQUEST` (cursor), DatabaseFailure */
  list({ sessao, status, de, ate }: ScheduledFilter, page: PageRequest, scope: RowScope): Promise<TwoWayPage> {
    return this.database.page(
      (client) => {
        let query = client.from('whatsapp_mensagens_agendadas').select('*');
        if (sessao !== undefined) query = query.filter('sessao', 'in', oneOfTexts(sessao));
        if (status) query = query.in('status', [...status]);
        if (de !== undefined) query = query.gte('enviar_em', de);
        if (ate !== undefined) query = query.lt('enviar_em', ate);
        return { query, alternatives: [scope && scopeFilter(scope)] };
      },
      AGENDADAS,
      page,
    );
  }
}
