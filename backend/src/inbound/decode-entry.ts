import type { LogEntry } from '../journal/records.js';
import { storable, type StorableReport } from '../lib/text.js';
import type { Evento } from '../supabase/evento.js';
import { decodeCall } from './decode-call.js';
import { assertSize } from './entry-budget.js';
import { decodeMedia, decodeRead } from './decode-media.js';
import { decodeContact, decodeSession } from './decode-records.js';
import { decodeOutcome, decodeOutgoing } from './decode-outgoing.js';
import { DEFAULT_DECODE_OPTIONS, type DecodeOptions } from './decode-options.js';
import { decodeEvolution } from './evolution/decode-evolution.js';
import { decodeHistory } from './decode-history.js';
import { decodeNotice } from './decode-notice.js';
import { decodeReceipt } from './decode-receipt.js';
import { decodeScheduled, decodeTemplate } from './decode-schedule.js';
import { decodeStanza } from './decode-stanza.js';
import { decodeOpened } from './sealed/decode-opened.js';
import { UndecodableEntry } from './stanza-addresses.js';

/**
 * One entry of the log → the items of `registrar_eventos` that it means, in order; none when it is no news for people.
 * Pure: the same entry always gives the same items, ids included. All texts in them can be stored by Postgres.
 * @throws UndecodableEntry when the entry lacks what any row needs (sender, message id)
 * @throws EntryTooCostly when it means more than one entry may
 */
export async function decodeEntry(entry: LogEntry, options: DecodeOptions = DEFAULT_DECODE_OPTIONS): Promise<Evento[]> {
  const events = await decodeKind(entry, options);
  assertSize(events.length, 0);
  let chars = 0;
  return events.map((event) => {
    const report: StorableReport = { altered: false, cut: false, chars: 0 };
    const storableOne = storableEvent(event, report);
    chars += report.chars;
    assertSize(events.length, chars);
    return storableOne;
  });
}

function decodeKind(entry: LogEntry, options: DecodeOptions): Evento[] | Promise<Evento[]> {
  switch (entry.kind) {
    case 'stanza':
      return decodeStanza(entry, options);
    case 'receipt':
      return decodeReceipt(entry, options);
    case 'notification':
      return decodeNotice(entry, options);
    case 'outgoing':
      return decodeOutgoing(entry);
    case 'outcome':
      return decodeOutcome(entry);
    case 'session':
      return decodeSession(entry);
    case 'contact':
      return decodeContact(entry);
    case 'media':
      return decodeMedia(entry);
    case 'read':
      return decodeRead(entry);
    case 'evolution':
      return decodeEvolution(entry, options);
    case 'history':
      return decodeHistory(entry, options);
    case 'opened':
      return decodeOpened(entry);
    case 'scheduled':
      return decodeScheduled(entry);
    case 'template':
      return decodeTemplate(entry);
    case 'call':
      return decodeCall(entry, options);
    case 'unreadable':
      throw new UndecodableEntry('the record cannot be read: it was damaged or tampered with');
  }
}

/** Says so in the row when its text is not exactly what was received. */
function storableEvent(event: Evento, report: StorableReport): Evento {
  const clean = storable(event, report);
  if (clean.op !== 'mensagem' || (!report.altered && !report.cut)) return clean;
  const facts = { ...(report.altered ? { textoAlterado: true } : {}), ...(report.cut ? { textoCortado: true } : {}) };
  return { ...clean, dados: { ...clean.dados, ...facts } };
}
