import { createBootstrap } from './bootstrap/create-bootstrap.js';
import type { WhatsAppBootstrapService } from './bootstrap/whatsapp-bootstrap-service.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { createHttpApp } from './http/create-http-app.js';
import { HttpServer } from './http/http-server.js';
import { decodeOptions } from './inbound/decode-options.js';
import { Projector } from './inbound/projector.js';
import { tellEverybody } from './integration/tell-everybody.js';
import { RowWatcher } from './integration/row-watcher.js';
import { WhatsAppIntegrationService } from './integration/whatsapp-integration-service.js';
import { Journal } from './journal/journal.js';
import { baileysLogger } from './lib/baileys-logger.js';
import { systemClock, type Clock } from './lib/clock.js';
import type { Log } from './lib/log.js';
import { Releasers } from './lib/releasers.js';
import { TypedEmitter } from './lib/typed-emitter.js';
import type { GatewayEvents } from './notifications/gateway-events.js';
import { MessageAcceptor } from './outbound/accept-message.js';
import { messageFromOutbox } from './outbound/message-from-outbox.js';
import { NumberCheck } from './outbound/number-check.js';
import { Sender } from './outbound/sender.js';
import { DatabaseHost } from './supabase/database-host.js';
import { SupabaseWhatsAppService } from './supabase/supabase-whatsapp-service.js';
import { WhatsAppWatchdogService } from './watchdog/whatsapp-watchdog-service.js';
import { WebVersion } from './whatsapp/web-version.js';
import { WhatsAppPoolManager } from './whatsapp/whatsapp-pool-manager.js';

export interface GatewayOverrides {
  log: Log;
  clock?: Clock;
}

/** Every part, in the order of the data's way. */
export interface GatewayParts {
  config: GatewayConfig;
  log: Log;
  clock: Clock;
  events: TypedEmitter<GatewayEvents>;
  journal: Journal;
  databaseHost: DatabaseHost;
  database: SupabaseWhatsAppService;
  projector: Projector;
  sender: Sender;
  acceptor: MessageAcceptor;
  webVersion: WebVersion;
  pool: WhatsAppPoolManager;
  integration: WhatsAppIntegrationService;
  watchdog: WhatsAppWatchdogService;
  bootstrap: WhatsAppBootstrapService;
  http: HttpServer;
}
