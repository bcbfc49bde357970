import { proto } from '@whiskeysockets/baileys';
import type { Row } from './crm.js';

type Message = proto.IMessage;
const bytes = (length: number) => new Uint8Array(length).fill(7);
const file = (mimetype: string, fileLength: number) => ({
  mimetype,
  fileLength,
  url: 'https://mmg.whatsapp.net/o1/v/t24/f2/m1',
  directPath: '/o1/v/t24/f2/m1',
  mediaKey: bytes(32),
  fileSha256: bytes(32),
  fileEncSha256: bytes(32),
});
const text = (words: string, contextInfo?: proto.IContextInfo): Message => ({
  extendedTextMessage: { text: words, ...(contextInfo ? { contextInfo } : {}) },
});
const vcard = 'BEGIN:VCARD\nVERSION:3.0\nFN:Beto Lima\nTEL;waid=5511955554444:+55 11 95555-4444\nEND:VCARD';

/** Every kind of message that a customer can write, and what an agent must find in its row. */
export const CONTENTS: [string, Message | string, Row][] = [
  ['a text', 'Bom dia', { tipo: 'TEXTO', subtipo: null, conteudo: 'Bom dia' }],
  ['a text with a link', text('veja https://loja.example'), { tipo: 'TEXTO', conteudo: 'veja https://loja.example' }],
  ['emoji and right-to-left text', '👩🏽‍🚀 שלום עולם 🇧🇷', { tipo: 'TEXTO', conteudo: '👩🏽‍🚀 שלום עולם 🇧🇷' }],
  ['a NUL in a text', 'a\u0000b', { conteudo: 'a\ufffdb', dados: { textoAlterado: true } }],
  [
    'a picture with a caption',
    { imageMessage: { ...file('image/jpeg', 34_567), caption: 'O produto', width: 640, height: 480 } },
    { tipo: 'IMAGEM', conteudo: 'O produto', midia_tipo: 'image/jpeg', midia_tamanho: 34_567 },
  ],
  [
    'a film',
    { videoMessage: { ...file('video/mp4', 1_000_000), seconds: 12 } },
    { tipo: 'VIDEO', conteudo: 'Vídeo', midia_tipo: 'video/mp4', midia_tamanho: 1_000_000 },
  ],
  [
    'a voice message',
    { audioMessage: { ...file('audio/ogg; codecs=opus', 4_321), ptt: true, seconds: 5 } },
    { tipo: 'AUDIO', subtipo: 'VOZ', conteudo: 'Mensagem de voz', midia_tipo: 'audio/ogg; codecs=opus' },
  ],
  ['a sound', { audioMessage: file('audio/mpeg', 4_321) }, { tipo: 'AUDIO', subtipo: null, conteudo: 'Áudio' }],
  [
    'a document with a caption',
    {
      documentWithCaptionMessage: {
        message: { documentMessage: { ...file('application/pdf', 99), fileName: 'nota.pdf', caption: 'A nota' } },
      },
    },
    { tipo: 'DOCUMENTO', conteudo: 'A nota', midia_nome: 'nota.pdf', midia_tipo: 'application/pdf', midia_tamanho: 99 },
  ],
  [
    'a sticker',
    { stickerMessage: file('image/webp', 2_000) },
    { tipo: 'IMAGEM', subtipo: 'FIGURINHA', conteudo: 'Figurinha', midia_tipo: 'image/webp' },
  ],
  [
    'a location',
    { locationMessage: { degreesLatitude: -23.55, degreesLongitude: -46.63, name: 'Praça da Sé' } },
    {
      tipo: 'TEXTO',
      subtipo: 'LOCALIZACAO',
      conteudo: '📍 Localização: Praça da Sé',
      dados: { localizacao: { latitude: -23.55, longitude: -46.63 } },
    },
  ],
  [
    'a contact card',
    { contactMessage: { displayName: 'Beto Lima', vcard } },
    { tipo: 'TEXTO', subtipo: 'CONTATO', conteudo: expectText(/^👤 Contato: Beto Lima/) },
  ],
  [
    'a poll',
    {
      pollCreationMessageV3: {
        name: 'Que dia?',
        options: [{ optionName: 'Sexta' }, { optionName: 'Sábado' }],
        selectableOptionsCount: 1,
      },
      messageContextInfo: { messageSecret: bytes(32) },
    },
    {
      tipo: 'TEXTO',
      subtipo: 'ENQUETE',
      conteudo: expectText(/^Enquete: Que dia\?/),
      dados: { enquete: { opcoes: ['Sexta', 'Sábado'] }, messageSecret: Buffer.from(bytes(32)).toString('base64') },
    },
  ],
  [
    'a view-once picture',
    { viewOnceMessageV2: { message: { imageMessage: { ...file('image/jpeg', 10), viewOnce: true } } } },
    { tipo: 'IMAGEM', dados: { visualizacaoUnica: true } },
  ],
  [
    'a disappearing text',
    { ephemeralMessage: { message: text('some', { expiration: 86_400 }) } },
    { tipo: 'TEXTO', conteudo: 'some', dados: { efemera: true } },
  ],
  ['a kind that nobody knows', {}, { tipo: 'TEXTO', subtipo: 'DESCONHECIDO' }],
];

function expectText(pattern: RegExp): unknown {
  return { asymmetricMatch: (value: unknown) => pattern.test(String(value)), toString: () => String(pattern) };
}

/** A reaction to a message; an empty emoji takes it back. */
export function aReaction(
  to: { id: string; jid: string; fromMe?: boolean; participant?: string },
  emoji: string,
): Message {
  const key = {
    id: to.id,
    remoteJid: to.jid,
    fromMe: to.fromMe ?? true,
    ...(to.participant ? { participant: to.participant } : {}),
  };
  return { reactionMessage: { key, text: emoji, senderTimestampMs: Date.now() } };
}

export function anEdit(id: string, words: string): Message {
  const { Type } = proto.Message.ProtocolMessage;
  return {
    protocolMessage: { key: { id, fromMe: true }, type: Type.MESSAGE_EDIT, editedMessage: { conversation: words } },
  };
}

export function aDeletion(id: string): Message {
  return { protocolMessage: { key: { id, fromMe: true }, type: proto.Message.ProtocolMessage.Type.REVOKE } };
}

export function aReply(words: string, to: { id: string; participant: string; text: string }): Message {
  return text(words, {
    stanzaId: to.id,
    participant: to.participant,
    quotedMessage: { conversation: to.text },
  });
}
