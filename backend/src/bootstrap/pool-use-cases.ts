import type { Clients } from '../integration/clients.js';
import type { MessageInput, SendResult } from '../integration/resources.js';
import type { WhatsAppIntegrationService } from '../integration/whatsapp-integration-service.js';
import { GatewayError } from '../lib/errors.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import type { MediaToSend, PoolUseCases, SentInfo } from '../whatsapp/pool-faces.js';

export interface PoolUseCasesDeps {
  clients: Clients;
  integration: WhatsAppIntegrationService;
  watchdog: () => { checkNow(): void };
  events: TypedEmitter<GatewayEvents>;
}

/** As long as a send by HTTP waits for WhatsApp's acknowledgement. */
const WAIT_MS = 10_000;

/** What the pool's public methods do: the use cases of the HTTP API, on the word of the program itself (no scope). */
export function poolUseCases({ clients, integration, watchdog, events }: PoolUseCasesDeps): PoolUseCases {
  const send = async (connectionId: string, to: string, message: MessageInput) =>
    sentInfo(await integration.sendMessage({ connectionId, to, message, waitMs: WAIT_MS }, null));
  return {
    create: async (clientId) => (await clients.create({ clientId }, null)).client,
    sendText: (clientId, to, text) => send(clientId, to, { type: 'text', text }),
    sendTextByAny: async (to, text) =>
      sentInfo(await integration.sendByAny({ to, message: { type: 'text', text }, waitMs: WAIT_MS }, null)),
    sendMedia: (clientId, to, { type, caption, fileName, ...media }) =>
      send(clientId, to, { type, caption, fileName, source: sourceOf(media) }),
    readyIds: () => clients.readyIds(null),
    list: () => clients.list(null, true),
    stats: () => clients.stats(null),
    restore: () => clients.restore(null),
    check: async () => {
      const seen = new Promise<GatewayEvents['healthCheck']>((resolve) => {
        const off = events.on('healthCheck', (check) => {
          off();
          resolve(check);
        });
      });
      watchdog().checkNow();
      const { healthy, total, unhealthy } = await seen;
      return { healthy, total, unhealthy };
    },
  };
}

function sourceOf({ url, base64 }: Pick<MediaToSend, 'url' | 'base64'>) {
  if (url !== undefined) return { kind: 'url' as const, url };
  if (base64 !== undefined) return { kind: 'base64' as const, data: base64 };
  throw new GatewayError('BAD_REQUEST', 'media must have url or base64.');
}

function sentInfo({ message: { whatsappId, connectionId, to, status } }: SendResult): SentInfo {
  return { whatsappId, connectionId, to, status };
}
