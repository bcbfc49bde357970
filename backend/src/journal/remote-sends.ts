import type { JournalContext } from './context.js';
import { ownedKey } from './record-keys.js';
import type { RemoteSend } from './records.js';
import { RETENTION_MS } from './retention.js';
import type { Write } from './tables.js';

/** `left` by our id; `ours` and `theirs` of what the server knows. */
type Kind = 'left' | 'ours' | 'theirs';
const KINDS: Record<Kind, Buffer> = { left: Buffer.from('l'), ours: Buffer.from('o'), theirs: Buffer.from('t') };

/** By our id: whether it may have left, or under which id the server knows it; null when neither. */
export function getRemoteSend(context: JournalContext, connectionId: string, whatsappId: string): RemoteSend | null {
  const { remoteSends } = context.tables;
  return (
    remoteSends.get(keyOf(context, connectionId, 'ours', whatsappId)) ??
    remoteSends.get(keyOf(context, connectionId, 'left', whatsappId))
  );
}

/** By the server's id. */
export function findRemoteSend(context: JournalContext, connectionId: string, remoteId: string): RemoteSend | null {
  return context.tables.remoteSends.get(keyOf(context, connectionId, 'theirs', remoteId));
}

/** Those of a connection of which nothing was heard, the oldest first; rarely more than a few. */
export function listLeftSends({ tables }: JournalContext, connectionId: string): RemoteSend[] {
  const rows = tables.remoteSends.withPrefix(ownedKey(connectionId, KINDS.left));
  return rows.map(({ key, value }) => tables.remoteSends.decode(key, value)).sort((a, b) => a.at - b.at);
}

export function remoteSendWrites(context: JournalContext, record: RemoteSend): Write[] {
  const { remoteSends } = context.tables;
  const { connectionId, whatsappId, remoteId, state, at } = record;
  const left = keyOf(context, connectionId, 'left', whatsappId);
  const expiresAt = at + RETENTION_MS.outbox;
  if (state === 'left') return [remoteSends.put(left, record, expiresAt)];
  if (state === 'waiting' || remoteId === null) return [remoteSends.remove(left)];
  return [
    remoteSends.remove(left),
    remoteSends.put(keyOf(context, connectionId, 'ours', whatsappId), record, expiresAt),
    remoteSends.put(keyOf(context, connectionId, 'theirs', remoteId), record, expiresAt),
  ];
}

function keyOf(context: JournalContext, connectionId: string, kind: Kind, id: string): Buffer {
  return ownedKey(connectionId, Buffer.concat([KINDS[kind], context.sealer.conceal(id)]));
}
