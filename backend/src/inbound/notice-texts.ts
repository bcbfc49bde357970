import { addressesOf } from '../journal/group-records.js';
import { digitsOfJid } from '../lib/phone-number.js';
import { visibleName } from '../lib/text.js';
import type { GroupNotice } from '../whatsapp/group-notice.js';
import { isMe, type Me } from './addresses.js';

/** Who did it (`Você`, a name, a number), and whom it was done to, ready for a sentence. */
interface Words {
  who: string;
  whom: string;
  /** More than one was meant. */
  many: boolean;
  /** Somebody did it to themselves: left, or came in by a link. */
  self: boolean;
  value: string | null;
}

const DAY_S = 86_400;
/** So many are named; the others are counted. */
const NAMED = 5;

/** What an agent reads, per action; one that is not here is told as a change. */
const TEXTS: Record<string, (words: Words) => string> = {
  create: ({ who, value }) => `${who} criou o grupo${quoted(value)}`,
  add: ({ who, whom, self, many }) =>
    self ? `${capital(whom)} ${many ? 'entraram' : 'entrou'} no grupo` : `${who} adicionou ${whom}`,
  remove: ({ who, whom, self }) => (self ? `${capital(whom)} saiu do grupo` : `${who} removeu ${whom}`),
  leave: ({ who, whom }) => `${capital(whom || who)} saiu do grupo`,
  promote: ({ who, whom, many }) => `${who} tornou ${whom} ${many ? 'administradores' : 'administrador'} do grupo`,
  demote: ({ who, whom }) => `${who} retirou ${whom} da administração do grupo`,
  modify: ({ who, whom }) => `${capital(whom || who)} mudou de número`,
  subject: ({ who, value }) => `${who} mudou o nome do grupo para${quoted(value)}`,
  description: ({ who, value }) =>
    value === null ? `${who} apagou a descrição do grupo` : `${who} mudou a descrição do grupo`,
  picture: ({ who, value }) => (value === null ? `${who} apagou a foto do grupo` : `${who} mudou a foto do grupo`),
  announcement: ({ who }) => `${who} definiu que só administradores podem enviar mensagens`,
  not_announcement: ({ who }) => `${who} definiu que todos podem enviar mensagens`,
  locked: ({ who }) => `${who} definiu que só administradores podem editar os dados do grupo`,
  unlocked: ({ who }) => `${who} definiu que todos podem editar os dados do grupo`,
  invite: ({ who }) => `${who} redefiniu o link de convite do grupo`,
  ephemeral: ({ who, value }) => `${who} ativou as mensagens temporárias${duration(value)}`,
  not_ephemeral: ({ who }) => `${who} desativou as mensagens temporárias`,
  member_add_mode: ({ who, value }) =>
    `${who} definiu que ${value === 'all_member_add' ? 'todos' : 'só administradores'} podem adicionar participantes`,
  membership_approval_mode: ({ who, value }) =>
    `${who} ${value === 'on' ? 'ativou' : 'desativou'} a aprovação de novos participantes`,
  created_membership_requests: ({ who, whom }) => `${capital(whom || who)} pediu para entrar no grupo`,
  revoked_membership_requests: ({ who, whom }) => `O pedido de ${whom || who} para entrar no grupo foi retirado`,
  delete: ({ who }) => `${who} apagou o grupo`,
};

/** One line in Portuguese, such as `Ana adicionou +5511988887777`. */
export function noticeText({ action, actor, members, value, reason }: GroupNotice, me: Me): string {
  const names = members.map((member) => nameOf(member.id, addressesOf(member).pn, null, me));
  const known = actor ? nameOf(actor.jid, actor.other, actor.name, me) : null;
  const self = known === null || reason === 'invite' || members.some(({ id }) => id === actor?.jid);
  const words = {
    ...{ who: capital(known ?? 'alguém'), whom: listed(names), many: names.length > 1, value },
    self: self && members.length > 0,
  };
  return (TEXTS[action] ?? (({ who }) => `${who} mudou as configurações do grupo`))(words);
}

function nameOf(jid: string, other: string | null, name: string | null, me: Me): string {
  if (isMe(jid, me)) return 'você';
  const pn = [jid, other].find((each) => each?.endsWith('@s.whatsapp.net'));
  return visibleName(name) ?? (pn ? `+${digitsOfJid(pn) ?? ''}` : 'um participante');
}

function listed(names: string[]): string {
  if (names.length > NAMED) return `${names.slice(0, NAMED).join(', ')} e mais ${names.length - NAMED}`;
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(' e ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function quoted(value: string | null): string {
  return value ? ` “${value}”` : '';
}

function duration(value: string | null): string {
  const seconds = Number(value);
  if (!seconds) return '';
  const days = Math.round(seconds / DAY_S);
  return days < 1 ? ` (${Math.round(seconds / 3600)} h)` : ` (${days} ${days === 1 ? 'dia' : 'dias'})`;
}
