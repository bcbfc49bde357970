import { z } from 'zod';
import { WEBHOOK_EVENTS, type WebhookEventType } from '../../notifications/webhooks/webhook-events.js';
import { isoTime } from './common.js';

const text = z.string();
const textOrNull = text.nullable();

const party = z
  .object({
    tipo: z.enum(['pessoa', 'grupo', 'eu']),
    jid: text.meta({ description: 'The address to reply to.' }),
    pn: textOrNull,
    lid: textOrNull,
    numero: textOrNull.meta({ description: 'Digits of the phone number.' }),
    nome: textOrNull,
    nomePerfil: textOrNull,
  })
  .meta({ id: 'WebhookParty' });

const facts = z.record(z.string(), z.unknown());

const message = z
  .object({
    mensagemId: text,
    atendimentoId: textOrNull,
    contatoId: textOrNull,
    whatsappId: text,
    chat: party,
    autor: party.nullable().meta({ description: 'null = this number.' }),
    remetente: z.enum(['CLIENTE', 'ATENDENTE', 'SISTEMA']),
    origem: z.enum(['api', 'telefone']).nullable(),
    tipo: z.enum(['TEXTO', 'IMAGEM', 'VIDEO', 'AUDIO', 'DOCUMENTO']),
    subtipo: textOrNull,
    conteudo: text,
    status: text,
    respostaA: textOrNull,
    midia: z.object({ tipo: textOrNull, nome: textOrNull, tamanho: z.number().nullable() }).nullable(),
    dados: facts.nullable(),
    timestamp: text,
    ordem: z.number().int(),
  })
  .meta({ id: 'WebhookMessage' });

const instance = { instanceName: text, userId: text, organizationId: textOrNull };

const target = {
  mensagemId: textOrNull,
  atendimentoId: textOrNull,
  whatsappId: text,
  chat: party,
  autor: party.nullable(),
};

/** What `data` is in each type of event (format `sentinela`). */
export const WEBHOOK_DATA: Record<WebhookEventType, z.ZodType> = {
  messageReceived: message,
  messageSent: message,
  messageStatus: z.object({
    whatsappId: text,
    chat: party,
    status: text,
    erro: textOrNull,
    participante: party.nullable().meta({ description: 'In a group: whose receipt.' }),
    timestamp: text,
  }),
  messageEdited: z.object({ ...target, conteudo: text, editadaEm: text }),
  messageDeleted: z.object({ ...target, apagadaEm: text }),
  messageReaction: z.object({ ...target, de: party.nullable(), emoji: textOrNull, timestamp: text }),
  messageUpdated: z.object({ ...target, dados: facts }),
  messageMedia: z.object({
    mensagemId: text,
    atendimentoId: textOrNull,
    whatsappId: textOrNull,
    midia: z
      .object({
        url: text.meta({ description: '`midia_url` of the row: read it with a key.' }),
        tipo: text.meta({ description: 'MIME type, as the bytes say.' }),
        nome: textOrNull,
        tamanho: z.number().int().meta({ description: 'Bytes.' }),
      })
      .nullable(),
    erro: textOrNull.meta({ description: 'Why there is no file: `MEDIA_EXPIRED`, `MEDIA_TOO_LARGE`, …' }),
  }),
  call: z.object({
    callId: text,
    status: z.enum(['offered', 'missed', 'accepted_elsewhere', 'rejected_elsewhere', 'rejected']),
    de: party,
    grupo: party.nullable().meta({ description: 'The group in which it rings.' }),
    video: z.boolean(),
    timestamp: text,
  }),
  messageRead: z.object({ chat: party, whatsappIds: z.array(text).nullable(), ate: textOrNull }),
  groupUpdated: z.object({
    mensagemId: text,
    atendimentoId: textOrNull,
    whatsappId: text,
    grupo: party,
    autor: party.nullable().meta({ description: 'Who did it; null = this number.' }),
    acao: text.meta({ example: 'add' }),
    participantes: z.array(z.object({ jid: text, pn: textOrNull, lid: textOrNull, eu: z.boolean() })),
    valor: textOrNull.meta({ description: 'The new subject, description or setting.' }),
    conteudo: text.meta({ example: 'Ana adicionou +5511988887777' }),
    timestamp: text,
  }),
  contactUpdated: party,
  atendimentoMerged: z.object({ de: text, para: text }),
  chatDeleted: z.object({ chats: z.array(text) }),
  applicationNotification: z.object({ userId: textOrNull, organizationId: textOrNull, type: text, data: facts }),
  connectionState: z.object({ estado: text, status: text, motivo: textOrNull, numero: textOrNull, lid: textOrNull }),
  connected: z.object({ numero: textOrNull, lid: textOrNull }),
  disconnected: z.object({ estado: text, motivo: textOrNull }),
  qr: z.object({ code: text, expiresAt: isoTime }),
  instanceStatus: z.object({ ...instance, status: text, isConnected: z.boolean(), phoneNumber: textOrNull }),
  userNotification: z.object({
    ...instance,
    kind: z.enum(['unhealthy', 'reconnected', 'reconnect_failed']),
    title: text,
    message: text,
    action: z.object({ label: text, method: z.literal('POST'), path: text }).nullable(),
  }),
  alert: z.object({ severity: text, code: text, message: text }),
  supabaseOffline: z.object({ reason: text }),
  supabaseOnline: z.object({}),
  test: z.object({ mensagem: text }),
};

/** Signed as the Standard Webhooks specification says. */
export const webhookHeaders = z.object({
  'webhook-id': z.string().meta({ description: 'Of the event; the same on every repetition.' }),
  'webhook-timestamp': z.string().meta({ description: 'Of this attempt, seconds since the epoch.' }),
  'webhook-signature': z.string().meta({ description: '`v1,` and HMAC-SHA256 of `id.timestamp.body` in base64.' }),
});

/** The whole body of a delivery. */
export function webhookBody(type: WebhookEventType) {
  return z.object({
    id: z.string(),
    type: z.literal(type).meta({ description: WEBHOOK_EVENTS[type] }),
    timestamp: isoTime,
    connectionId: textOrNull,
    ownerId: textOrNull,
    data: WEBHOOK_DATA[type],
  });
}
