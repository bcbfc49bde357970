import type { InstanceFact, UserNotification } from '../gateway-events.js';

/** Whose instance it is about. */
type InstanceData = Omit<InstanceFact, 'connectionId'>;

/** Somebody as a webhook tells about them. */
export interface PartyData {
  tipo: 'pessoa' | 'grupo' | 'eu';
  jid: string;
  pn: string | null;
  lid: string | null;
  /** Digits of the phone number, when it is known. */
  numero: string | null;
  nome: string | null;
  nomePerfil: string | null;
}

/** A message as its row has it. */
export interface MessageData {
  mensagemId: string;
  atendimentoId: string | null;
  contatoId: string | null;
  whatsappId: string;
  /** Whom the conversation is with. */
  chat: PartyData;
  /** Who wrote it; null = this number. */
  autor: PartyData | null;
  remetente: string;
  /** Where our own message was written: by this API, or on the phone; null for a customer's. */
  origem: 'api' | 'telefone' | null;
  tipo: string;
  subtipo: string | null;
  conteudo: string;
  status: string;
  respostaA: string | null;
  midia: { tipo: string | null; nome: string | null; tamanho: number | null } | null;
  dados: Record<string, unknown> | null;
  /** WhatsApp's own fields, without secrets; only while a webhook of another format than ours may want them, and never in ours. */
  original?: Record<string, unknown> | null;
  /** ISO 8601, WhatsApp's time. */
  timestamp: string;
  /** Order within the gateway. */
  ordem: number;
}

/** Which message a change is about. */
export interface TargetData {
  mensagemId: string | null;
  atendimentoId: string | null;
  whatsappId: string;
  chat: PartyData;
  /** Who wrote the message; null = this number. */
  autor: PartyData | null;
}

/** What became of the file of a message that was told of before. */
export interface MediaData {
  mensagemId: string;
  atendimentoId: string | null;
  /** null in events of before the gateway noted it. */
  whatsappId: string | null;
  /** Where it can be read now (with a key; a link for `<img>` is asked for), and what it is; null = it will not come. */
  midia: { url: string; tipo: string; nome: string | null; tamanho: number } | null;
  /** Why there is none, a code of the error catalogue; null with a file. */
  erro: string | null;
}

/** Something happened to a group, as its row tells it. */
export interface GroupUpdateData {
  mensagemId: string;
  atendimentoId: string | null;
  whatsappId: string;
  grupo: PartyData;
  /** Who did it; null = this number. The group itself when WhatsApp does not say. */
  autor: PartyData | null;
  /** WhatsApp's word: add, remove, promote, demote, subject, description, announcement, … */
  acao: string;
  /** Whom it was done to. */
  participantes: { jid: string; pn: string | null; lid: string | null; eu: boolean }[];
  /** The new subject, description or setting; null when there is none. */
  valor: string | null;
  /** One line in Portuguese. */
  conteudo: string;
  timestamp: string;
}

/** A call of somebody else, as far as it has come. */
export interface CallData {
  callId: string;
  status: 'offered' | 'missed' | 'accepted_elsewhere' | 'rejected_elsewhere' | 'rejected';
  de: PartyData;
  /** The group in which it rings; null when it is between two. */
  grupo: PartyData | null;
  video: boolean;
  timestamp: string;
}

/** What each type of event says. The names are those of the events inside the gateway. */
export interface WebhookEventData {
  messageReceived: MessageData;
  messageSent: MessageData;
  messageStatus: {
    whatsappId: string;
    chat: PartyData;
    status: string;
    erro: string | null;
    /** In a group: whose receipt it was. */
    participante: PartyData | null;
    timestamp: string;
  };
  messageEdited: TargetData & { conteudo: string; editadaEm: string };
  messageDeleted: TargetData & { apagadaEm: string };
  messageReaction: TargetData & { de: PartyData | null; emoji: string | null; timestamp: string };
  messageUpdated: TargetData & { dados: Record<string, unknown> };
  messageMedia: MediaData;
  messageRead: { chat: PartyData; whatsappIds: string[] | null; ate: string | null };
  groupUpdated: GroupUpdateData;
  contactUpdated: PartyData;
  chatDeleted: { chats: string[] };
  call: CallData;
  atendimentoMerged: { de: string; para: string };
  connectionState: { estado: string; status: string; motivo: string | null; numero: string | null; lid: string | null };
  connected: { numero: string | null; lid: string | null };
  disconnected: { estado: string; motivo: string | null };
  qr: { code: string; expiresAt: string };
  instanceStatus: InstanceData & { status: string; isConnected: boolean; phoneNumber: string | null };
  userNotification: InstanceData & UserNotification;
  applicationNotification: {
    userId: string | null;
    organizationId: string | null;
    type: string;
    data: Record<string, unknown>;
  };
  alert: { severity: string; code: string; message: string };
  supabaseOffline: { reason: string };
  supabaseOnline: Record<string, never>;
  test: { mensagem: string };
}

export type WebhookEventType = keyof WebhookEventData;

/** An event with its data, as the envelopes read it. */
export type WebhookEvent = {
  [T in WebhookEventType]: {
    id: string;
    type: T;
    connectionId: string | null;
    ownerId: string | null;
    /** ms since the epoch. */
    at: number;
    data: WebhookEventData[T];
  };
}[WebhookEventType];

/** Every type, with what it means, for the documentation and the filter. */
export const WEBHOOK_EVENTS: Record<WebhookEventType, string> = {
  messageReceived:
    'A message of a customer has its row. Sent again under another id when a message that could not be read becomes readable.',
  messageSent: 'A message of this number has its row, sent by API or on the phone.',
  messageStatus: 'A message of this number moved: ENVIADA, ENTREGUE, LIDA, REPRODUZIDA, ERRO.',
  messageEdited: 'A message has a new text.',
  messageDeleted: 'A message was deleted for everyone.',
  messageReaction: 'Somebody reacted to a message, or took the reaction back (emoji null).',
  messageUpdated:
    'A message has more facts in `dados` (pinned, an answer to an event, an edit that cannot be read, …; `votosPendentes`: the row will have the new count).',
  messageMedia:
    'The file of a message has come and can be read at `midia.url`, or will not come (`erro`; the retry route asks again).',
  messageRead: 'Messages of a customer were read here, on the phone or by API.',
  groupUpdated: 'Somebody came into a group or left it, or its subject, description or settings changed.',
  call: 'Somebody calls (`offered`), or a call ended: `missed`, `rejected` (by the gateway), `accepted_elsewhere` or `rejected_elsewhere` (on the phone or another device).',
  contactUpdated: 'Names or addresses of somebody became known.',
  chatDeleted:
    'Chats were deleted on the phone of a connection on an Evolution server, by their addresses; the rows stay.',
  atendimentoMerged: 'Two conversations turned out to be one. Told once, not kept over a crash at that very moment.',
  connectionState: 'A connection moved to another state.',
  connected: 'A connection is ready.',
  disconnected: 'A connection is not ready any more.',
  qr: 'There is a new QR code to scan. Not delivered after it has expired.',
  instanceStatus: 'The instance of a user (`user_<userId>`) moved to another status.',
  userNotification:
    "The health of a user's instance, in words for that user: ill, connected again, or (with an action) not mended.",
  applicationNotification: 'An application has pushed this to the pages of a user or an organisation.',
  alert: 'Somebody should look: of one connection, or (webhooks without owner) of the whole gateway.',
  supabaseOffline: 'The database cannot be reached. For webhooks without owner.',
  supabaseOnline: 'The database is back. For webhooks without owner.',
  test: 'Asked for by the test route.',
};
