import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import type {
  MediaMessageInput,
  MediaSourceInput,
  MessageInput,
  Scope,
  StagedUpload,
} from '../../integration/resources.js';
import { uploadsTo } from '../routes/send-call.js';
import { GatewayError, type ErrorCode } from '../../lib/errors.js';
import { route, type Caller, type Reply, type Route } from '../route.js';
import { anything, evolutionFacts, instanceParams, READ_ERRORS } from './facts.js';
import * as schema from './message-schemas.js';
import type { EvolutionPorts } from './port.js';
import { sentMessage } from './record-shape.js';

/** How long Evolution's clients wait for "sent" before they are told "pending". */
const WAIT_MS = 10_000;
/** 16 MB of file as base64. */
const MAX_JSON = '22mb';
const SEND_ERRORS: readonly ErrorCode[] = [
  ...([
    'INVALID_RECIPIENT',
    'CONNECTION_NOT_FOUND',
    'MESSAGE_NOT_FOUND',
    'NOT_PAIRED',
    'LOGGED_OUT',
    'BANNED',
  ] as const),
  ...(['NOT_ON_WHATSAPP', 'REACHOUT_LOCKED', 'NEW_CHATS_PAUSED', 'REJECTED_BY_WHATSAPP', 'ENCRYPTION_FAILED'] as const),
  ...([
    'MEDIA_TOO_LARGE',
    'MEDIA_FETCH_FAILED',
    'FORBIDDEN_DESTINATION',
    'GROUP_NOT_FOUND',
    'GROUP_FORBIDDEN',
    'FFMPEG_MISSING',
    'TOO_LATE',
  ] as const),
  ...(['EXPIRED', 'JOURNAL_FAILED', 'JOURNAL_FULL', ...READ_ERRORS] as const),
];

interface Addressed {
  number?: string | undefined;
  delay?: number | undefined;
  quoted?: { key: { id: string } } | undefined;
  mentioned?: string[] | undefined;
}

/** One kind of message: its path, its body, and what it is in our own terms. */
interface SendRow<B extends z.ZodObject> {
  method?: 'post' | 'delete';
  path: string;
  operationId: string;
  summary: string;
  body: B;
  takesFile?: boolean;
  message(body: z.output<B>, upload: StagedUpload | undefined): MessageInput;
}

/** Send, change and take back. Everything goes through the same durable outbox as our own route. */
export function messageRoutes(ports: EvolutionPorts): Route[] {
  const send = <B extends z.ZodObject>(row: SendRow<B>): Route => sendRoute(ports, row);
  return [
    send({
      path: '/message/sendText',
      operationId: 'evolutionSendText',
      summary: 'Send a text',
      body: schema.textBody,
      message: ({ text }) => ({ type: 'text', text }),
    }),
    ...fileRoutes(send),
    send({
      path: '/message/sendLocation',
      operationId: 'evolutionSendLocation',
      summary: 'Send a place',
      body: schema.locationBody,
      message: ({ latitude, longitude, name, address }) => ({ type: 'location', latitude, longitude, name, address }),
    }),
    send({
      path: '/message/sendContact',
      operationId: 'evolutionSendContact',
      summary: 'Send contacts',
      body: schema.contactBody,
      message: ({ contact }) => ({
        type: 'contact',
        contacts: contact.map(({ fullName, phoneNumber, organization }) => {
          return { name: fullName, numbers: [phoneNumber], organization };
        }),
      }),
    }),
    send({
      path: '/message/sendPoll',
      operationId: 'evolutionSendPoll',
      summary: 'Send a poll',
      body: schema.pollBody,
      message: ({ name, values, selectableCount }) => ({
        ...{ type: 'poll', question: name, options: values, selectable: selectableCount },
      }),
    }),
    ...changeRoutes(send),
  ];
}

type Send = <B extends z.ZodObject>(row: SendRow<B>) => Route;

