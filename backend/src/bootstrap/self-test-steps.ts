import type { Journal } from '../journal/journal.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import { inspectConnection } from '../watchdog/connection-health.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import type { SelfTestStep } from './self-test.js';

export interface SelfTestDeps {
  journal: Journal;
  database: Pick<SupabaseWhatsAppService, 'selfTest'>;
  pool: WhatsAppPoolManager;
  now: () => number;
}

/** An entry that waits longer than this means that the queue is not worked off. */
const QUEUE_PATIENCE_MS = 60_000;

/** What `POST /api/whatsapp-bootstrap/test` tries, one step after the other. */
export function selfTestSteps({ journal, database, pool, now }: SelfTestDeps): SelfTestStep[] {
  return [
    { name: 'disk', run: async () => void (await journal.probe()) },
    { name: 'database', run: () => database.selfTest() },
    { name: 'queue', run: async () => checkQueue(journal, now()) },
    ...pool.list().map((client) => ({
      name: `connection:${client.connectionId}`,
      run: async () => {
        const problems = inspectConnection(client, now());
        if (problems.length > 0) throw new Error(`${problems.join(', ')} (${client.estado})`);
        if (client.estado === 'ready') await client.calls.ping();
      },
    })),
  ];
}

function checkQueue(journal: Journal, now: number): void {
  const { pendingEntries, oldestPendingAt } = journal.stats();
  if (oldestPendingAt === null || now - oldestPendingAt < QUEUE_PATIENCE_MS) return;
  const minutes = Math.round((now - oldestPendingAt) / 60_000);
  throw new Error(`${pendingEntries} entries wait for the database, the oldest for ${minutes} min`);
}
