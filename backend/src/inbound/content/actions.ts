import { proto } from '@whiskeysockets/baileys';
import { cutText } from '../../lib/text.js';
import type { Alvo, EventoDados } from '../../supabase/evento.js';
import { ownTarget, target, type MessageContext } from '../message-context.js';
import type { Facts, Handlers } from './handler.js';
import { base64, compact, isoFromMs } from './proto-values.js';

const { Type: PinType } = proto.Message.PinInChatMessage;

/**
 * What changes another message instead of being one. Votes, many edits, and reactions in announcement groups are
 * encrypted with their target's secret, which this pure step does not have: they are kept beside the target, under a
 * key of their own (`voto:<id>` …), so that no later one overwrites an earlier one. Votes are then opened by `PollCounter`,
 * the others by `SealedOpener`.
 */
export const actions: Handlers<
  | 'reactionMessage'
  | 'encReactionMessage'
  | 'pollUpdateMessage'
  | 'encEventResponseMessage'
  | 'secretEncryptedMessage'
  | 'pinInChatMessage'
  | 'keepInChatMessage'
> = {
  reactionMessage: {
    as: 'action',
    events: (reaction, context) => {
      const alvo = target(reaction.key, context);
      if (alvo === null) return null;
      const timestamp = isoFromMs(reaction.senderTimestampMs) ?? context.timestamp;
      const { sessao, autor } = context;
      return [{ op: 'reacao', sessao, alvo, autor, emoji: emojiOf(reaction.text), timestamp }];
    },
  },
  encReactionMessage: {
    as: 'action',
    events: (reaction, context) =>
      sealed('reacaoCifrada', target(reaction.targetMessageKey, context), reaction, context),
  },
  pollUpdateMessage: {
    as: 'action',
    events: (update, context) =>
      encrypted('voto', target(update.pollCreationMessageKey, context), update.vote ?? {}, context, {
        // Of two votes within a second the later one counts; the stanza's time has whole seconds.
        em: isoFromMs(update.senderTimestampMs),
      })?.map((event) => ({ ...event, dados: { ...event.dados, votosPendentes: true } })) ?? null,
  },
  encEventResponseMessage: {
    as: 'action',
    events: (answer, context) =>
      sealed('respostaEvento', target(answer.eventCreationMessageKey, context), answer, context),
  },
  secretEncryptedMessage: {
    as: 'action',
    events: (edit, context) =>
      // Only its author may edit a message, whatever the key claims.
      sealed('edicaoCifrada', ownTarget(edit.targetMessageKey, context), edit, context, { classe: edit.secretEncType }),
  },
  pinInChatMessage: {
    as: 'action',
    events: (pin, context) => mark(pin.key, context, { fixada: pin.type === PinType.PIN_FOR_ALL }),
  },
  keepInChatMessage: {
    as: 'action',
    events: (keep, context) => mark(keep.key, context, { guardada: keep.keepType === proto.KeepType.KEEP_FOR_ALL }),
  },
};

/** The longest emoji (a family with skin tones) has some 35 units; a reaction is kept per person and shown with its message. */
const MAX_EMOJI_CHARS = 64;

/** An empty text takes the reaction back. */
export function emojiOf(text: string | null | undefined): string | null {
  return text ? cutText(text, MAX_EMOJI_CHARS) : null;
}

type Key = proto.IMessageKey | null | undefined;
interface Sealed {
  encPayload?: Uint8Array | null;
  encIv?: Uint8Array | null;
}

/** What the database takes as one text is 65,536 characters; an edited text may be as long, and grows by its seal. */
const PIECE = 60_000;

function encrypted(
  name: string,
  alvo: Alvo | null,
  { encPayload, encIv }: Sealed,
  context: MessageContext,
  facts: Facts = {},
): EventoDados[] | null {
  const payload = base64(encPayload) ?? '';
  const content = compact({
    autor: context.autor === null ? 'eu' : context.autor.jid,
    em: context.timestamp,
    encPayload: payload.length > PIECE ? payload.match(new RegExp(`.{1,${PIECE}}`, 'g')) : payload,
    encIv: base64(encIv),
    ...compact(facts),
  });
  const { autor } = context;
  return (
    about(alvo, context, { [`${name}:${context.whatsappId}`]: content })?.map((event) => ({ ...event, autor })) ?? null
  );
}

function sealed(...[name, alvo, content, context, facts]: Parameters<typeof encrypted>): EventoDados[] | null {
  const events = encrypted(name, alvo, content, context, facts);
  return events?.map((event) => ({ ...event, dados: { ...event.dados, cifradosPendentes: true } })) ?? null;
}

function mark(key: Key, context: MessageContext, dados: Facts): EventoDados[] | null {
  return about(target(key, context), context, dados);
}

function about(alvo: Alvo | null, { sessao }: MessageContext, dados: Facts): EventoDados[] | null {
  return alvo && [{ op: 'dados', sessao, alvo, dados }];
}
