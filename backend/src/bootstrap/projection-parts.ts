import { decodeOptions } from '../inbound/decode-options.js';
import { PollCounter } from '../inbound/poll-counter.js';
import { Projector } from '../inbound/projector.js';
import { announceRows, type Projected } from '../integration/announce-rows.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { PollTable } from '../supabase/polls.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';

interface ProjectionPartsDeps {
  journal: Journal;
  database: SupabaseWhatsAppService;
  clock: Clock;
  log: Log;
}

/** The way from the journal's log to the rows, and who counts the votes in them. */
export function projectionParts({ journal, database, clock, log }: ProjectionPartsDeps) {
  const optionsFor = (id: string) => decodeOptions(journal.getConnection(id)?.settings);
  const announce = (projected: Projected) =>
    journal.webhooks.inUse ? announceRows(projected, (id) => journal.webhooks.partiesOf(id)) : [];
  const projector = new Projector({ journal, database, optionsFor, announce, clock, log });
  const polls = new PollCounter({ polls: new PollTable(database), clock, log });
  projector.events.on('projected', ({ eventos }) => polls.written(eventos));
  return { projector, polls };
}
