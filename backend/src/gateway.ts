import { DeadLetters } from './bootstrap/dead-letters.js';
import { gatewayStats } from './bootstrap/gateway-stats.js';
import { mediaParts } from './bootstrap/media-parts.js';
import { Housekeeping } from './bootstrap/housekeeping.js';
import { selfTestSteps } from './bootstrap/self-test-steps.js';
import { SendCounter } from './bootstrap/send-counter.js';
import { VERSION } from './bootstrap/version.js';
import { WhatsAppBootstrapService, type ManagedService } from './bootstrap/whatsapp-bootstrap-service.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { createHttpApp } from './http/create-http-app.js';
import { HttpServer } from './http/http-server.js';
import { decodeOptions } from './inbound/decode-options.js';
import { Projector } from './inbound/projector.js';
import { RowWatcher } from './integration/row-watcher.js';
import { tellEverybody } from './integration/tell-everybody.js';
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
import { MediaUploads } from './outbound/upload-media.js';
import { DatabaseHost } from './supabase/database-host.js';
import { SupabaseWhatsAppService } from './supabase/supabase-whatsapp-service.js';
import { WhatsAppWatchdogService } from './watchdog/whatsapp-watchdog-service.js';
import { WebVersion } from './whatsapp/web-version.js';
import { WhatsAppPoolManager } from './whatsapp/whatsapp-pool-manager.js';

export interface GatewayOverrides {
  log: Log;
  clock?: Clock;
}

/** A gateway, wired and not started. */
export interface Gateway {
  /** Resolves when it is ready; the HTTP server listens, the database may still be away. */
  start(): Promise<void>;
  /** Orderly end within 10 s. Can be called twice, and before `start` has ended. */
  stop(): Promise<void>;
  readonly parts: GatewayParts;
}

export type GatewayParts = ReturnType<typeof wire>;

/**
 * The one place where parts meet, in the order of the data's way. Each undo is pushed as its part comes to life.
 * @throws GatewayError JOURNAL_LOCKED, JOURNAL_KEY_MISMATCH, JOURNAL_FAILED
 */
export async function createGateway(config: GatewayConfig, overrides: GatewayOverrides): Promise<Gateway> {
  const { log, clock = systemClock } = overrides;
  const { dataDir: dir, sessionEncryptionKey: encryptionKey, journalMaxBytes: maxBytes } = config;
  const journal = await Journal.open({ dir, encryptionKey, maxBytes, log, clock });
  const parts = wire(config, journal, log, clock);
  const releasers = new Releasers(log, 9_000);
  releasers.push('journal', () => journal.close());
  let starting: Promise<void> | null = null;
  return {
    parts,
    start: () => (starting ??= start(parts, releasers)),
    stop: () => releasers.releaseAll(),
  };
}

async function start(parts: GatewayParts, releasers: Releasers): Promise<void> {
  const { config, log, databaseHost, housekeeping, bootstrap, http, webVersion } = parts;
  for (const warning of config.warnings) log.warn(warning);
  releasers.push('database', () => databaseHost.stop());
  releasers.push('database client', () => parts.database.stop());
  releasers.push('events', parts.tell());
  releasers.push('media', () => parts.media.close());
  await parts.media.open();
  void webVersion.refresh();
  await databaseHost.start();
  housekeeping.start();
  releasers.push('housekeeping', () => housekeeping.stop());
  releasers.push('services', () => bootstrap.stop());
  await bootstrap.initialize();
  releasers.push('http', () => http.stop());
  await http.start();
  log.info('gateway started', { version: VERSION, url: http.address().url, database: config.database.mode });
}

