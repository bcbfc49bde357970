import type { Scope } from '../integration/resources.js';
import { mayUse } from '../integration/scope.js';
import type { Journal } from '../journal/journal.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { Sender } from '../outbound/sender.js';
import type { Copies } from './copy-parts.js';
import type { Orphans } from './orphans.js';
import type { SendCounter } from './send-counter.js';

export interface GatewayStatsDeps {
  journal: Journal;
  database: Pick<SupabaseWhatsAppService, 'ping'>;
  /** All connections, wherever they live. */
  connections: () => { ready: number; total: number };
  /** MAX_CONNECTIONS. */
  maxConnections: number;
  sends: SendCounter;
  sender: Pick<Sender, 'figures'>;
  orphans: Pick<Orphans, 'counts'>;
  copies: Pick<Copies, 'statuses'>;
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
  const { ready, total } = deps.connections();
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
    connections: { active: ready, total, max: deps.maxConnections },
    sends: { ...deps.sends.figures, queues: deps.sender.figures.filter(isTheirs) },
    orphans: deps.orphans.counts(),
    copies: deps.copies.statuses().map(({ kind, lastAt, error }) => ({
      ...{ kind, lastAt: lastAt === null ? null : new Date(lastAt).toISOString() },
      // The error names folders of the machine.
      ...{ failing: error !== null, error: scope === null ? error : null },
    })),
  };
}
