import type { HttpAppDeps } from '../../../src/http/create-http-app.js';

const NOW = '2026-01-02T03:04:05.000Z';
const chat = {
  id: 'c',
  tipo: 'pessoa',
  pn: '5511988887777@s.whatsapp.net',
  lid: null,
  jid: '5511988887777@s.whatsapp.net',
};
const message = {
  ...{ id: 'm', whatsapp_id: '3EB0', conteudo: 'Olá', tipo: 'TEXTO', remetente: 'CLIENTE', status: 'RECEBIDA' },
  ...{ timestamp: NOW, resposta_a: null, remetente_jid: null },
};

/** Answers of the search for messages and chats. */
export function scriptedChats(): HttpAppDeps['chats'] {
  return {
    messages: async () => ({ total: 1, found: [{ message, chat, author: null }] }),
    chats: async () => [{ chat, last: message, unread: 1 }],
  };
}
