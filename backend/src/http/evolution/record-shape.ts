import { EVOLUTION_MEDIA, EVOLUTION_STATUSES } from '../../lib/evolution-words.js';
import type { MessageInput, Row, SentMessageResource } from '../../integration/resources.js';
import type { FoundChat, FoundMessage } from '../../integration/chat-search.js';

const text = (value: unknown) => (typeof value === 'string' ? value : null);
const seconds = (iso: unknown) => Math.floor(Date.parse(String(iso)) / 1000);

/** What Evolution answers to a send. */
export function sentMessage(sent: SentMessageResource, message: MessageInput) {
  const [messageType, content] = contentOfInput(message);
  return {
    key: { remoteJid: sent.to, fromMe: true, id: sent.whatsappId },
    pushName: '',
    status: EVOLUTION_STATUSES[sent.status] ?? sent.status,
    message: { [messageType]: content },
    contextInfo: null,
    messageType,
    messageTimestamp: seconds(sent.timestamp),
    instanceId: sent.connectionId,
    source: 'web',
  };
}

function contentOfInput(message: MessageInput): [string, unknown] {
  switch (message.type) {
    case 'text':
      return ['conversation', message.text];
    case 'location':
      return ['locationMessage', { degreesLatitude: message.latitude, degreesLongitude: message.longitude }];
    case 'contact':
      return ['contactsArrayMessage', { displayName: message.contacts[0]?.name ?? '' }];
    case 'poll':
      return ['pollCreationMessageV3', { name: message.question, options: message.options.map(named) }];
    case 'reaction':
      return ['reactionMessage', { key: { id: message.messageId }, text: message.emoji }];
    case 'edit':
      return ['protocolMessage', { key: { id: message.messageId }, type: 'MESSAGE_EDIT' }];
    case 'delete':
      return ['protocolMessage', { key: { id: message.messageId }, type: 'REVOKE' }];
    case 'forward':
      return ['conversation', ''];
    default:
      return [FILE_TYPES[message.type], { caption: message.caption ?? null, fileName: message.fileName ?? null }];
  }
}

const named = (optionName: string) => ({ optionName });

const FILE_TYPES = {
  image: 'imageMessage',
  video: 'videoMessage',
  audio: 'audioMessage',
  voice: 'audioMessage',
  document: 'documentMessage',
  sticker: 'stickerMessage',
} as const;

/** A message of `findMessages`. */
export function messageRecord({ message: row, chat, author }: FoundMessage, instanceId: string) {
  const [messageType, content] = contentOfRow(row);
  const status = EVOLUTION_STATUSES[String(row['status'])];
  return {
    id: row['id'],
    key: keyOf(row, chat),
    pushName: author && author['tipo'] !== 'eu' ? (text(author['nome_perfil']) ?? text(author['nome'])) : null,
    messageType,
    message: { [messageType]: content },
    messageTimestamp: seconds(row['timestamp']),
    instanceId,
    source: 'unknown',
    contextInfo: row['resposta_a'] === null ? null : { stanzaId: row['resposta_a'] },
    MessageUpdate: status === undefined ? [] : [{ status }],
  };
}

/** A chat of `findChats`. */
export function chatRecord({ chat, last, unread }: FoundChat, instanceId: string) {
  const name = text(chat['nome']) ?? text(chat['nome_perfil']);
  return {
    id: chat['id'],
    remoteJid: addressOf(chat),
    pushName: name,
    profilePicUrl: chat['foto_url'] ?? null,
    updatedAt: last['timestamp'],
    lastMessage: messageRecord({ message: last, chat, author: null }, instanceId),
    unreadCount: unread,
    isSaved: text(chat['nome']) !== null,
  };
}

function keyOf(row: Row, chat: Row) {
  const fromMe = row['remetente'] !== 'CLIENTE';
  const alternative = chat['pn'] === null ? null : text(chat['lid']);
  return {
    id: row['whatsapp_id'],
    fromMe,
    remoteJid: addressOf(chat),
    ...(alternative !== null && { remoteJidAlt: alternative }),
    ...(chat['tipo'] === 'grupo' && !fromMe && { participant: row['remetente_jid'] }),
  };
}

function addressOf(chat: Row): string {
  return text(chat['pn']) ?? String(chat['jid']);
}

function contentOfRow(row: Row): [string, unknown] {
  const kind = EVOLUTION_MEDIA[String(row['tipo'])];
  if (kind === undefined) return ['conversation', row['conteudo']];
  return [
    kind,
    {
      caption: row['conteudo'],
      mimetype: row['midia_tipo'] ?? null,
      fileName: row['midia_nome'] ?? null,
      fileLength: row['midia_tamanho'] ?? null,
      url: row['midia_url'] ?? null,
    },
  ];
}
