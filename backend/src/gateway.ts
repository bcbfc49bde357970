import { fileLimitWarning } from './bootstrap/file-limit.js';
import { logMessages } from './bootstrap/log-messages.js';
import { VERSION } from './lib/version.js';
import { confirmJournal } from './bootstrap/confirm-journal.js';
import { wireGateway, type GatewayOverrides, type GatewayParts } from './bootstrap/wire-gateway.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { Journal } from './journal/journal.js';
import { systemClock } from './lib/clock.js';
import { withDeadline } from './lib/deadline.js';
import { Releasers } from './lib/releasers.js';

const START_END_MS = 1_000;

/** A gateway, wired and not started. */
export interface Gateway {
  /** Resolves when it is ready; the HTTP server listens, the database may still be away. */
  start(): Promise<void>;
  /** Orderly end within 10 s. Can be called twice, and before `start` has ended. */
  stop(): Promise<void>;
  readonly parts: GatewayParts;
}

/**
 * Opens the journal and joins the parts. Each undo is pushed as its part comes to life.
 * @throws GatewayError JOURNAL_LOCKED, JOURNAL_DAMAGED, JOURNAL_GONE, JOURNAL_KEY_MISMATCH, JOURNAL_FAILED
 */
export async function createGateway(config: GatewayConfig, overrides: GatewayOverrides): Promise<Gateway> {
  const { log, clock = systemClock } = overrides;
  const { dataDir: dir, sessionEncryptionKey: encryptionKey, journalMaxBytes: maxBytes } = config;
  const acceptNew = config.startWithoutJournal;
  const journal = await Journal.open({ dir, encryptionKey, maxBytes, acceptNew, log, clock });
  const parts = wireGateway(config, journal, overrides);
  const releasers = new Releasers(log, 9_000);
  releasers.push('journal', () => journal.close());
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  return {
    parts,
    start: () => (starting ??= start(parts, releasers)),
    stop: () => (stopping ??= stop(releasers, starting)),
  };
}

/** A start that is under way ends at its next step; what it opens until then is closed as well. */
async function stop(releasers: Releasers, starting: Promise<void> | null): Promise<void> {
  await releasers.releaseAll();
  const started = Promise.resolve(starting).catch(() => undefined);
  await withDeadline(started, START_END_MS, 'ending the start').catch(() => undefined);
  await releasers.releaseAll();
}

/** What runs without a key has to know how far that reaches: a proxy that hides itself cannot be told from a local program. */
const KEYLESS =
  'API_KEY is unset: every program on this machine may do everything, pages of other sites and requests through a proxy are refused. Behind a proxy set API_KEY';

async function start(parts: GatewayParts, releasers: Releasers): Promise<void> {
  const { config, log, databaseHost, housekeeping, bootstrap, http, webVersion } = parts;
  for (const warning of [...config.warnings, fileLimitWarning(config)]) if (warning !== null) log.warn(warning);
  if (config.http.apiKey === null) log.warn(KEYLESS);
  releasers.push('database', () => databaseHost.stop());
  releasers.push('database client', () => parts.database.stop());
  releasers.push('events', parts.tell());
  releasers.push('message log', logMessages(parts));
  parts.metrics.start();
  releasers.push('metrics', () => parts.metrics.stop());
  releasers.push('webhooks', () => parts.dispatcher.stop());
  parts.dispatcher.start();
  releasers.push('media', () => parts.media.close());
  releasers.push('Evolution servers', () => parts.evolution.servers.close());
  await parts.media.open();
  if (releasers.released) return;
  void webVersion.refresh();
  if (parts.lastResort.allowed) parts.loopGuard.start();
  releasers.push('loop guard', () => parts.loopGuard.stop());
  const databaseOpen = databaseHost.start();
  // What is wrong with it is said below; until then nobody may call it unheard.
  databaseOpen.catch(() => undefined);
  // What it has not written to the tables is in the journal.
  releasers.push('access', () => parts.access.stop(), 500);
  housekeeping.start();
  releasers.push('housekeeping', () => housekeeping.stop());
  parts.copies.start();
  releasers.push('copies', () => parts.copies.stop());
  releasers.push('services', () => bootstrap.stop());
  releasers.push('waiting for the database', () => databaseHost.leaveWaiting());
  // Before anybody pairs a number with a journal that is not the right one.
  if (parts.journal.unconfirmed) await confirmJournal(parts);
  if (releasers.released) return;
  // The sockets come first, then what others need to reach us: who writes to the numbers does not wait for it.
  await bootstrap.initialize();
  if (releasers.released) return;
  releasers.push('http', () => http.stop());
  // Before it listens: whoever comes first must find both.
  await http.load();
  if (releasers.released) return;
  await parts.realtime.start(http.server);
  releasers.push('websockets', () => parts.realtime.stop());
  await databaseOpen;
  // Stopped meanwhile: nobody is let in any more.
  if (releasers.released) return;
  parts.access.start();
  await http.start();
  log.info('gateway started', { version: VERSION, url: http.address().url, database: config.database.mode });
}
