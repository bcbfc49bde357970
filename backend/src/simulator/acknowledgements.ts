import { getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';
import { generateSignalPubKey } from '@whiskeysockets/baileys';
import type { Companion } from './companion.js';
import type { Parcel } from './mailbox.js';
import { onMediaRetry } from './media/media-retry.js';
import { preKeyFrom, signedPreKeyFrom, type PreKeyBundle } from './prekey-bundle.js';
import { bytesOf } from './stanzas.js';
import type { World } from './world.js';

const RETRY_NACK = '500';

/** A `<receipt>` of a companion: takes messages off its queue, marks them read, or asks for one again. */
export function onReceipt(world: World, companion: Companion, receipt: BinaryNode): void {
  const { id, type, to } = receipt.attrs;
  if (type === 'retry') return onRetry(world, companion, receipt);
  if (type === 'server-error') return onMediaRetry(world, companion, receipt);
  const ids = [id!, ...listed(receipt)];
  if (type === 'read' || type === 'read-self') {
    world.history.record({ kind: 'read', ids, chat: to ?? '', companion: companion.jid, type });
  }
  for (const each of ids) settle(world, companion, each, receipt);
}

function settle(world: World, companion: Companion, id: string, { attrs }: BinaryNode): void {
  const type = attrs.type ?? null;
  const parcel = companion.mailbox.find('message', id, attrs.to);
  if (type !== 'read' && type !== 'read-self') {
    const from = parcel?.stanza.attrs.from ?? attrs.to ?? '';
    world.history.record({ kind: 'message.receipted', id, from, companion: companion.jid, type });
  }
  if (!parcel) return;
  companion.mailbox.drop(parcel);
  parcel.onReceipt?.(type);
}

function onRetry(world: World, companion: Companion, receipt: BinaryNode): void {
  const { id, to, participant } = receipt.attrs;
  const count = Number(getBinaryNodeChild(receipt, 'retry')?.attrs.count ?? 1);
  const from = participant ?? to ?? '';
  world.history.record({ kind: 'message.retryRequested', id: id!, from, companion: companion.jid, count });
  companion.mailbox.expectRetryNack(id!);
  const parcel = companion.mailbox.find('message', id!, to);
  if (parcel?.onRetry) return parcel.onRetry(receipt);
  void world.directory.find(from)?.author.retry(companion, id!, parcel, count, keysOf(receipt));
}

/** An `<ack>` of a companion: the end of a receipt or notification, or its refusal of a message. */
export function onAck(world: World, companion: Companion, ack: BinaryNode): void {
  const { id, class: tag, to, error, type } = ack.attrs;
  const parcel = companion.mailbox.find(tag!, id!, to, type);
  if (tag === 'message') return onMessageAck(world, companion, ack, parcel);
  if (!parcel) return;
  companion.mailbox.drop(parcel);
  if (tag === 'receipt') {
    world.history.record({ kind: 'receipt.acked', id: id!, companion: companion.jid, from: to ?? '' });
  }
  if (error === undefined) parcel.onReceipt?.(null);
}

function onMessageAck(world: World, companion: Companion, { attrs }: BinaryNode, parcel: Parcel | undefined): void {
  const error = attrs.error === undefined ? null : Number(attrs.error);
  world.history.record({
    kind: 'message.nacked',
    id: attrs.id!,
    from: attrs.to ?? '',
    companion: companion.jid,
    error,
  });
  if (!parcel || (attrs.error === RETRY_NACK && companion.mailbox.takeRetryNack(attrs.id!))) return;
  companion.mailbox.drop(parcel);
  parcel.onRefused?.(error);
}

const listed = (receipt: BinaryNode): string[] =>
  getBinaryNodeChildren(getBinaryNodeChild(receipt, 'list'), 'item').map(({ attrs }) => attrs.id!);

/** The key bundle of a retry receipt; Baileys adds it from the second request on. */
function keysOf(receipt: BinaryNode): PreKeyBundle | null {
  const keys = getBinaryNodeChild(receipt, 'keys');
  const skey = getBinaryNodeChild(keys, 'skey');
  if (!keys || !skey) return null;
  const key = getBinaryNodeChild(keys, 'key');
  return {
    registrationId: bytesOf(getBinaryNodeChild(receipt, 'registration')).readUInt32BE(),
    identityKey: generateSignalPubKey(bytesOf(getBinaryNodeChild(keys, 'identity'))),
    signedPreKey: signedPreKeyFrom(skey),
    ...(key ? { preKey: preKeyFrom(key) } : {}),
  };
}
