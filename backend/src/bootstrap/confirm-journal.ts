import type { Journal } from '../journal/journal.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { DatabaseHost } from '../supabase/database-host.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';

const DEADLINE_MS = 15_000;
const NAMED = 5;

/**
 * Asks the database whether an empty journal may be the gateway's first one: rows of connections that had a number and
 * were not logged out say that another journal had their credentials. A database that cannot answer now leaves it open.
 * @throws GatewayError `JOURNAL_GONE`
 */
export async function confirmJournal(parts: {
  journal: Journal;
  databaseHost: DatabaseHost;
  database: SupabaseWhatsAppService;
  log: Log;
}): Promise<void> {
  const { journal, log } = parts;
  let names: string[];
  try {
    names = await withDeadline(connectionsInDatabase(parts), DEADLINE_MS, 'the connections in the database');
  } catch (error) {
    log.warn('the database cannot say whether this gateway had a journal', { error });
    return;
  }
  if (names.length > 0) throw gone(names);
  await journal.confirm();
}

async function connectionsInDatabase({ databaseHost, database }: Parameters<typeof confirmJournal>[0]) {
  await databaseHost.opened;
  const rows = await database.query((client) =>
    client
      .from('whatsapp_sessions')
      .select('session_name')
      .not('numero', 'is', null)
      .neq('estado', 'logged_out')
      .limit(NAMED)
      .retry(false),
  );
  return rows.map((row) => String(row['session_name']));
}

function gone(names: string[]): GatewayError {
  return new GatewayError(
    'JOURNAL_GONE',
    `The journal in DATA_DIR is empty, and the database has connections whose credentials were in one (${names.join(', ')}). ` +
      'Check DATA_DIR, or restore a backup: npm run restore. To begin without it (every number must be paired again, or ' +
      'the connections belong to another gateway on the same database) set START_WITHOUT_JOURNAL=true for one start.',
    { details: { connections: names } },
  );
}
