import { proto } from '@whiskeysockets/baileys';
import type { EventoDados } from '../../supabase/evento.js';
import { target, type MessageContext } from '../message-context.js';
import type { Facts, Handlers } from './handler.js';
import { base64, compact, isoFromMs } from './proto-values.js';

const { Type: PinType } = proto.Message.PinInChatMessage;

/**
 * What changes another message instead of being one. Votes, and reactions and edits in announcement groups, are
 * encrypted with their target's secret, which this pure step does not have: they are kept beside the target, under a
 * key of their own (`voto:<id>` …), so that no later one overwrites an earlier one. Votes are then opened by `PollCounter`;
 * for the others Baileys has no opener.
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
      return [{ op: 'reacao', sessao, alvo, autor, emoji: reaction.text || null, timestamp }];
    },
  },
  encReactionMessage: {
    as: 'action',
    events: (reaction, context) => encrypted('reacaoCifrada', reaction.targetMessageKey, reaction, context),
  },
  pollUpdateMessage: {
    as: 'action',
    events: (update, context) =>
      encrypted('voto', update.pollCreationMessageKey, update.vote ?? {}, context, {
        // Of two votes within a second the later one counts; the stanza's time has whole seconds.
        em: isoFromMs(update.senderTimestampMs),
      })?.map((event) => ({ ...event, dados: { ...event.dados, votosPendentes: true } })) ?? null,
  },
  encEventResponseMessage: {
    as: 'action',
    events: (answer, context) => encrypted('respostaEvento', answer.eventCreationMessageKey, answer, context),
  },
  secretEncryptedMessage: {
    as: 'action',
    events: (edit, context) =>
      encrypted('edicaoCifrada', edit.targetMessageKey, edit, context, { classe: edit.secretEncType }),
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

type Key = proto.IMessageKey | null | undefined;
interface Sealed {
  encPayload?: Uint8Array | null;
  encIv?: Uint8Array | null;
}

function encrypted(
  name: string,
  key: Key,
  sealed: Sealed,
  context: MessageContext,
  facts: Facts = {},
): EventoDados[] | null {
  const content = compact({
    autor: context.autor === null ? 'eu' : context.autor.jid,
    em: context.timestamp,
    encPayload: base64(sealed.encPayload),
    encIv: base64(sealed.encIv),
    ...compact(facts),
  });
  return mark(key, context, { [`${name}:${context.whatsappId}`]: content });
}

function mark(key: Key, context: MessageContext, dados: Facts): EventoDados[] | null {
  const alvo = target(key, context);
  return alvo && [{ op: 'dados', sessao: context.sessao, alvo, dados }];
}
