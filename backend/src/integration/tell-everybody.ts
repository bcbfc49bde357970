import type { Projector } from '../inbound/projector.js';
import type { Journal } from '../journal/journal.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import { publishFacts } from './publish-facts.js';
import type { RowWatcher } from './row-watcher.js';
import { tellConnections } from './tell-connections.js';

export interface TellEverybodyDeps {
  events: TypedEmitter<GatewayEvents>;
  pool: WhatsAppPoolManager;
  projector: Projector;
  database: SupabaseWhatsAppService;
  rows: RowWatcher;
  journal: Journal;
}

/** Brings what the parts tell each other into the one emitter that the outside listens to. @returns the undo */
export function tellEverybody(deps: TellEverybodyDeps): () => void {
  const { events, pool, projector, database, rows, journal } = deps;
  const undo = [
    tellConnections(events, pool),
    projector.events.on('projected', ({ eventos, resultados }) => {
      rows.written(eventos, resultados);
      publishFacts(events, eventos, resultados);
    }),
    projector.events.on('parked', ({ connectionId, reason }) =>
      events.emit('alert', { severity: 'warning', code: 'DEAD_LETTER', message: reason.message, connectionId }),
    ),
    projector.events.on('alert', ({ code, message }) => events.emit('alert', { severity: 'critical', code, message })),
    journal.onBudget(({ percent }) =>
      events.emit('alert', {
        severity: percent < 80 ? 'warning' : 'critical',
        code: 'JOURNAL_BUDGET',
        message: `The journal has used ${percent} % of its disk budget (JOURNAL_MAX_BYTES).`,
      }),
    ),
    database.events.on('supabaseOffline', ({ state, code }) =>
      events.emit('supabaseOffline', { reason: `${state}: ${code}` }),
    ),
    database.events.on('supabaseOnline', () => {
      events.emit('supabaseOnline', {});
      projector.wake();
    }),
  ];
  return () => undo.forEach((off) => off());
}
