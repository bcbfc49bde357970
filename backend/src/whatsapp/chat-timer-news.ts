import {
  areJidsSameUser,
  getContentType,
  isJidBroadcast,
  isJidGroup,
  isJidNewsletter,
  jidNormalizedUser,
  normalizeMessageContent,
  proto,
  unpadRandomMax16,
} from '@whiskeysockets/baileys';
import { isTimerNews, readTimer, timerMutations, type ChatTimer } from '../journal/chat-timers.js';
import type { Journal } from '../journal/journal.js';
import type { KeyMutations, StoredNode } from '../journal/records.js';
import { groupNotices } from './group-notice.js';

/** The timer of the first version of WhatsApp that had one: messages wrapped as disappearing name no other then. */
const FIRST_TIMER_S = 604_800;
/** What stands for a timer in the bytes of a message: `expiration`, the type of a setting, the wrapper. */
const MARKS = [Buffer.from([0xc8, 0x01]), Buffer.from([0x10, 0x03]), Buffer.from([0xc2, 0x02])];
const { EPHEMERAL_SETTING } = proto.Message.ProtocolMessage.Type;

/** This number, by both addresses. */
interface Me {
  id: string;
  lid: string | null;
}

interface Heard extends ChatTimer {
  /** Nobody named it: it stands for any that is known. */
  isGuess?: true;
}

/**
 * Finds out what a decrypted message says of its chat's timer, by the setting itself, by the expiry that every message of
 * such a chat carries, or by its wrapper; from customers, members and this number's own phone alike.
 * @returns the change, to be committed with the message; null when nothing changes
 */
export function timerNews(
  journal: Pick<Journal, 'getKeys'>,
  connectionId: string,
  attrs: Record<string, string>,
  plaintext: Uint8Array,
  me: Me,
): KeyMutations | null {
  // Decoding is for the few that can say something: most messages of most chats do not.
  const bytes = Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  if (attrs['category'] === 'peer' || !MARKS.some((mark) => bytes.includes(mark))) return null;
  const heard = heardIn(bytes, Number(attrs['t']) || 0);
  const jids = heard && chatJids(attrs, me);
  if (!heard || !jids) return null;
  const known = readTimer(journal, connectionId, jids);
  const { isGuess, ...timer } = heard;
  if ((isGuess && known) || !isTimerNews(known, timer)) return null;
  return timerMutations(jids, timer);
}

/** What a group's notification says of its timer; null when nothing. */
export function timerNotice(node: StoredNode): KeyMutations | null {
  const { from, t } = node.attrs;
  const notice = groupNotices(node).findLast(({ action }) => action === 'ephemeral' || action === 'not_ephemeral');
  if (!from || !notice) return null;
  const seconds = notice.action === 'ephemeral' ? Number(notice.value) || 0 : 0;
  const at = Number(t) || 0;
  return timerMutations([from], { seconds, since: at, settingAt: at || null });
}

function heardIn(padded: Uint8Array, sentAt: number): Heard | null {
  const message = decoded(padded);
  const ours = message?.deviceSentMessage?.message ?? message;
  const content = normalizeMessageContent(ours);
  const type = getContentType(content);
  if (!content || !type) return null;
  const { protocolMessage } = content;
  if (protocolMessage?.type === EPHEMERAL_SETTING) {
    const { ephemeralExpiration: seconds, ephemeralSettingTimestamp } = protocolMessage;
    // By the server's clock: whose phone's clock is wrong may still change it.
    return { seconds: seconds ?? 0, since: sentAt, settingAt: secondsOf(ephemeralSettingTimestamp) };
  }
  if (protocolMessage) return null;
  const context = (content[type] as { contextInfo?: proto.IContextInfo | null }).contextInfo;
  if (context?.expiration != null) {
    const settingAt = secondsOf(context.ephemeralSettingTimestamp);
    // A setting from the future would hold for ever.
    return { seconds: context.expiration, since: Math.min(settingAt ?? sentAt, sentAt), settingAt };
  }
  if (!ours?.ephemeralMessage) return null;
  return { seconds: FIRST_TIMER_S, since: sentAt, settingAt: null, isGuess: true };
}

/** Null when it is none: then Baileys says so. */
function decoded(padded: Uint8Array): proto.IMessage | null {
  try {
    return proto.Message.decode(unpadRandomMax16(padded));
  } catch {
    return null;
  }
}

/** Every address of the stanza's chat; null when it is none that has a timer. */
function chatJids(attrs: Record<string, string>, me: Me): string[] | null {
  const { from, recipient } = attrs;
  const isOurs = [me.id, me.lid].some((mine) => mine !== null && areJidsSameUser(mine, from));
  const chat = isOurs ? recipient : from;
  if (!chat || isJidBroadcast(chat) || isJidNewsletter(chat)) return null;
  if (isJidGroup(chat)) return [chat];
  const others = isOurs
    ? [attrs['recipient_pn'], attrs['recipient_lid'], attrs['peer_recipient_pn'], attrs['peer_recipient_lid']]
    : [attrs['sender_pn'], attrs['sender_lid']];
  return [...new Set([chat, ...others].filter((jid) => jid !== undefined).map((jid) => jidNormalizedUser(jid)))];
}

/** Some phones write milliseconds. */
function secondsOf(time: number | { toNumber(): number } | null | undefined): number | null {
  const value = Number(time ?? 0);
  if (!(value > 0)) return null;
  return value > 1e11 ? Math.floor(value / 1000) : value;
}
