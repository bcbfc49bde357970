import type { Journal } from '../journal/journal.js';
import { DatabaseFailure } from '../supabase/database-failure.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import { inspectConnection } from '../watchdog/connection-health.js';
import type { WatchedClient, WatchedPool } from '../watchdog/watched.js';
import { adviceFor } from '../whatsapp/advice.js';
import type { SelfTestStep } from './self-test.js';

export interface SelfTestDeps {
  journal: Journal;
  database: Pick<SupabaseWhatsAppService, 'selfTest'>;
  pool: Pick<WatchedPool, 'list'>;
  now: () => number;
}

/** An entry that waits longer than this means that the queue is not worked off. */
const QUEUE_PATIENCE_MS = 60_000;

/** What `POST /api/whatsapp-bootstrap/test` tries, one step after the other. */
export function selfTestSteps({ journal, database, pool, now }: SelfTestDeps): SelfTestStep[] {
  return [
    { name: 'disk', run: async () => void (await journal.assertRoom()) },
    { name: 'database', run: () => testDatabase(database) },
    { name: 'queue', run: async () => checkQueue(journal, now()) },
    ...pool.list().map((client) => ({
      name: `connection:${client.connectionId}`,
      run: async () => {
        checkConnection(client, now());
        await client.calls?.ping();
      },
    })),
  ];
}

/** @throws Error with the reason and what to do */
async function testDatabase(database: SelfTestDeps['database']): Promise<void> {
  try {
    await database.selfTest();
  } catch (error) {
    if (!(error instanceof DatabaseFailure)) throw error;
    throw new Error(`${error.inWords} ${error.message}`, { cause: error });
  }
}

/** @throws Error saying that it is not connected, why, and what to do */
function checkConnection(client: WatchedClient, now: number): void {
  const { status, estado, problems } = inspectConnection(client, now);
  if (status === 'healthy') return;
  if (status === 'unhealthy') throw new Error(`connected, but not working: ${problems.join(', ')}`);
  const { motivo } = client.record;
  const why = motivo === null ? estado : `${estado}, ${motivo}`;
  throw new Error(`not connected (${why}): ${adviceFor(estado, motivo) ?? ''}`.trim());
}

function checkQueue(journal: Journal, now: number): void {
  const { pendingEntries, oldestPendingAt } = journal.stats();
  if (oldestPendingAt === null || now - oldestPendingAt < QUEUE_PATIENCE_MS) return;
  const minutes = Math.round((now - oldestPendingAt) / 60_000);
  throw new Error(`${pendingEntries} entries wait for the database, the oldest for ${minutes} min`);
}
