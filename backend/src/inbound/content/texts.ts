import type { proto } from '@whiskeysockets/baileys';
import { Cuts } from './caps.js';
import { lines, textOr, type ContentRow, type Handlers } from './handler.js';
import { compact, protoJson } from './proto-values.js';

export const EMPTY_TEXT = '(mensagem vazia)';

/** Plain texts, with or without link preview. */
export const texts: Handlers<'conversation' | 'extendedTextMessage' | 'chat' | 'richResponseMessage'> = {
  conversation: {
    as: 'row',
    row: (text) => ({ tipo: 'TEXTO', subtipo: null, conteudo: textOr(text, EMPTY_TEXT) }),
  },
  extendedTextMessage: { as: 'row', row: extendedText },
  chat: {
    as: 'row',
    row: (chat) => ({
      tipo: 'TEXTO',
      subtipo: 'CONVERSA',
      conteudo: `Conversa: ${textOr(chat.displayName, chat.id ?? 'sem nome')}`,
    }),
  },
  richResponseMessage: {
    as: 'row',
    row: richResponse,
  },
};

function richResponse(response: proto.IAIRichResponseMessage): ContentRow {
  const cuts = new Cuts();
  const submessages = cuts.take('partes', response.submessages);
  return {
    tipo: 'TEXTO',
    subtipo: 'RESPOSTA_IA',
    conteudo: textOr(lines(...submessages.map((part) => part.messageText)), 'Resposta de IA'),
    dados: { resposta: protoJson({ ...response, submessages, contextInfo: null }), ...cuts.facts() },
  };
}

function extendedText(text: proto.Message.IExtendedTextMessage): ContentRow {
  const preview = compact({
    url: text.matchedText,
    titulo: text.title,
    descricao: text.description,
    videoUrl: text.videoContentUrl,
  });
  return {
    tipo: 'TEXTO',
    subtipo: null,
    conteudo: textOr(text.text, textOr(text.matchedText, EMPTY_TEXT)),
    ...(Object.keys(preview).length > 0 ? { dados: { previa: preview } } : {}),
  };
}
