import type { Tables, Write } from '../tables.js';
import type { WebhookContext } from './context.js';

/** Somebody reads the whole log of events; kept in the journal, so that it outlives a restart. */
export interface Listening {
  /** Names this stretch of the log: a place of another one says nothing here. */
  id: string;
  /** After this place every event is kept. */
  from: number;
  /** When somebody listened last, ms since the epoch. */
  usedAt: number;
}

const LISTENING = Buffer.from('eventsListening');
const TRIMMED = Buffer.from('eventsTrimmedTo');

export function readListening(tables: Tables): Listening | null {
  return tables.meta.get(LISTENING) as Listening | null;
}

export function listeningWrite({ journal: { tables }, listening }: WebhookContext): Write {
  return tables.meta.put(LISTENING, listening);
}

/** From now on only what webhooks want is kept. */
export function clearListening(context: WebhookContext): Write[] {
  if (context.listening === null) return [];
  context.listening = null;
  context.recent = [];
  return [context.journal.tables.meta.remove(LISTENING)];
}

/** The highest place that was ever cleared: up to it the log may have gaps. */
export function readTrimmedTo(tables: Tables): number {
  return (tables.meta.get(TRIMMED) as number | null) ?? 0;
}

export function trimmedWrite({ journal: { tables }, trimmedTo }: WebhookContext): Write {
  return tables.meta.put(TRIMMED, trimmedTo);
}
