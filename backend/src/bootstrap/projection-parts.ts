import { addressBook } from '../inbound/address-book.js';
import { decodeOptions } from '../inbound/decode-options.js';
import { PollCounter } from '../inbound/poll-counter.js';
import { Projector } from '../inbound/projector.js';
import { SealedOpener } from '../inbound/sealed/sealed-opener.js';
import { announceRows, type Projected } from '../integration/announce-rows.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { PollTable } from '../supabase/polls.js';
import { SealedTable } from '../supabase/sealed-changes.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';

interface ProjectionPartsDeps {
  journal: Journal;
  database: SupabaseWhatsAppService;
  clock: Clock;
  log: Log;
}

/** Opens what is sealed in the rows: votes, and changes of other messages. */
export interface Openers {
  start(): void;
  /** What is under way goes on at the next start. */
  stop(): Promise<void>;
}

/** The way from the journal's log to the rows, and who opens what is sealed in them: votes, edits, reactions. */
export function projectionParts({ journal, database, clock, log }: ProjectionPartsDeps) {
  const optionsFor = (id: string) => decodeOptions(journal.getConnection(id)?.settings);
  const announce = (projected: Projected) =>
    journal.webhooks.inUse ? announceRows(projected, (id) => journal.webhooks.partiesOf(id), wantOriginals()) : [];
  const wantOriginals = () => journal.webhooks.list().some(({ format }) => format !== 'sentinela');
  const projector = new Projector({
    journal,
    database,
    optionsFor,
    numbersOf: addressBook(journal),
    isRowless: (id, whatsappId) => journal.getOutbox(id, whatsappId)?.rowless === true,
    announce,
    clock,
    log,
  });
  const counter = new PollCounter({ polls: new PollTable(database), clock, log });
  const opener = new SealedOpener({ sealed: new SealedTable(database), journal, clock, log });
  projector.events.on('projected', ({ eventos, resultados }) => {
    counter.written(eventos);
    opener.written(eventos, resultados);
  });
  const openers: Openers = {
    start: () => {
      counter.start();
      opener.start();
    },
    stop: async () => {
      await Promise.all([counter.stop(), opener.stop()]);
    },
  };
  return { projector, openers };
}
