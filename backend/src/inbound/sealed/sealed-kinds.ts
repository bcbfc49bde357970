import { proto } from '@whiskeysockets/baileys';
import type { Alvo, Endereco, Evento } from '../../supabase/evento.js';
import { emojiOf } from '../content/actions.js';
import type { Facts } from '../content/handler.js';
import { compact, isoFromMs, safeNumber } from '../content/proto-values.js';
import { describeOpened, openMessage } from '../describe.js';
import { mentionsOf, numberOf } from '../show-numbers.js';
import type { UseCase } from './message-secret.js';

/** As it lies in `dados`, under `<kind>:<id of the message that brought it>` (src/inbound/content/actions.ts). */
export interface SealedChange {
  /** JID of whoever sent it; `eu` = this number. */
  autor: string;
  /** ISO 8601 in UTC. */
  em: string;
  /** base64; in pieces when it is too long for one text of the database. */
  encPayload?: string | string[];
  encIv?: string;
  /** Of edits: proto's `SecretEncType`. */
  classe?: number;
  /** Why nothing here can open it. */
  ilegivel?: string;
}

/** A sealed change that has been opened: what it changes, by whom, when. */
export interface OpenedChange {
  sessao: string;
  alvo: Alvo;
  /** null = this number. */
  autor: Endereco | null;
  em: string;
}

interface SealedKind {
  /** What it is sealed as; null = a kind that we do not know. */
  useCase(sealed: SealedChange): UseCase | null;
  /** What it means for the database, as if it had come unsealed. @throws when it is not what it claims to be */
  events(plaintext: Uint8Array, change: OpenedChange): Evento[];
  /** Key of `dados` that tells people, with the time, that there is one which cannot be read. */
  unreadable: string;
}

const { SecretEncType } = proto.Message.SecretEncryptedMessage;
const { EventResponseType } = proto.Message.EventResponseMessage;
const EDITS: Partial<Record<number, UseCase>> = {
  [SecretEncType.MESSAGE_EDIT]: 'Message Edit',
  [SecretEncType.EVENT_EDIT]: 'Event Edit',
};
const ANSWERS: Partial<Record<number, string>> = {
  [EventResponseType.GOING]: 'VAI',
  [EventResponseType.NOT_GOING]: 'NAO_VAI',
  [EventResponseType.MAYBE]: 'TALVEZ',
};

/** What is sealed with the secret of the message that it changes, by its name in `dados`; votes are `PollCounter`'s. */
export const SEALED_KINDS: Record<string, SealedKind> = {
  edicaoCifrada: {
    useCase: ({ classe }) => EDITS[classe ?? 0] ?? null,
    events: editEvents,
    unreadable: 'edicaoIlegivelEm',
  },
  reacaoCifrada: { useCase: () => 'Enc Reaction', events: reactionEvents, unreadable: 'reacaoIlegivelEm' },
  respostaEvento: { useCase: () => 'Event Response', events: answerEvents, unreadable: 'respostaIlegivelEm' },
};

/** The kind of a key of `dados`; undefined when nothing sealed lies there. */
export function kindOfKey(key: string): SealedKind | undefined {
  const end = key.indexOf(':');
  return end > 0 && Object.hasOwn(SEALED_KINDS, key.slice(0, end)) ? SEALED_KINDS[key.slice(0, end)] : undefined;
}

/** Either the edited content itself, or the protocol message that an unsealed edit is. */
function editEvents(plaintext: Uint8Array, { sessao, alvo, em }: OpenedChange): Evento[] {
  const message = proto.Message.decode(plaintext);
  const outer = openMessage(message);
  const protocol = outer.field === 'protocolMessage' ? (outer.value as proto.Message.IProtocolMessage) : null;
  const edited = openMessage(protocol?.editedMessage ?? message);
  if (edited.handler?.as !== 'row') throw new Error('the edit has no content');
  const { row } = describeOpened(edited);
  const editada_em = isoFromMs(protocol?.timestampMs) ?? em;
  const edit: Evento = { op: 'edicao', sessao, alvo, conteudo: row.conteudo, editada_em, ...mentionsOf(row) };
  const event = row.dados?.['evento'];
  return event === undefined ? [edit] : [edit, { op: 'dados', sessao, alvo, dados: { evento: event } }];
}

function reactionEvents(plaintext: Uint8Array, { sessao, alvo, autor, em }: OpenedChange): Evento[] {
  const { text, senderTimestampMs } = proto.Message.ReactionMessage.decode(plaintext);
  const timestamp = isoFromMs(senderTimestampMs) ?? em;
  return [{ op: 'reacao', sessao, alvo, autor, emoji: emojiOf(text), timestamp }];
}

/** The last answer of each is kept. */
function answerEvents(plaintext: Uint8Array, { sessao, alvo, autor, em }: OpenedChange): Evento[] {
  const answer = proto.Message.EventResponseMessage.decode(plaintext);
  const resposta: Facts = {
    resposta: ANSWERS[answer.response ?? 0] ?? 'DESCONHECIDA',
    em: isoFromMs(answer.timestampMs) ?? em,
    ...compact({ acompanhantes: safeNumber(answer.extraGuestCount) || null }),
  };
  const who = autor === null ? 'eu' : (numberOf(autor) ?? autor.jid);
  return [{ op: 'dados', sessao, alvo, dados: { evento: { respostas: { [who]: resposta } } }, autor }];
}
