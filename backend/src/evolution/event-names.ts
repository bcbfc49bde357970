import { isRowEvent } from '../inbound/evolution/wire.js';
import { isLiveEvent } from './live-events.js';

/**
 * One spelling for all of an event's: `messages.upsert` (2.x), `MESSAGES_UPSERT` (as subscribed), `messages-upsert` (the
 * path suffix with `byEvents`) and `messagesUpsert` are one event. Dots and lower case.
 */
export function canonicalEvent(name: string): string {
  const dotted = name
    .trim()
    .replace(/([a-z])([A-Z])/g, '$1.$2')
    .toLowerCase()
    .replace(/[_-]/g, '.');
  return OTHER_NAMES[dotted] ?? dotted;
}

/** Evolution subscribes to `GROUP_UPDATE` and posts `groups.update`. */
const OTHER_NAMES: Record<string, string> = {
  'group.update': 'groups.update',
  'group.upsert': 'groups.upsert',
};

/** Events that say something about the connection instead of a message. */
const STATE_EVENTS = new Set([
  'connection.update',
  'qrcode.updated',
  'status.instance',
  'logout.instance',
  'remove.instance',
  'instance.delete',
]);

/** What is done with an event: rows, the connection's state, news for listeners, or nothing (labels, start-ups, newer ones). */
export function eventClass(event: string): 'rows' | 'state' | 'live' | 'ignored' {
  if (isRowEvent(event)) return 'rows';
  if (isLiveEvent(event)) return 'live';
  return STATE_EVENTS.has(event) ? 'state' : 'ignored';
}

/** Events that a path may end with; anything else there is a secret. */
const SUFFIX =
  /^(application|instance|qrcode|connection|status|messages|send|contacts|presence|chats|groups?|call|labels|typebot|remove|logout)(-[a-z]+){1,3}$/;

/** Whether the last part of a path is the event that `byEvents` appends, such as `messages-upsert`, or a known one otherwise spelt. */
export function isEventSuffix(part: string): boolean {
  return SUFFIX.test(part) || eventClass(canonicalEvent(part)) !== 'ignored';
}
