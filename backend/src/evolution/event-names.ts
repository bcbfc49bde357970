import { isRowEvent } from '../inbound/evolution/wire.js';

/**
 * One spelling for all of an event's: `messages.upsert` (2.x), `MESSAGES_UPSERT` (as subscribed) and `messages-upsert` (the
 * path suffix with `byEvents`) are one event. Dots and lower case.
 */
export function canonicalEvent(name: string): string {
  return name.trim().toLowerCase().replace(/[_-]/g, '.');
}

/** Events that say something about the connection instead of a message. */
const STATE_EVENTS = new Set([
  'connection.update',
  'qrcode.updated',
  'status.instance',
  'logout.instance',
  'remove.instance',
  'instance.delete',
]);

/** What is done with an event: rows, the connection's state, or nothing (presence, labels, chats, start-ups, newer ones). */
export function eventClass(event: string): 'rows' | 'state' | 'ignored' {
  if (isRowEvent(event)) return 'rows';
  return STATE_EVENTS.has(event) ? 'state' : 'ignored';
}

/** Events that a path may end with; anything else there is a secret. */
const SUFFIX =
  /^(application|instance|qrcode|connection|status|messages|send|contacts|presence|chats|groups?|call|labels|typebot|remove|logout)(-[a-z]+){1,3}$/;

/** Whether the last part of a path is the event that `byEvents` appends, such as `messages-upsert`. */
export function isEventSuffix(part: string): boolean {
  return SUFFIX.test(part);
}
