import { connectionKey, seqKey, seqOfKey } from '../record-keys.js';

const UUID_BYTES = 16;

/** Everything of one webhook starts with these 16 bytes. @param id a UUID */
export function webhookKey(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

/** A line of the ledger: webhook, place of the event. */
export function deliveryKey(webhookId: string, seq: number): Buffer {
  return Buffer.concat([webhookKey(webhookId), seqKey(seq)]);
}

/** All that waits for one webhook and is about one connection: order is kept within it. */
export function laneKey(webhookId: string, connectionId: string | null): Buffer {
  return Buffer.concat([webhookKey(webhookId), connectionKey(connectionId ?? '')]);
}

/** A place in the line. */
export function queueKey(webhookId: string, connectionId: string | null, seq: number): Buffer {
  return Buffer.concat([laneKey(webhookId, connectionId), seqKey(seq)]);
}

/** The lane of a key in the line, and the event's place. */
export function readQueueKey(key: Buffer): { lane: Buffer; connectionId: string | null; seq: number } {
  const length = key[UUID_BYTES] as number;
  const end = UUID_BYTES + 1 + length;
  const id = key.subarray(UUID_BYTES + 1, end).toString('utf8');
  return { lane: key.subarray(0, end), connectionId: id === '' ? null : id, seq: seqOfKey(key.subarray(end)) };
}
