import type { EvolutionPool } from '../evolution/evolution-pool.js';
import type { LiveFact } from '../evolution/live-events.js';
import type { EvolutionWebhooks } from '../evolution/webhook-intake.js';
import type { Projector } from '../inbound/projector.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import type { WebhookDispatcher } from '../notifications/webhooks/webhook-dispatcher.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import { callFact } from './call-fact.js';
import { announceGateway } from './announce-gateway.js';
import { tellInstances } from './instances/tell-instances.js';
import { publishFacts } from './publish-facts.js';
import type { RowWatcher } from './row-watcher.js';
import { tellNumberChanged } from './tell-number-changed.js';
import { tellSamePhone } from './same-phone.js';
import { tellConnections } from './tell-connections.js';

export interface TellEverybodyDeps {
  events: TypedEmitter<GatewayEvents>;
  pool: WhatsAppPoolManager;
  /** Connections on Evolution servers tell the same. */
  evolution: Pick<EvolutionPool, 'events'>;
  /** What Evolution servers post. */
  intake: Pick<EvolutionWebhooks, 'events'>;
  projector: Projector;
  database: SupabaseWhatsAppService;
  rows: RowWatcher;
  journal: Journal;
  dispatcher: WebhookDispatcher;
  clock: Clock;
  log: Log;
}

/** Brings what the parts tell each other into the one emitter that the outside listens to. @returns the undo */
export function tellEverybody(deps: TellEverybodyDeps): () => void {
  const { events, pool, projector, database, rows, journal, dispatcher } = deps;
  const undo = [
    tellConnections(events, pool),
    tellConnections(events, deps.evolution),
    tellSamePhone(events, pool.events, () => journal.listConnections()),
    tellSamePhone(events, deps.evolution.events, () => journal.listConnections()),
    tellNumberChanged(events, pool.events),
    tellNumberChanged(events, deps.evolution.events),
    deps.intake.events.on('live', ({ connectionId, fact }) => tellLive(events, connectionId, fact)),
    tellInstances({ events, recordOf: (id) => pool.get(id)?.record ?? journal.getConnection(id) }),
    projector.events.on('projected', ({ entry, eventos, resultados }) => {
      rows.written(eventos, resultados);
      if (entry.kind === 'call') events.emit('call', callFact(entry));
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
    dispatcher.events.on('failing', ({ name, error }) =>
      events.emit('alert', { severity: 'warning', code: 'WEBHOOK_FAILING', message: `Webhook ${name}: ${error}` }),
    ),
    dispatcher.events.on('disabled', ({ name, reason }) =>
      events.emit('alert', { severity: 'critical', code: 'WEBHOOK_DISABLED', message: `Webhook ${name}: ${reason}` }),
    ),
    journal.webhooks.onDiscarded(({ discarded }) =>
      events.emit('alert', {
        severity: 'critical',
        code: 'WEBHOOK_DELIVERIES_DISCARDED',
        message: `${discarded} deliveries were given up: webhooks have used their part of JOURNAL_MAX_BYTES.`,
      }),
    ),
    announceGateway({ ...deps, store: journal.webhooks }),
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

function tellLive(events: TypedEmitter<GatewayEvents>, connectionId: string, fact: LiveFact): void {
  if (fact.type === 'presenceUpdated') events.emit('presenceUpdated', { connectionId, ...fact.data });
  else if (fact.type === 'chatUpdated') events.emit('chatUpdated', { connectionId, ...fact.data });
  else events.emit('chatDeleted', { connectionId, ...fact.data });
}
