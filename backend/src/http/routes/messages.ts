import { z } from 'zod';
import type { StagedUpload } from '../../integration/resources.js';
import type { IntegrationPort } from '../ports.js';
import { canonicalSha256 } from '../canonical-sha256.js';
import { ok, route, type Route } from '../route.js';
import { atendimento } from '../schemas/atendimentos.js';
import { pageBothWays, pageQuery, uuid } from '../schemas/common.js';
import { messageInput } from '../schemas/message-content.js';
import * as schema from '../schemas/messages.js';

const BASE = '/api/whatsapp-integration';
/** 16 MB of file as base64; larger ones come as a form or by URL. */
const MAX_JSON = '22mb';
const facts = { tag: 'messages' } as const;

/** Send, and read what was said. */
export function messageRoutes(integration: IntegrationPort): Route[] {
  return [
    sendRoute(integration),
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/messages/:atendimentoId`,
      access: 'read',
      operationId: 'listMessages',
      summary: 'Messages of one atendimento',
      input: { params: z.object({ atendimentoId: uuid }), query: schema.listMessagesQuery },
      replies: {
        200: { description: 'One page of rows of `whatsapp_mensagens`.', schema: pageBothWays(schema.mensagem) },
      },
      errors: ['ATENDIMENTO_NOT_FOUND', 'DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'DEADLINE_EXCEEDED'],
      handle: async ({ params, query: { order: direction, ...page } }, { scope }) =>
        ok(await integration.listMessages(params.atendimentoId, { ...page, direction }, scope)),
    }),
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/atendimentos/active`,
      access: 'read',
      operationId: 'listActiveAtendimentos',
      summary: 'Open atendimentos',
      input: { query: pageQuery },
      replies: {
        200: { description: 'One page of rows of `whatsapp_atendimentos`.', schema: pageBothWays(atendimento) },
      },
      errors: ['DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'DEADLINE_EXCEEDED'],
      handle: async ({ query }, { scope }) => ok(await integration.listActiveAtendimentos(query, scope)),
    }),
  ];
}

function sendRoute(integration: IntegrationPort): Route {
  return route({
    ...facts,
    method: 'post',
    path: `${BASE}/messages/send`,
    access: 'send',
    operationId: 'sendMessage',
    summary: 'Send a message, or react to, edit, delete or forward one',
    input: { body: schema.sendMessageBody, query: schema.sendMessageQuery, headers: schema.sendMessageHeaders },
    replies: {
      201: { description: 'WhatsApp has accepted it.', schema: schema.sendMessageReply },
      202: { description: 'Stored; it goes out as soon as possible.', schema: schema.sendMessageReply },
    },
    errors: [
      'NEW_CHATS_PAUSED',
      ...['INVALID_RECIPIENT', 'EMPTY_MESSAGE', 'MESSAGE_TOO_LONG', 'UNSUPPORTED_TYPE'],
      ...[
        'CONNECTION_NOT_FOUND',
        'MESSAGE_NOT_FOUND',
        'TEMPLATE_NOT_FOUND',
        'NOT_PAIRED',
        'LOGGED_OUT',
        'BANNED',
        'IDEMPOTENCY_CONFLICT',
      ],
      ...['NOT_ON_WHATSAPP', 'REACHOUT_LOCKED', 'REJECTED_BY_WHATSAPP', 'ENCRYPTION_FAILED', 'EXPIRED'],
      ...['MEDIA_TOO_LARGE', 'MEDIA_FETCH_FAILED', 'MEDIA_STORE_FAILED', 'MEDIA_NOT_FOUND', 'FORBIDDEN_DESTINATION'],
      ...[
        'FFMPEG_MISSING',
        'FORBIDDEN',
        'TOO_LATE',
        'DATABASE_UNAVAILABLE',
        'JOURNAL_FAILED',
        'JOURNAL_FULL',
        'DEADLINE_EXCEEDED',
      ],
    ] as Route['errors'],
    issueCodes: schema.MESSAGE_ISSUES,
    // The wait for the acknowledgement, and before it a file to fetch or convert and a number to look up.
    deadlineMs: schema.MAX_WAIT_MS + 90_000,
    maxJson: MAX_JSON,
    upload: (stream, name) => integration.receiveUpload(stream, name),
    handle: async ({ body, query, headers }, caller) => {
      const key = headers['Idempotency-Key'];
      const scope = `${caller.name}:${body.connectionId}`;
      const upload = caller.upload as StagedUpload | undefined;
      const same = upload ? { ...body, file: upload.sha256.toString('hex') } : body;
      const idempotency = key === undefined ? undefined : { scope, key, bodySha256: canonicalSha256(same) };
      const { connectionId, to, mentions, replyTo, template } = body;
      const result = await integration.sendMessage(
        {
          ...{ connectionId, to, mentions, replyTo, template, message: messageInput(body, upload) },
          ...{ waitMs: query.wait, idempotency },
        },
        caller.scope,
      );
      return {
        ...ok({ message: result.message }),
        status: result.httpStatus,
        headers: result.replayed ? { 'Idempotent-Replayed': 'true' } : {},
      };
    },
  });
}
