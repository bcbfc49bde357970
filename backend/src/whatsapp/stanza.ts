import { createHash } from 'node:crypto';
import { jidNormalizedUser, type BinaryNode } from '@whiskeysockets/baileys';
import type { GatewayError } from '../lib/errors.js';
import type { StanzaPart, StoredNode } from '../journal/records.js';

export interface EncPart {
  /** The very object Baileys hands to its decrypt functions: identity finds the stanza again. */
  ciphertext: Uint8Array;
  sha256: Buffer;
  outcome: StanzaPart | null;
}

/** A `<message>` stanza on its way from the socket into the journal. */
export class Stanza {
  readonly encs: EncPart[];
  /** Its log entry is in the journal, or was there before (a redelivery). */
  journaled = false;
  /** Set when the journal could not take it: nothing may be answered to WhatsApp any more. */
  fatal: GatewayError | null = null;
  /** Under this sha256 it waits in the journal until Baileys is through with it; null when it does not. */
  replay: Uint8Array | null = null;

  constructor(readonly node: BinaryNode) {
    const children = Array.isArray(node.content) ? node.content : [];
    this.encs = children
      .filter((child) => child.tag === 'enc' && child.content instanceof Uint8Array)
      .map((child) => {
        const ciphertext = child.content as Uint8Array;
        return { ciphertext, sha256: createHash('sha256').update(ciphertext).digest(), outcome: null };
      });
  }

  /** Whoever this is about, in every spelling the stanza gives: the lanes it must not overtake. */
  get parties(): string[] {
    const { from, participant, recipient, sender_pn, sender_lid, participant_pn, participant_lid } = this.node.attrs;
    return [from, participant, recipient, sender_pn, sender_lid, participant_pn, participant_lid]
      .filter((jid) => jid !== undefined)
      .map((jid) => jidNormalizedUser(jid));
  }

  /** All parts before `part` have an outcome and none comes after it. */
  isLast(part: EncPart): boolean {
    return this.encs.every((each) => each === part || each.outcome !== null);
  }

  get outcomes(): StanzaPart[] {
    return this.encs.map((part) => part.outcome).filter((outcome) => outcome !== null);
  }
}

/** A stanza as the journal keeps it: each ciphertext (`enc`) replaced by its sha256, everything else as received. */
export function toStoredNode(node: BinaryNode, encs: readonly EncPart[] = []): StoredNode {
  const stored: StoredNode = { tag: node.tag, attrs: node.attrs };
  const { content } = node;
  if (Array.isArray(content)) stored.content = content.map((child) => toStoredNode(child, encs));
  else if (content !== undefined) stored.content = encs.find((part) => part.ciphertext === content)?.sha256 ?? content;
  return stored;
}
