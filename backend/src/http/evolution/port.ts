import type { ChatSearch } from '../../integration/chat-search.js';
import type { ClientsPort } from '../pool-ports.js';
import type { MediaPort } from '../media-port.js';
import type { ApiKeysPort, IntegrationPort, WebhooksPort } from '../ports.js';

/** What the routes for Evolution API's clients call: the same use cases as our own routes. */
export interface EvolutionPorts {
  integration: IntegrationPort;
  media: Pick<MediaPort, 'open'>;
  webhooks: Pick<WebhooksPort, 'list' | 'create' | 'update' | 'delete'>;
  clients: Pick<ClientsPort, 'reconnect' | 'logout'>;
  keys: Pick<ApiKeysPort, 'create' | 'list' | 'revoke'>;
  chats: ChatSearch;
}