function fileRoutes(send: Send): Route[] {
  return [
    send({
      path: '/message/sendMedia',
      operationId: 'evolutionSendMedia',
      summary: 'Send an image, video, audio or document',
      body: schema.mediaBody,
      takesFile: true,
      message: ({ mediatype, media, caption, fileName }, upload) => ({
        ...fileMessage(mediatype, media, upload, 'media'),
        ...(caption && { caption }),
        ...(fileName && { fileName }),
      }),
    }),
    send({
      path: '/message/sendWhatsAppAudio',
      operationId: 'evolutionSendAudio',
      summary: 'Send a voice note',
      body: schema.audioBody,
      takesFile: true,
      message: ({ audio }, upload) => fileMessage('voice', audio, upload, 'audio'),
    }),
    send({
      path: '/message/sendSticker',
      operationId: 'evolutionSendSticker',
      summary: 'Send a sticker (WebP)',
      body: schema.stickerBody,
      takesFile: true,
      message: ({ sticker }, upload) => fileMessage('sticker', sticker, upload, 'sticker'),
    }),
  ];
}

/** What changes a message that is there. */
function changeRoutes(send: Send): Route[] {
  return [
    send({
      path: '/message/sendReaction',
      operationId: 'evolutionSendReaction',
      summary: 'React to a message; an empty reaction takes it back',
      body: schema.reactionBody,
      message: ({ key, reaction }) => ({ type: 'reaction', messageId: key.id, emoji: reaction }),
    }),
    send({
      path: '/chat/updateMessage',
      operationId: 'evolutionUpdateMessage',
      summary: 'Edit a message of ours',
      body: schema.updateBody,
      message: ({ key, text }) => ({ type: 'edit', messageId: key.id, text }),
    }),
    send({
      method: 'delete',
      path: '/chat/deleteMessageForEveryone',
      operationId: 'evolutionDeleteMessage',
      summary: 'Delete a message for everyone',
      body: schema.deleteBody,
      message: ({ id }) => ({ type: 'delete', messageId: id }),
    }),
  ];
}

function sendRoute(ports: EvolutionPorts, row: SendRow<z.ZodObject>): Route {
  const { integration } = ports;
  return route({
    ...evolutionFacts,
    method: row.method ?? 'post',
    path: `${row.path}/:instanceName`,
    access: 'send',
    operationId: row.operationId,
    summary: row.summary,
    input: { params: instanceParams, body: row.body },
    replies: { 201: { description: '`status` SERVER_ACK, or PENDING when it goes out later.', schema: anything } },
    errors: SEND_ERRORS,
    // The wait for the acknowledgement, and before it the delay and a file to fetch or convert.
    deadlineMs: 120_000,
    maxJson: MAX_JSON,
    ...(row.takesFile && { upload: uploadsTo(integration) }),
    handle: async ({ params: { instanceName }, body }, caller: Caller): Promise<Reply> => {
      const message = row.message(body, caller.upload as StagedUpload | undefined);
      const { number, delay, quoted, mentioned } = body as Addressed;
      if (delay && number)
        await showTyping(ports, { connectionId: instanceName, to: number }, message, delay, caller.scope);
      const result = await integration.sendMessage(
        {
          ...{ connectionId: instanceName, message, waitMs: WAIT_MS, signal: caller.signal },
          ...('messageId' in message ? {} : { to: number, mentions: mentioned, replyTo: quoted?.key.id }),
        },
        caller.scope,
      );
      return { status: 201, body: sentMessage(result.message, message) };
    },
  });
}

/** As Evolution does: the other side sees "typing…", then the message. A connection that is away shows nothing. */
async function showTyping(
  { integration }: EvolutionPorts,
  chat: { connectionId: string; to: string },
  { type }: MessageInput,
  delayMs: number,
  scope: Scope | null,
): Promise<void> {
  const state = type === 'voice' || type === 'audio' ? 'recording' : 'composing';
  try {
    await integration.sendPresence({ ...chat, state }, scope);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'NOT_CONNECTED') throw error;
  }
  await pause(delayMs);
}

function fileMessage(
  type: MediaMessageInput['type'],
  given: string | undefined,
  upload: StagedUpload | undefined,
  field: string,
) {
  return { type, source: sourceOf(given, upload, field) };
}

function sourceOf(given: string | undefined, upload: StagedUpload | undefined, field: string): MediaSourceInput {
  if (upload && given === undefined) return { kind: 'upload', staged: upload };
  if (given === undefined || upload) {
    const problem = `exactly one of ${field} or a file in a form is needed`;
    throw new GatewayError('BAD_REQUEST', `body.${field}: ${problem}`, {
      details: [{ field: `body.${field}`, problem }],
    });
  }
  if (/^https?:\/\//i.test(given) && URL.canParse(given)) return { kind: 'url', url: given };
  return { kind: 'base64', data: given.replace(/^data:[^,]{0,200},/, '') };
}
