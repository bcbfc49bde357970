import { isJidGroup, jidNormalizedUser, S_WHATSAPP_NET, type proto, type WASocket } from '@whiskeysockets/baileys';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { ChatCalls } from './chat-calls.js';
import { ContactCalls } from './contact-calls.js';
import type { ContactLearner } from './contact-learner.js';
import { GroupCalls } from './group-calls.js';
import type { Lanes } from './lanes.js';
import type { FrameGate } from './frame-gate.js';
import { MediaCalls } from './media-calls.js';
import { stanzaExtras } from './stanza-extras.js';

export interface OpenSocket {
  sock: WASocket;
  me: { id: string; lid: string | null };
  frames: Pick<FrameGate, 'written'>;
}

export interface ClientCallsDeps {
  lanes: Lanes;
  contacts: ContactLearner;
  /** The socket that is logged in now, or null. */
  socket: () => OpenSocket | null;
}

const PING_DEADLINE_MS = 10_000;
const QUERY_DEADLINE_MS = 15_000;
const RELAY_DEADLINE_MS = 30_000;

/** What can be asked of WhatsApp while a connection is ready. Everything has a deadline; nothing is retried here. */
export class ClientCalls {
  readonly media: MediaCalls;
  readonly chat: ChatCalls;
  readonly groups: GroupCalls;
  readonly contacts: ContactCalls;

  constructor(private readonly deps: ClientCallsDeps) {
    this.media = new MediaCalls(deps.socket);
    this.chat = new ChatCalls(deps.socket);
    this.groups = new GroupCalls(deps);
    this.contacts = new ContactCalls(deps.socket);
  }

  /**
   * Writes one message to the socket under the given id. Resolves when it is written, not when it is accepted: that is
   * the `ack` event. Rejects NOT_CONNECTED, ENCRYPTION_FAILED, DEADLINE_EXCEEDED, GROUP_NOT_FOUND, GROUP_FORBIDDEN.
   */
  async relay(
    jid: string,
    message: proto.IMessage,
    options: { messageId: string; freshDevices?: boolean },
  ): Promise<void> {
    const { sock, me, frames } = this.#open();
    const parties = await this.#parties(jid, me);
    if (isJidGroup(jid)) await this.deps.contacts.ensure(sock, jid);
    const { messageId } = options;
    const send = async () => {
      if (isJidGroup(jid)) await this.deps.contacts.groups.renewed.forgetIn(jid, sock.authState.keys);
      return sock.relayMessage(jid, message, {
        messageId,
        useUserDevicesCache: options.freshDevices !== true,
        ...stanzaExtras(message),
      });
    };
    try {
      // The same lane as what this chat sends us: its Signal session has one writer at a time.
      await this.deps.lanes.run(parties, () => withDeadline(send(), RELAY_DEADLINE_MS, 'send'));
      // The next one may be encrypted meanwhile.
      await withDeadline(frames.written(), RELAY_DEADLINE_MS, 'writing');
    } catch (cause) {
      if (isGatewayError(cause) && cause.code !== 'JOURNAL_FAILED') throw cause;
      throw new GatewayError(sock.ws.isOpen ? 'ENCRYPTION_FAILED' : 'NOT_CONNECTED', undefined, { cause });
    }
  }

  /** Asks WhatsApp for a number, all its spellings in one question. @returns its address as WhatsApp spells it, or null
   *  when nobody has it. */
  async lookupNumber(spellings: string[]): Promise<{ jid: string; lid: string | null } | null> {
    const { sock } = this.#open();
    const found = await withDeadline(sock.onWhatsApp(...spellings), QUERY_DEADLINE_MS, 'number lookup');
    const match = found?.find((each) => each.exists);
    return match ? { jid: match.jid, lid: await this.lidForPn(match.jid) } : null;
  }

  /** The LID of a number's JID, asked of WhatsApp when it is not known; null when there is none or nobody to ask. */
  async lidForPn(pnJid: string): Promise<string | null> {
    const mapping = this.deps.socket()?.sock.signalRepository.lidMapping;
    return mapping ? bareJid(await withDeadline(mapping.getLIDForPN(pnJid), QUERY_DEADLINE_MS, 'LID lookup')) : null;
  }

  async pnForLid(lidJid: string): Promise<string | null> {
    const mapping = this.deps.socket()?.sock.signalRepository.lidMapping;
    return mapping ? bareJid(await withDeadline(mapping.getPNForLID(lidJid), QUERY_DEADLINE_MS, 'LID lookup')) : null;
  }

  /** A round trip through the socket: rejects when WhatsApp does not answer an empty question within 10 s. */
  async ping(): Promise<void> {
    const { sock } = this.#open();
    const iq = { tag: 'iq', attrs: { to: S_WHATSAPP_NET, type: 'get', xmlns: 'w:p', id: sock.generateMessageTag() } };
    await withDeadline(sock.query({ ...iq, content: [{ tag: 'ping', attrs: {} }] }), PING_DEADLINE_MS, 'ping');
  }

  #open(): OpenSocket {
    const socket = this.deps.socket();
    if (!socket) throw new GatewayError('NOT_CONNECTED');
    return socket;
  }

  async #parties(jid: string, me: OpenSocket['me']): Promise<string[]> {
    const other = await this.#otherAddress(jid);
    return [jid, other, me.id, me.lid].filter((each) => each !== null).map((each) => jidNormalizedUser(each));
  }

  async #otherAddress(jid: string): Promise<string | null> {
    if (jid.endsWith('@lid')) return this.pnForLid(jid);
    return jid.endsWith('@s.whatsapp.net') ? this.lidForPn(jid) : null;
  }
}

/** Without device; null stays null. */
export function bareJid(jid: string | null | undefined): string | null {
  return jid ? jidNormalizedUser(jid) : null;
}
