import type { ChatSearch } from '../../integration/chat-search.js';
import type { Scope } from '../../integration/resources.js';
import type { MediaPort } from '../media-port.js';
import type { ApiKeysPort, IntegrationPort, WebhooksPort } from '../ports.js';

/** What the routes for Evolution API's clients call: the same use cases as our own routes. */
export interface EvolutionPorts {
  integration: IntegrationPort;
  media: Pick<MediaPort, 'open'>;
  webhooks: Pick<WebhooksPort, 'list' | 'create' | 'update'>;
  clients: {
    reconnect(id: string, scope: Scope | null): Promise<unknown>;
    logout(id: string, scope: Scope | null): Promise<unknown>;
  };
  keys: Pick<ApiKeysPort, 'create' | 'list' | 'revoke'>;
  chats: ChatSearch;
}
