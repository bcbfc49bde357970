import { addressesOf } from '../journal/group-records.js';
import type { NotificationEntry } from '../journal/records.js';
import { AVISO_GRUPO, type Evento } from '../supabase/evento.js';
import { groupNotices, type GroupNotice } from '../whatsapp/group-notice.js';
import { crowd, isMe, ownNumber, person, type Me } from './addresses.js';
import { Cuts } from './content/caps.js';
import { compact, isoFromSeconds } from './content/proto-values.js';
import { isLeftOut, type DecodeOptions } from './decode-options.js';
import { noticeText } from './notice-texts.js';
import { rowId } from './row-id.js';
import { UndecodableEntry } from './stanza-addresses.js';

/** Invite codes let whoever reads them in, ids of pictures say nothing; the row tells that there is a new one. */
const HIDDEN_VALUES = new Set(['invite', 'picture']);

/**
 * A notification of a group → one row per change, by WhatsApp itself (`SISTEMA`), which opens no atendimento and counts
 * as no unread message; a new subject is also the contato's name.
 * @throws UndecodableEntry when it names no group or has no id
 */
export function decodeNotice(entry: NotificationEntry, options: DecodeOptions): Evento[] {
  const { from, id } = entry.node.attrs;
  if (!from || !id) throw new UndecodableEntry('the notification names no group or has no id');
  if (isLeftOut('grupo', options)) return [];
  return groupNotices(entry.node).flatMap((notice, index) => [
    ...nameOf(entry, from, notice),
    row(entry, from, notice, index === 0 ? id : `${id}.${index}`),
  ]);
}

function nameOf(entry: NotificationEntry, jid: string, { action, value }: GroupNotice): Evento[] {
  if ((action !== 'subject' && action !== 'create') || !value) return [];
  return [{ op: 'contato', sessao: entry.connectionId, contato: { ...crowd(jid), nome: value } }];
}

function row(entry: NotificationEntry, jid: string, notice: GroupNotice, whatsapp_id: string): Evento {
  const { actor, action, reason } = notice;
  const chat = crowd(jid);
  const ours = actor !== null && isMe(actor.jid, entry.me);
  const autor = ours ? null : actor ? person(actor.jid, [actor.other], actor.name) : chat;
  const value = HIDDEN_VALUES.has(action) ? null : notice.value;
  const cuts = new Cuts();
  const members = cuts.take('participantes', notice.members);
  return {
    op: 'mensagem',
    sessao: entry.connectionId,
    id: rowId(entry.connectionId, chat.jid, autor?.jid ?? 'eu', whatsapp_id),
    chat,
    autor,
    remetente_jid: actor?.jid ?? jid,
    whatsapp_id,
    ordem: entry.seq,
    numero_proprio: ownNumber(entry.me),
    timestamp: isoFromSeconds(Number(entry.node.attrs.t)) ?? new Date(entry.at).toISOString(),
    remetente: 'SISTEMA',
    tipo: 'TEXTO',
    subtipo: AVISO_GRUPO,
    conteudo: noticeText(notice, entry.me),
    status: 'RECEBIDA',
    dados: {
      aviso: compact({
        acao: action,
        valor: value,
        motivo: reason,
        participantes: members.map((member) => partyOf(member, entry.me)),
      }),
      ...cuts.facts(),
    },
  };
}

function partyOf(member: GroupNotice['members'][number], me: Me) {
  return { jid: member.id, ...addressesOf(member), eu: isMe(member.id, me) };
}
