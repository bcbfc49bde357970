import type { proto } from '@whiskeysockets/baileys';
import { cutText } from '../../lib/text.js';
import { Cuts } from './caps.js';
import { textOr, type ContentRow, type Facts, type Handlers } from './handler.js';
import { compact, isoFromSeconds } from './proto-values.js';
import { readVcard } from './vcard.js';

/** Contact cards, invitations, and the request for a phone number. */
export const people: Handlers<
  | 'contactMessage'
  | 'contactsArrayMessage'
  | 'groupInviteMessage'
  | 'newsletterAdminInviteMessage'
  | 'newsletterFollowerInviteMessageV2'
  | 'requestPhoneNumberMessage'
> = {
  contactMessage: { as: 'row', row: contactRow },
  contactsArrayMessage: { as: 'row', row: contactsRow },
  groupInviteMessage: { as: 'row', row: groupInviteRow },
  newsletterAdminInviteMessage: {
    as: 'row',
    row: (invite) => channelInvite('CONVITE_ADMIN_CANAL', 'Convite para administrar o canal', invite),
  },
  newsletterFollowerInviteMessageV2: {
    as: 'row',
    row: (invite) => channelInvite('CONVITE_CANAL', 'Convite para seguir o canal', invite),
  },
  requestPhoneNumberMessage: {
    as: 'row',
    row: () => ({ tipo: 'TEXTO', subtipo: 'PEDIDO_DE_NUMERO', conteudo: 'Pediu o seu número de telefone' }),
  },
};

/** Cards may carry a photo; the lines that matter come before it. */
const MAX_CARD_CHARS = 16_384;
/** What the cards of one message may have together to be read, and to be kept as they came. */
const MAX_READ_CHARS = 4_194_304;
const MAX_KEPT_CHARS = 131_072;

/** Reads the cards of one message. Those beyond what is read show their name only, those beyond what is kept no `vcard`. */
function cards(contacts: proto.Message.IContactMessage[], cuts: Cuts): Facts[] {
  let [read, kept] = [0, 0];
  return cuts.take('contatos', contacts).map(({ displayName, vcard }) => {
    const text = vcard ?? '';
    read += text.length;
    if (read > MAX_READ_CHARS) return compact({ nome: displayName, cartaoOmitido: true });
    const facts = readVcard(text, cuts);
    const raw = cutText(text, MAX_CARD_CHARS);
    kept += raw.length;
    const original = kept > MAX_KEPT_CHARS ? { cartaoOmitido: true } : { vcard: raw };
    return compact({ ...facts, nome: textOr(displayName, facts.nome ?? ''), ...original });
  });
}

function label(facts: Facts): string {
  const numbers = (facts.numeros as string[] | undefined) ?? [];
  const name = (facts.nome as string | undefined) ?? 'sem nome';
  return numbers.length > 0 ? `${name} (${numbers.join(', ')})` : name;
}

function contactRow(contact: proto.Message.IContactMessage): ContentRow {
  const cuts = new Cuts();
  const [facts = {}] = cards([contact], cuts);
  const dados = { contatos: [facts], ...cuts.facts() };
  return { tipo: 'TEXTO', subtipo: 'CONTATO', conteudo: `👤 Contato: ${label(facts)}`, dados };
}

function contactsRow(array: proto.Message.IContactsArrayMessage): ContentRow {
  const cuts = new Cuts();
  const contatos = cards(array.contacts ?? [], cuts);
  const names = contatos.length > 0 ? contatos.map(label).join('; ') : textOr(array.displayName, 'nenhum');
  return { tipo: 'TEXTO', subtipo: 'CONTATO', conteudo: `👤 Contatos: ${names}`, dados: { contatos, ...cuts.facts() } };
}

function groupInviteRow(invite: proto.Message.IGroupInviteMessage): ContentRow {
  const conteudo = `Convite para o grupo ${textOr(invite.groupName, invite.groupJid ?? 'sem nome')}`;
  return {
    tipo: 'TEXTO',
    subtipo: 'CONVITE_GRUPO',
    conteudo: invite.caption ? `${conteudo}\n${invite.caption}` : conteudo,
    dados: {
      convite: compact({
        grupo: invite.groupJid,
        nome: invite.groupName,
        codigo: invite.inviteCode,
        expiraEm: isoFromSeconds(invite.inviteExpiration),
      }),
    },
  };
}

function channelInvite(
  subtipo: string,
  title: string,
  invite: proto.Message.INewsletterAdminInviteMessage & proto.Message.INewsletterFollowerInviteMessage,
): ContentRow {
  const conteudo = `${title} ${textOr(invite.newsletterName, invite.newsletterJid ?? 'sem nome')}`;
  return {
    tipo: 'TEXTO',
    subtipo,
    conteudo: invite.caption ? `${conteudo}\n${invite.caption}` : conteudo,
    dados: {
      convite: compact({
        canal: invite.newsletterJid,
        nome: invite.newsletterName,
        expiraEm: isoFromSeconds(invite.inviteExpiration),
      }),
    },
  };
}
