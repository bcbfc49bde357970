import type { WebhookContext } from './context.js';
import type { EventRecord } from './records.js';

/** So many of the newest events stay in memory once they are on the disk: about a second of the busiest times. */
const MOST_RECENT = 512;

/** Lets listeners have events that are about to be committed. Without listeners nothing is held. */
export function passOn({ listening, recent, journal }: WebhookContext, events: readonly EventRecord[]): void {
  if (listening === null || events.length === 0) return;
  recent.push(...events);
  journal.events.emit('eventsPlanned', null);
}

/** They are on the disk: from now on it has them, too. */
export function stored(context: WebhookContext, events: readonly EventRecord[]): void {
  const last = events.at(-1);
  if (last === undefined) return;
  context.storedTo = Math.max(context.storedTo, last.seq);
  const { recent, storedTo } = context;
  const spare = Math.max(0, recent.length - MOST_RECENT);
  const gone = recent.findIndex(({ seq }, index) => index >= spare || seq > storedTo);
  if (gone > 0) recent.splice(0, gone);
}
