import { randomUUID } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { proto } from '@whiskeysockets/baileys';
import type { MediaServer } from './media/media-server.js';
import { asMessage, type Content } from './message-shape.js';
import { freshMessageId } from './person.js';

/** A chat as the phone knows it. */
export interface PastChat {
  /** Its address, and the other one of a person. */
  jid: string;
  lidJid?: string;
  name?: string;
  /** Its timer of disappearing messages, in seconds. */
  ephemeralS?: number;
}

/** One old message. `timestamp`: seconds since the epoch. */
export interface PastMessage {
  content: Content;
  timestamp: number;
  fromMe?: boolean;
  id?: string;
  participant?: string;
}

const { HistorySyncType } = proto.HistorySync;

/** What was said before a device was linked, or while it was away: only the phone has it. */
export class Past {
  readonly #chats = new Map<string, { chat: PastChat; messages: proto.IWebMessageInfo[] }>();
  /** Requests for a chat's history, in order. */
  readonly asked: proto.Message.PeerDataOperationRequestMessage.IHistorySyncOnDemandRequest[] = [];

  constructor(private readonly media: MediaServer) {}

  /** Adds old messages to a chat. @returns their ids */
  add(chat: PastChat, messages: PastMessage[]): string[] {
    const known = this.#chats.get(chat.jid) ?? { chat, messages: [] };
    this.#chats.set(chat.jid, known);
    return messages.map(({ content, timestamp, fromMe = false, id = freshMessageId(), participant }) => {
      const key = { remoteJid: chat.jid, id, fromMe, ...(participant && { participant }) };
      known.messages.push({ key, message: asMessage(content), messageTimestamp: timestamp });
      return id;
    });
  }

  /** All of it, as a phone announces it to a device that it has linked: an encrypted file on the media servers. */
  announcement(): Promise<proto.IMessage> {
    const conversations = [...this.#chats.values()].map(({ chat, messages }) => conversation(chat, messages));
    return this.#announce(HistorySyncType.RECENT, conversations);
  }

  /** The answer to a request for what was said before a message; null for a chat that the phone has not got. */
  answer(
    asked: proto.Message.PeerDataOperationRequestMessage.IHistorySyncOnDemandRequest,
  ): Promise<proto.IMessage> | null {
    this.asked.push(asked);
    const known = this.#chats.get(asked.chatJid ?? '');
    if (!known) return null;
    const before = Number(asked.oldestMsgTimestampMs ?? 0) / 1000;
    const older = known.messages.filter((each) => Number(each.messageTimestamp) < before);
    const newest = older.sort((a, b) => Number(b.messageTimestamp) - Number(a.messageTimestamp));
    const messages = newest.slice(0, asked.onDemandMsgCount ?? 0);
    return this.#announce(HistorySyncType.ON_DEMAND, [conversation(known.chat, messages)]);
  }

  async #announce(
    syncType: proto.HistorySync.HistorySyncType,
    conversations: proto.IConversation[],
  ): Promise<proto.IMessage> {
    const history = proto.HistorySync.encode({ syncType, progress: 100, chunkOrder: 1, conversations }).finish();
    const {
      url: _url,
      mediaKeyTimestamp: _time,
      ...file
    } = await this.media.upload(deflateSync(history), 'md-msg-hist');
    const { Type } = proto.Message.ProtocolMessage;
    return {
      protocolMessage: {
        type: Type.HISTORY_SYNC_NOTIFICATION,
        historySyncNotification: {
          ...{ ...file, progress: 100, chunkOrder: 1, peerDataRequestSessionId: randomUUID() },
          syncType: syncType as number as proto.Message.HistorySyncType,
        },
      },
    };
  }
}

/** Phones put the newest message first. */
function conversation(
  { jid, lidJid, name, ephemeralS }: PastChat,
  messages: proto.IWebMessageInfo[],
): proto.IConversation {
  const newestFirst = messages.toSorted((a, b) => Number(b.messageTimestamp) - Number(a.messageTimestamp));
  const listed = newestFirst.map((message, index) => ({ message, msgOrderId: index }));
  const timer = ephemeralS === undefined ? {} : { ephemeralExpiration: ephemeralS };
  return { id: jid, messages: listed, ...(lidJid && { lidJid }), ...(name && { name }), ...timer };
}
