import type { proto } from '@whiskeysockets/baileys';
import { textOr, type ContentRow, type Handlers } from './handler.js';
import { compact, count, protoJson } from './proto-values.js';

/** Short notices that WhatsApp itself puts into a chat, and what can only be read on the phone. */
export const notices: Handlers<
  | 'placeholderMessage'
  | 'statusMentionMessage'
  | 'groupStatusMentionMessage'
  | 'statusNotificationMessage'
  | 'statusQuotedMessage'
  | 'statusStickerInteractionMessage'
  | 'messageHistoryBundle'
  | 'messageHistoryNotice'
  | 'encCommentMessage'
> = {
  placeholderMessage: notice('SOMENTE_CELULAR', () => 'Mensagem disponível somente no celular'),
  statusMentionMessage: notice('MENCAO_STATUS', () => 'Mencionou você no status'),
  groupStatusMentionMessage: notice('MENCAO_STATUS', () => 'Mencionou o grupo no status'),
  statusNotificationMessage: notice('STATUS', () => 'Reagiu ao seu status'),
  statusQuotedMessage: notice('STATUS', (status: proto.Message.IStatusQuotedMessage) =>
    textOr(status.text, 'Respondeu a um status'),
  ),
  statusStickerInteractionMessage: notice('STATUS', () => 'Interagiu com uma figurinha do status'),
  messageHistoryBundle: notice('HISTORICO', historyText),
  messageHistoryNotice: notice('HISTORICO', historyText),
  encCommentMessage: {
    as: 'row',
    row: (comment) => ({
      tipo: 'TEXTO',
      subtipo: 'COMENTARIO',
      conteudo: 'Comentário (conteúdo cifrado)',
      dados: compact({ comentarioDe: comment.targetMessageKey?.id, cifrado: protoJson(comment) }),
    }),
  },
};

function notice<V extends object>(subtipo: string, text: (value: V) => string) {
  return {
    as: 'row' as const,
    row: (value: V): ContentRow => ({
      tipo: 'TEXTO',
      subtipo,
      conteudo: text(value),
      dados: { aviso: protoJson({ ...value, contextInfo: null }) },
    }),
  };
}

function historyText(history: proto.Message.IMessageHistoryNotice): string {
  const messages = count(history.messageHistoryMetadata?.messageCount);
  return messages ? `Histórico de mensagens compartilhado (${messages})` : 'Histórico de mensagens compartilhado';
}
