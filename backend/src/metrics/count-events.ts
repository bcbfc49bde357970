import type { EvolutionWebhooks, WebhookReceipt } from '../evolution/webhook-intake.js';
import type { Projector } from '../inbound/projector.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { MediaQueue } from '../media/media-queue.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import type { RealtimeServer } from '../notifications/realtime/realtime-server.js';
import type { Sender } from '../outbound/sender.js';
import { AVISO_GRUPO, type Evento, type ResultadoEvento } from '../supabase/evento.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { MetricSet } from './metric-set.js';

export interface CountedParts {
  events: TypedEmitter<GatewayEvents>;
  projector: Pick<Projector, 'events'>;
  sender: Pick<Sender, 'events'>;
  database: Pick<SupabaseWhatsAppService, 'events'>;
  realtime: Pick<RealtimeServer, 'events' | 'figures'>;
  incoming: Pick<EvolutionWebhooks, 'events'>;
  media: Pick<MediaQueue, 'events'>;
}

/** Counts what the parts tell. @returns the undo */
export function countEvents(metrics: MetricSet, parts: CountedParts): () => void {
  const { events, projector, sender, database, realtime, incoming, media } = parts;
  const undo = [
    projector.events.on('projected', ({ eventos, resultados }) => countRows(metrics, eventos, resultados)),
    projector.events.on('parked', ({ reason }) =>
      metrics.count('sentinela_entries_parked_total', { code: reason.code }),
    ),
    sender.events.on('accepted', () => metrics.count('sentinela_sends_total', { result: 'accepted', code: '' })),
    sender.events.on('sent', () => metrics.count('sentinela_sends_total', { result: 'sent', code: '' })),
    sender.events.on('failed', ({ error }) =>
      metrics.count('sentinela_sends_total', { result: 'failed', code: error ?? 'UNKNOWN' }),
    ),
    sender.events.on('ackOverdue', () => metrics.count('sentinela_ack_overdue_total')),
    media.events.on('stored', () => metrics.count('sentinela_media_total', { result: 'stored', code: '' })),
    ...(['postponed', 'failed'] as const).map((result) =>
      media.events.on(result, ({ error: code }) => metrics.count('sentinela_media_total', { result, code })),
    ),
    events.on('disconnected', ({ reason, retryInMs }) => {
      metrics.count('sentinela_disconnects_total', { reason });
      if (retryInMs !== null) metrics.count('sentinela_reconnects_total', { reason });
    }),
    events.on('healthCheck', ({ unhealthy }) => {
      metrics.count('sentinela_health_checks_total');
      metrics.set('sentinela_connections_unhealthy', unhealthy.length);
    }),
    events.on('watchdogStep', ({ step }) => metrics.count('sentinela_watchdog_steps_total', { step })),
    events.on('alert', ({ severity, code }) => metrics.count('sentinela_alerts_total', { severity, code })),
    realtime.events.on('refused', ({ code }) => metrics.count('sentinela_websocket_refused_total', { code })),
    realtime.events.on('dropped', ({ code }) => metrics.count('sentinela_websocket_dropped_total', { code })),
    incoming.events.on('taken', (receipt) =>
      metrics.count('sentinela_webhooks_in_total', { result: resultOf(receipt), code: '' }),
    ),
    incoming.events.on('refused', ({ code }) =>
      metrics.count('sentinela_webhooks_in_total', { result: 'refused', code }),
    ),
    database.events.on('request', ({ operation, outcome, ms }) =>
      metrics.observe('sentinela_supabase_request_seconds', ms / 1000, { operation, outcome }),
    ),
  ];
  return () => undo.forEach((off) => off());
}

/** One delivery may carry several items: one that is new makes it so. */
function resultOf({ ignored, accepted }: WebhookReceipt): string {
  if (ignored) return 'ignored';
  return accepted > 0 ? 'accepted' : 'repeated';
}

function countRows(metrics: MetricSet, eventos: Evento[], resultados: ResultadoEvento[]): void {
  eventos.forEach((evento, index) => {
    const resultado = resultados[index]?.resultado;
    if (!resultado) return;
    metrics.count('sentinela_events_projected_total', { op: evento.op, resultado });
    if (evento.op !== 'mensagem' || evento.subtipo === AVISO_GRUPO) return;
    const direction = evento.remetente === 'CLIENTE' ? 'in' : 'out';
    metrics.count('sentinela_messages_total', { direction, tipo: evento.tipo, resultado });
  });
}
