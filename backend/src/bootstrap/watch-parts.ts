import { join } from 'node:path';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { EvolutionPool } from '../evolution/evolution-pool.js';
import type { Projector } from '../inbound/projector.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import type { Sender } from '../outbound/sender.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import { LastResort } from '../watchdog/last-resort.js';
import { LoopGuard } from '../watchdog/loop-guard.js';
import { watchedRemote, type WatchedPool } from '../watchdog/watched.js';
import { WhatsAppWatchdogService } from '../watchdog/whatsapp-watchdog-service.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';

interface WatchPartsDeps {
  config: GatewayConfig;
  journal: Journal;
  pool: WhatsAppPoolManager;
  remote: Pick<EvolutionPool, 'list' | 'get'>;
  sender: Sender;
  projector: Projector;
  database: SupabaseWhatsAppService;
  events: TypedEmitter<GatewayEvents>;
  /** Ends the process. */
  beyondRepair: (reason: string) => void;
  clock: Clock;
  log: Log;
}

/** Whoever looks whether connections and the process itself are alive, and what they do when not. */
export function watchParts(deps: WatchPartsDeps) {
  const { config, journal, pool, remote, sender, projector, database, events, clock, log } = deps;
  const { mayExit: supervised, checkIntervalMs, eventLoopStallMs, ...health } = config.watchdog;
  const exitFile = join(config.dataDir, 'watchdog-exit.json');
  const lastResort = new LastResort({ file: exitFile, clock, log, supervised, exit: deps.beyondRepair });
  const loopGuard = new LoopGuard({ stallMs: eventLoopStallMs, file: exitFile });
  const watchdog = new WhatsAppWatchdogService({
    ...{ clock, log, events, checkIntervalMs, health, lastResort, supervised },
    pool: watchedPool(pool, remote),
    outboxSince: (id) => oldestUnfinished(journal, id),
    journalWritable: () => journal.probe(),
    oldestPendingAt: () => journal.stats().oldestPendingAt,
    databaseOnline: () => database.reason === null,
    wakeProjector: () => projector.wake(),
  });
  sender.events.on('ackOverdue', ({ connectionId }) => watchdog.ackOverdue(connectionId));
  sender.events.on('reachoutLocked', ({ connectionId }) => pool.get(connectionId)?.care.refused());
  return { lastResort, loopGuard, watchdog };
}

/** Every connection, wherever its socket is. */
export function watchedPool(pool: WhatsAppPoolManager, remote: Pick<EvolutionPool, 'list' | 'get'>): WatchedPool {
  return {
    events: pool.events,
    recreate: (id) => pool.recreate(id),
    list: () => [...pool.list(), ...remote.list().map(watchedRemote)],
    get: (id) => {
      const far = pool.get(id) ? undefined : remote.get(id);
      return pool.get(id) ?? (far && watchedRemote(far));
    },
  };
}

/** The sends of a connection come oldest first. */
function oldestUnfinished(journal: Journal, connectionId: string): number | null {
  for (const { acceptedAt } of journal.listUnfinishedOutbox(connectionId)) return acceptedAt;
  return null;
}
