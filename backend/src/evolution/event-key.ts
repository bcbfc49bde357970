import { createHash } from 'node:crypto';

type Json = Record<string, unknown>;

/** Events that may be told several times about one message, each with another content. */
const BY_CONTENT = new Set([
  'messages.edited',
  'contacts.set',
  'contacts.upsert',
  'contacts.update',
  'groups.upsert',
  'groups.update',
]);

/**
 * What makes a delivery the same as an earlier one: its kind, message and status; of events about no message, or with a
 * content that changes, everything in them. The instance is the scope that the key is kept under.
 */
export function eventKey(event: string, whatsappId: string | null, item: unknown, rest: unknown): string {
  if (whatsappId === null || BY_CONTENT.has(event)) return JSON.stringify([event, digest([item, rest])]);
  const { status, participant, pollUpdates, key } = item as Json & { key?: Json };
  const member = participant ?? key?.['participant'] ?? null;
  const votes = pollUpdates === undefined ? null : digest(pollUpdates);
  return JSON.stringify([
    event,
    whatsappId,
    isUpdate(event) ? (statusOf(item as Json) ?? status ?? null) : null,
    member,
    votes,
  ]);
}

/** A message is one message, whatever its status was when it was posted. */
function isUpdate(event: string): boolean {
  return event === 'messages.update' || event === 'send.message.update';
}

function statusOf({ update }: Json): unknown {
  return typeof update === 'object' && update !== null ? (update as Json)['status'] : undefined;
}

function digest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value ?? null))
    .digest('base64url');
}