function wire(config: GatewayConfig, journal: Journal, log: Log, clock: Clock) {
  const events = new TypedEmitter<GatewayEvents>(log);
  const databaseHost = new DatabaseHost({ settings: config.database, dataDir: config.dataDir, log, clock });
  const database = new SupabaseWhatsAppService({ host: databaseHost, log, clock });
  const optionsFor = (id: string) => decodeOptions(journal.getConnection(id)?.settings);
  const projector = new Projector({ journal, database, optionsFor, clock, log });

  const numbers = new NumberCheck({ journal, clock, log });
  const media = mediaParts({ config, journal, databaseHost, pool: () => pool, clock, log });
  const uploads = new MediaUploads({ journal, files: media.outgoing });
  const sender = new Sender({ journal, numbers, uploads, clock, log, ratePerMinute: config.sendRatePerMinute });
  const sends = new SendCounter();
  sender.events.on('accepted', () => sends.accepted());
  sender.events.on('sent', () => sends.sent());
  sender.events.on('failed', () => sends.failed());
  const acceptor = new MessageAcceptor({
    journal,
    numbers,
    clock,
    expiryMs: config.sendExpiryMs,
    sender,
    channelOf: (id) => integration.channelOf(id),
  });

  const webVersion = new WebVersion({ log, pinned: config.whatsapp.version });
  const pool: WhatsAppPoolManager = new WhatsAppPoolManager({
    journal,
    clock,
    log,
    baileysLogger: baileysLogger(log),
    webVersion,
    server: config.whatsapp,
    maxClients: config.maxConnections,
    reconnectBaseMs: config.reconnectDelayMs,
    getMessage: (id, whatsappId) => messageFromOutbox(journal, id, whatsappId),
    onClient: (client) => integration.serve(client),
  });
  const rows = new RowWatcher(clock);
  const { defaultOwnerId } = config;
  const integration: WhatsAppIntegrationService = new WhatsAppIntegrationService({
    journal,
    pool,
    database,
    acceptor,
    sender,
    rows,
    numbers,
    media: media.queue,
    mediaStore: media.store,
    intake: media.intake,
    clock,
    log,
    defaultOwnerId,
  });
  const watchdog = new WhatsAppWatchdogService({ pool, clock, log, events, intervalMs: config.healthCheckIntervalMs });
  const bootstrap = new WhatsAppBootstrapService({
    services: managedServices({ database, projector, integration, watchdog }),
    selfTestSteps: () => selfTestSteps({ journal, database, pool, now: () => clock.now() }),
    deadLetters: new DeadLetters({ journal }),
    stats: () => gatewayStats({ journal, database, pool, sends }),
    connections: () => integration.summary(),
    journalWritable: () => journal.probe(),
    foreignServer: config.whatsapp.foreign,
    version: VERSION,
    clock,
    log,
  });
  const { host, port } = config.http;
  const http = new HttpServer({ app: createHttpApp({ config, log, integration, bootstrap }), host, port, log });
  const housekeeping = new Housekeeping({ journal, webVersion, clock, log });
  const tell = () => tellEverybody({ events, pool, projector, database, rows, journal });
  return {
    config,
    log,
    clock,
    events,
    journal,
    databaseHost,
    database,
    projector,
    sender,
    acceptor,
    media,
    webVersion,
    pool,
    integration,
    watchdog,
    bootstrap,
    http,
    housekeeping,
    tell,
  };
}

/** The three services that people start, stop and watch, in their order. */
function managedServices(parts: {
  database: SupabaseWhatsAppService;
  projector: Projector;
  integration: WhatsAppIntegrationService;
  watchdog: WhatsAppWatchdogService;
}): ManagedService[] {
  const { database, projector, integration, watchdog } = parts;
  return [
    {
      name: 'supabase',
      start: () => {
        // It says what is wrong in the log and in its reason; nothing waits for a database.
        void database.start();
        return projector.start();
      },
      stop: () => projector.stop(),
      reason: () => database.reason ?? (projector.state === 'paused' ? 'the database refuses the gateway' : null),
    },
    { name: 'integration', start: () => integration.start(), stop: () => integration.stop(), reason: () => null },
    { name: 'watchdog', start: () => watchdog.start(), stop: () => watchdog.stop(), reason: () => null },
  ];
}
