import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import { adviceFor, wasAskedFor } from '../whatsapp/advice.js';
import { ESTADO_TABLE } from '../whatsapp/estado.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';

type Events = TypedEmitter<GatewayEvents>;

/** What becomes of connections, told to the outside; what needs a person is an alert, too. @returns the undo */
export function tellConnections(events: Events, pool: Pick<WhatsAppPoolManager, 'events'>): () => void {
  const undo = [
    pool.events.on('stateChanged', (event) => tellState(events, event)),
    pool.events.on('ready', (event) => events.emit('connected', event)),
    pool.events.on('closed', (event) => events.emit('disconnected', event)),
    pool.events.on('qr', ({ connectionId, qr }) =>
      events.emit('qr', { connectionId, code: qr.code, expiresAt: new Date(qr.expiresAt).toISOString() }),
    ),
    pool.events.on('newChatsPaused', ({ connectionId, pause }) => {
      if (pause) events.emit('alert', { severity: 'warning', code: pause.reason, message: pause.advice, connectionId });
    }),
    pool.events.on('decryptFlood', ({ connectionId, perMinute }) =>
      events.emit('alert', {
        severity: 'warning',
        code: 'DECRYPT_FLOOD',
        message: `${perMinute} mensagens por minuto não puderam ser decifradas nesta conexão.`,
        connectionId,
      }),
    ),
  ];
  return () => undo.forEach((off) => off());
}

function tellState(
  events: Events,
  event: { connectionId: string; estado: keyof typeof ESTADO_TABLE; motivo: string | null },
): void {
  const { connectionId, estado, motivo } = event;
  const conselho = adviceFor(estado, motivo);
  events.emit('connectionState', { ...event, conselho });
  const needsSomebody = ESTADO_TABLE[estado].session === 'error' || (estado === 'logged_out' && motivo !== null);
  if (!needsSomebody || wasAskedFor(motivo)) return;
  events.emit('alert', { severity: 'critical', code: motivo ?? estado, message: conselho ?? estado, connectionId });
}
