import type { Socket } from 'node:net';
import { AccessService } from '../access/access-service.js';
import { copyParts } from './copy-parts.js';
import { DeadLetters } from './dead-letters.js';
import { connectionProxies } from './connection-proxies.js';
import { evolutionParts } from './evolution-parts.js';
import { gatewayStats } from './gateway-stats.js';
import { historyParts } from './history-parts.js';
import { mediaParts } from './media-parts.js';
import { scheduleParts } from './schedule-parts.js';
import { managedServices } from './managed-services.js';
import { peopleParts } from './people-parts.js';
import { projectionParts } from './projection-parts.js';
import { sendingParts } from './sending-parts.js';
import { watchedPool, watchParts } from './watch-parts.js';
import { realtimeParts } from './realtime-parts.js';
import { Housekeeping } from './housekeeping.js';
import { Orphans } from './orphans.js';
import { poolParts } from './pool-parts.js';
import { selfTestSteps } from './self-test-steps.js';
import { VERSION } from '../lib/version.js';
import { WhatsAppBootstrapService } from './whatsapp-bootstrap-service.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { AddressPolicy } from '../egress/address-policy.js';
import { ChatReads } from '../supabase/chat-reads.js';
import { HttpServer } from '../http/http-server.js';
import { Atendimentos } from '../integration/atendimentos.js';
import type { Scope } from '../integration/resources.js';
import { CallRejecter } from '../integration/call-rejecter.js';
import { RobotConfiguration } from '../integration/robot/robot-settings.js';
import { Robot } from '../integration/robot/robot-service.js';
import { RowWatcher } from '../integration/row-watcher.js';
import { MessageTemplates } from '../integration/templates/message-templates.js';
import { tellEverybody } from '../integration/tell-everybody.js';
import { webhookDispatcher } from '../integration/webhook-dispatcher.js';
import { Webhooks } from '../integration/webhooks.js';
import { WhatsAppIntegrationService } from '../integration/whatsapp-integration-service.js';
import type { Journal } from '../journal/journal.js';
import { baileysLogger } from '../lib/baileys-logger.js';
import { systemClock, type Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { messageFromOutbox } from '../outbound/message-from-outbox.js';
import { AtendimentoTable } from '../supabase/atendimentos.js';
import { ContatoTable } from '../supabase/contatos.js';
import { DatabaseHost } from '../supabase/database-host.js';
import { OutageLog } from '../supabase/outage-log.js';
import { RobotTable } from '../supabase/robot.js';
import { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import { WebVersion } from '../whatsapp/web-version.js';
import { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';

export interface GatewayOverrides {
  log: Log;
  clock?: Clock;
  /** The database of this configuration, when somebody has begun to open it. */
  databaseHost?: DatabaseHost;
  /** Ends the process with a code that is not 0: the watchdog's last resort. Default: nothing happens. */
  beyondRepair?: (reason: string) => void;
}

const noExit = () => undefined;
const hostOf = (config: GatewayConfig) => ({ settings: config.database, dataDir: config.dataDir });

export type GatewayParts = ReturnType<typeof wireGateway>;

/** The one place where parts meet, in the order of the data's way. Nothing begins here. */
export function wireGateway(config: GatewayConfig, journal: Journal, overrides: GatewayOverrides) {
  const { log: allLines, clock = systemClock, beyondRepair = noExit } = overrides;
  const outageLog = new OutageLog(allLines);
  const { log } = outageLog;
  const events = new TypedEmitter<GatewayEvents>(log);
  const databaseHost = overrides.databaseHost ?? new DatabaseHost({ ...hostOf(config), log: allLines, clock });
  const database = new SupabaseWhatsAppService({
    ...{ host: databaseHost, log: allLines, clock },
    leftOut: () => outageLog.takeCounts(),
  });
  outageLog.follow(database);
  const { projector, openers } = projectionParts({ journal, database, clock, log });
  const proxies = connectionProxies(config);
  const media = mediaParts({ config, proxies, journal, databaseHost, database, pool: () => pool, clock, log });
  const channelOf = (id: string) => integration.channelOf(id);
  const contatos = new ContatoTable(database);
  const sending = sendingParts({ config, journal, outgoing: media.outgoing, channelOf, contatos, clock, log });
  const { numbers, recipients, sender, sends, acceptor } = sending;
  const webVersion = new WebVersion({ log, pinned: config.whatsapp.version });
  const pool: WhatsAppPoolManager = new WhatsAppPoolManager({
    journal,
    clock,
    log,
    baileysLogger: baileysLogger(log),
    webVersion,
    server: config.whatsapp,
    proxies,
    maxClients: config.maxConnections,
    reconnectBaseMs: config.reconnectDelayMs,
    loginsAtOnce: config.loginsAtOnce,
    getMessage: (id, whatsappId) => messageFromOutbox(journal, id, whatsappId),
    onClient: (client) => integration.serve(client),
  });
  const evolution = evolutionParts({
    ...{ config, journal, media, clock, log },
    serve: (channel) => integration.serveChannel(channel),
    adopt: (instance) => integration.adoptInstance(instance),
    listensAt: () => http.address().url,
  });
  const rows = new RowWatcher(clock);
  const { defaultOwnerId, quotas } = config;
  const templates = new MessageTemplates({ journal, clock, defaultOwnerId, quotas });
  const integration: WhatsAppIntegrationService = new WhatsAppIntegrationService({
    journal,
    pool,
    proxies,
    evolution,
    database,
    acceptor,
    sender,
    rows,
    numbers,
    recipients,
    media: media.queue,
    mediaStore: media.store,
    intake: media.intake,
    templates,
    clock,
    log,
    defaultOwnerId,
    quotas,
    defaultOwnerTexts: config.defaultOwnerTexts,
  });
  const schedule = scheduleParts({
    ...{ config, journal, database, media, acceptor, recipients, sender, integration, templates, clock, log },
  });
  const history = historyParts({ config, journal, projector, media, pool, clock, log });
  const policy = new AddressPolicy(config.outgoingPrivateAddresses);
  const dispatcher = webhookDispatcher({ journal, policy, version: VERSION, clock, log });
  const webhooks = new Webhooks({ journal, dispatcher, policy, clock, quotas });
  const watch = watchParts({
    config,
    journal,
    pool,
    remote: evolution.pool,
    sender,
    projector,
    database,
    events,
    beyondRepair,
    clock,
    log,
  });
  const { lastResort, loopGuard, watchdog } = watch;
  const { instanceDriver } = config;
  const ofPool = poolParts({
    ...{
      journal,
      pool,
      evolution,
      instanceDriver,
      integration,
      sender,
      watchdog: () => watchdog,
      events,
      database,
      clock,
      log,
    },
  });
  const callRejecter = new CallRejecter({ pool, journal, acceptor, clock, log });
  callRejecter.listen();
  const phoneOf = (id: string) => {
    const record = pool.get(id)?.record ?? journal.getConnection(id);
    return record?.settings['silenciosa'] === true ? null : (record?.numero ?? id);
  };
  const isReady = (id: string) => channelOf(id)?.estado === 'ready';
  const robot = new Robot({ table: new RobotTable(database), acceptor, isReady, phoneOf, clock, log });
  projector.events.on('projected', ({ eventos }) => robot.written(eventos));
  const orphans = new Orphans({
    journal,
    isPaired: (id) => evolution.pool.get(id) !== undefined || pool.isPaired(id),
    liveEstado: (id) => pool.get(id)?.estado,
    removeConnection: (id) => integration.removeOrphan(id),
    events,
    ageMs: config.orphanAgeMs,
    clock,
    log,
  });
  const copies = copyParts({ config, journal, events, clock, log });
  const bootstrap: WhatsAppBootstrapService = new WhatsAppBootstrapService({
    services: managedServices({
      ...{ database, projector, openers, integration, robot, schedule, history, watchdog },
      resets: ofPool.resets,
    }),
    selfTestSteps: () =>
      selfTestSteps({ journal, database, pool: watchedPool(pool, evolution.pool), now: () => clock.now() }),
    deadLetters: new DeadLetters({ journal }),
    orphans,
    stats: (scope) =>
      gatewayStats(
        {
          ...{ journal, database, sends, sender, orphans, copies, connections: () => integration.summary(null) },
          maxConnections: config.maxConnections,
        },
        scope,
      ),
    connections: (scope) => integration.summary(scope),
    journalWritable: () => journal.assertRoom(),
    foreignServer: config.whatsapp.foreign,
    version: VERSION,
    clock,
    log,
  });
  const access = new AccessService({
    journal,
    database,
    rootKey: config.http.apiKey,
    jwtSecret: () => databaseHost.current?.jwtSecret ?? config.database.jwtSecret,
    jwks: config.http.jwks,
    jwtAudience: config.http.jwtAudience,
    jwtIssuer: config.http.jwtIssuer,
    defaultOwnerId,
    quotas,
    auditRetentionMs: config.auditRetentionMs,
    clock,
    log,
  });
  const atendimentos = new Atendimentos({
    ...{ database, table: new AtendimentoTable(database) },
    changed: () => robot.wake(),
  });
  const ownerOf = (id: string, scope: Scope | null) => integration.ownerOf(id, scope);
  const robotSettings = new RobotConfiguration({ table: new RobotTable(database), ownerOf });
  const people = peopleParts({ integration, contatos, journal, numbers, recipients, clock, log });
  const { host, port } = config.http;
  const proven = (socket: Socket) => http.gate.prove(socket);
  const realtime = realtimeParts({ config, journal, access, events, proven, clock, log });
  const metrics = new GatewayMetrics({
    ...{ events, projector, sender, database, journal, clock, realtime: realtime.server, incoming: evolution.webhooks },
    media: media.queue,
    connections: () => integration.summary(null).byStatus,
    maxConnections: config.maxConnections,
    circuits: () => evolution.servers.states(),
    sends: () => sender.figures,
    orphans: () => orphans.counts(),
    copies: () => copies.statuses(),
    databaseState: () => database.state,
    ready: () => bootstrap.ready(),
    access: config.metricsAccess,
    version: VERSION,
  });
  const http: HttpServer = new HttpServer({
    app: async () => {
      const { createHttpApp } = await import('../http/create-http-app.js');
      return createHttpApp({
        ...{ config, log, proven, integration, bootstrap, atendimentos, robot: robotSettings },
        ...{ metrics, watchdog, access, webhooks, evolutionWebhooks: evolution.webhooks },
        ...{ scheduled: schedule.messages, templates, media: media.service },
        chats: new ChatReads(database),
        ...people,
        ...ofPool,
      });
    },
    host,
    port,
    log,
  });
  const housekeeping = new Housekeeping({ journal, webVersion, orphans, mediaSweep: media.sweep, access, clock, log });
  const told = {
    ...{ events, pool, evolution: evolution.pool, intake: evolution.webhooks, projector, database },
    ...{ rows, journal, dispatcher, clock, log },
  };
  const tell = () => tellEverybody(told);
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
    evolution,
    integration,
    schedule,
    dispatcher,
    webhooks,
    watchdog,
    lastResort,
    loopGuard,
    bootstrap,
    access,
    realtime,
    http,
    orphans,
    resets: ofPool.resets,
    instances: ofPool.instances,
    notifications: ofPool.notifications,
    metrics,
    housekeeping,
    copies,
    tell,
  };
}
