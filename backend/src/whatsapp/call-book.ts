import { areJidsSameUser, jidNormalizedUser, type BinaryNode } from '@whiskeysockets/baileys';
import type { CallFacts, CallStatus } from '../journal/records.js';

/** What a stanza says about a call; `ended` becomes `missed` unless it was answered or rejected before. */
type Said = CallStatus | 'ended';

/** By the child of `<call>`; whatever is not here is talk between phones (Baileys' `getCallStatusFromNode`). */
const BY_TAG: Record<string, (attrs: Record<string, string>) => Said> = {
  offer: () => 'offered',
  // Came while this device was away.
  offer_notice: () => 'offered',
  accept: () => 'accepted_elsewhere',
  reject: () => 'rejected_elsewhere',
  terminate: ({ reason }) => BY_REASON[reason ?? ''] ?? 'ended',
};

const BY_REASON: Record<string, Said> = {
  timeout: 'missed',
  accepted_elsewhere: 'accepted_elsewhere',
  rejected_elsewhere: 'rejected_elsewhere',
};

/** Calls that are remembered; of older ones the end is told as missed. */
const MAX_CALLS = 500;

interface Known {
  video: boolean;
  groupJid: string | null;
  /** How it ended; null while it rings. */
  outcome: CallStatus | null;
}

/** The calls of one connection: puts together what their stanzas say one by one. Each call has one outcome. */
export class CallBook {
  readonly #calls = new Map<string, Known>();

  /** @returns null when the stanza is no news about a call of somebody else */
  read(node: BinaryNode, me: { id: string; lid: string | null }): CallFacts | null {
    const child = Array.isArray(node.content) ? node.content[0] : undefined;
    const say = child && BY_TAG[child.tag];
    const callId = child?.attrs['call-id'];
    const creator = child?.attrs['call-creator'] ?? child?.attrs.from ?? node.attrs.from;
    if (!say || !callId || !creator || [me.id, me.lid].some((own) => own !== null && areJidsSameUser(own, creator)))
      return null;
    const known = this.#calls.get(callId) ?? { video: false, groupJid: null, outcome: null };
    if (known.outcome !== null) return null;
    const said = say(child.attrs);
    if (said === 'offered') {
      known.video = Array.isArray(child.content) && child.content.some(({ tag }) => tag === 'video');
      known.groupJid = child.attrs['group-jid'] ?? null;
    } else {
      known.outcome = said === 'ended' ? 'missed' : said;
    }
    this.#remember(callId, known);
    const { caller_pn: pn, caller_lid: lid } = child.attrs;
    const t = Number(node.attrs.t);
    return {
      callId,
      status: known.outcome ?? 'offered',
      caller: callerOf([creator, pn, lid, node.attrs.sender_pn, node.attrs.sender_lid], node.attrs.notify),
      group: known.groupJid === null ? null : { tipo: 'grupo', jid: known.groupJid, pn: null, lid: null },
      video: known.video,
      time: Number.isFinite(t) && t > 0 ? t * 1000 : null,
    };
  }

  /** Notes how a call ended by our own doing; what WhatsApp says of it later is no news. */
  settle(callId: string, outcome: CallStatus): void {
    const known = this.#calls.get(callId) ?? { video: false, groupJid: null, outcome: null };
    this.#remember(callId, { ...known, outcome });
  }

  #remember(callId: string, call: Known): void {
    this.#calls.delete(callId);
    this.#calls.set(callId, call);
    if (this.#calls.size <= MAX_CALLS) return;
    const [oldest] = this.#calls.keys();
    this.#calls.delete(oldest!);
  }
}

/** @param addresses those that are told, the one that the call came from first */
function callerOf(addresses: (string | undefined)[], name: string | undefined): CallFacts['caller'] {
  const known = addresses.flatMap((jid) => (jid ? [jidNormalizedUser(jid)] : []));
  const ending = (server: string) => known.find((jid) => jid.endsWith(server)) ?? null;
  const party = { tipo: 'pessoa', jid: known[0]!, pn: ending('@s.whatsapp.net'), lid: ending('@lid') } as const;
  return { ...party, ...(name && { nome_perfil: name }) };
}
