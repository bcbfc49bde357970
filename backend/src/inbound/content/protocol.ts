import { proto } from '@whiskeysockets/baileys';
import type { Evento } from '../../supabase/evento.js';
import { ownTarget, participant, type MessageContext } from '../message-context.js';
import { mentionsOf } from '../show-numbers.js';
import type { Describe, Handlers } from './handler.js';
import { isoFromMs } from './proto-values.js';

const { Type } = proto.Message.ProtocolMessage;
type Protocol = proto.Message.IProtocolMessage;

/** The stanza's `edit` value for a deletion by a group's admin; WhatsApp's server lets only admins send it. */
const ADMIN_REVOKE = '8';

/** Edits and deletions. All other protocol messages speak to devices (keys, history, settings), not to people. */
export const protocol: Handlers<'protocolMessage'> = {
  protocolMessage: {
    as: 'action',
    events: (message, context, describe) => {
      if (message.type === Type.REVOKE) return deletion(message, context);
      if (message.type === Type.MESSAGE_EDIT) return edit(message, context, describe);
      return [];
    },
  },
};

/**
 * Only its author may change a message: the key's own claim about the author is ignored, or a member of a group could
 * rewrite what somebody else, this number included, has said.
 */
function edit(message: Protocol, context: MessageContext, describe: Describe): Evento[] | null {
  const alvo = ownTarget(message.key, context);
  if (alvo === null || !message.editedMessage) return null;
  const editada_em = isoFromMs(message.timestampMs) ?? context.timestamp;
  const row = describe(message.editedMessage);
  const edited = { conteudo: row.conteudo, editada_em, ...mentionsOf(row) };
  return [{ op: 'edicao', sessao: context.sessao, alvo, ...edited }];
}

function deletion(message: Protocol, context: MessageContext): Evento[] | null {
  const { key } = message;
  const alvo = ownTarget(key, context);
  if (alvo === null) return null;
  const byAdmin = context.chat.tipo === 'grupo' && key?.fromMe !== true && context.edit === ADMIN_REVOKE;
  if (byAdmin && key?.participant) alvo.autor = participant(key.participant, context);
  return [{ op: 'apagamento', sessao: context.sessao, alvo, apagada_em: context.timestamp }];
}
