import { getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';

/** What WhatsApp's server answered to a message of ours (`<ack class="message">`), or a receipt, which implies it. */
export interface ServerAck {
  whatsappId: string;
  /** The chat, as we addressed it. */
  from: string;
  /** WhatsApp's number as text ("463"); null = accepted. */
  error: string | null;
  /** The ack's own time, ms since the epoch. */
  serverTimeMs: number;
}

/** @param now ms since the epoch, for an ack without a time of its own */
export function ackOf(node: BinaryNode, now: number): ServerAck {
  const { id, from, error } = node.attrs;
  return { whatsappId: id ?? '', from: from ?? '', error: error ?? null, serverTimeMs: timeOf(node, now) };
}

/** Whoever got a message proves that the server took it: its ack may have been lost with an earlier socket. */
export function acksOfReceipt(node: BinaryNode, now: number, onAck: (ack: ServerAck) => void): void {
  const { id, from = '' } = node.attrs;
  const listed = getBinaryNodeChildren(getBinaryNodeChild(node, 'list'), 'item').map(({ attrs }) => attrs.id);
  const serverTimeMs = timeOf(node, now);
  for (const whatsappId of [id, ...listed]) {
    if (whatsappId) onAck({ whatsappId, from, error: null, serverTimeMs });
  }
}

/** WhatsApp counts in seconds. */
function timeOf({ attrs: { t } }: BinaryNode, now: number): number {
  return t ? Number(t) * 1000 : now;
}
