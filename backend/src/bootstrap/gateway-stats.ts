import type { Scope } from '../integration/resources.js';
import { mayUse } from '../integration/scope.js';
import type { Journal } from '../journal/journal.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import type { Sender } from '../outbound/sender.js';
import type { Orphans } from './orphans.js';
import type { SendCounter } from './send-counter.js';

export interface GatewayStatsDeps {
  journal: Journal;
  database: Pick<SupabaseWhatsAppService, 'ping'>;
  pool: WhatsAppPoolManager;
  sends: SendCounter;
  sender: Pick<Sender, 'figures'>;
  orphans: Pick<Orphans, 'counts'>;
}

export type GatewayStats = Awaited<ReturnType<typeof gatewayStats>>;

/**
 * The figures of `GET /api/whatsapp-bootstrap/stats`; the database's answer time is measured by asking it now.
 * @param scope whose connections are named among the queues; null = all. Sums are of the whole gateway.
 */
export async function gatewayStats(deps: GatewayStatsDeps, scope: Scope | null) {
  const queue = deps.journal.stats();
  const isTheirs = ({ connectionId }: { connectionId: string }) => {
    const record = deps.journal.getConnection(connectionId);
    return scope === null || (record !== null && mayUse(record, scope));
  };
  const responseMs = await deps.database.ping().catch(() => null);
  return {
    queues: {
      pendingEntries: queue.pendingEntries,
      oldestPendingAt: queue.oldestPendingAt === null ? null : new Date(queue.oldestPendingAt).toISOString(),
      deadLetters: queue.deadLetters,
      outboxUnfinished: queue.outboxUnfinished,
      mediaWaiting: queue.mediaWaiting,
      journalBytes: queue.liveBytes,
      journalMaxBytes: queue.maxBytes,
    },
    supabase: { reachable: responseMs !== null, responseMs },
    connections: { active: deps.pool.readyCount, total: deps.pool.list().length, max: deps.pool.maxClients },
    sends: { ...deps.sends.figures, queues: deps.sender.figures.filter(isTheirs) },
    orphans: deps.orphans.counts(),
  };
}
