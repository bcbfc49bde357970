import type { proto } from '@whiskeysockets/baileys';
import type { Facts, Handlers } from './handler.js';
import { compact } from './proto-values.js';

/** Fields that carry another message, and what is worth knowing about that. */
export const wrappers: Handlers<
  | 'deviceSentMessage'
  | 'ephemeralMessage'
  | 'viewOnceMessage'
  | 'viewOnceMessageV2'
  | 'viewOnceMessageV2Extension'
  | 'documentWithCaptionMessage'
  | 'editedMessage'
  | 'groupMentionedMessage'
  | 'botInvokeMessage'
  | 'botTaskMessage'
  | 'botForwardedMessage'
  | 'lottieStickerMessage'
  | 'eventCoverImage'
  | 'pollCreationOptionImageMessage'
  | 'pollCreationMessageV4'
  | 'associatedChildMessage'
  | 'statusAddYours'
  | 'groupStatusMessage'
  | 'groupStatusMessageV2'
  | 'limitSharingMessage'
  | 'questionMessage'
  | 'questionReplyMessage'
  | 'commentMessage'
> = {
  deviceSentMessage: wrapper(),
  ephemeralMessage: wrapper({ efemera: true }),
  viewOnceMessage: wrapper({ visualizacaoUnica: true }),
  viewOnceMessageV2: wrapper({ visualizacaoUnica: true }),
  viewOnceMessageV2Extension: wrapper({ visualizacaoUnica: true }),
  documentWithCaptionMessage: wrapper(),
  editedMessage: wrapper({ editada: true }),
  groupMentionedMessage: wrapper({ mencionaGrupo: true }),
  botInvokeMessage: wrapper({ paraRobo: true }),
  botTaskMessage: wrapper({ tarefaDeRobo: true }),
  botForwardedMessage: wrapper({ deRobo: true }),
  lottieStickerMessage: wrapper({ animada: true }),
  eventCoverImage: wrapper({ capaDeEvento: true }),
  pollCreationOptionImageMessage: wrapper({ opcaoDeEnquete: true }),
  pollCreationMessageV4: wrapper(),
  associatedChildMessage: wrapper({ parteDeOutra: true }),
  statusAddYours: wrapper({ status: true }),
  groupStatusMessage: wrapper({ status: true }),
  groupStatusMessageV2: wrapper({ status: true }),
  limitSharingMessage: wrapper(),
  questionMessage: wrapper({ pergunta: true }),
  questionReplyMessage: wrapper({ respostaDePergunta: true }),
  commentMessage: {
    as: 'wrapper',
    inner: (comment) => comment.message,
    facts: (comment) => compact({ comentarioDe: comment.targetMessageKey?.id }),
  },
};

function wrapper(facts: Facts = {}) {
  return {
    as: 'wrapper' as const,
    inner: (value: proto.Message.IFutureProofMessage | proto.Message.IDeviceSentMessage) => value.message,
    facts: () => facts,
  };
}
