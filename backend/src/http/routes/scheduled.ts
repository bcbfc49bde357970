import type { StagedUpload } from '../../integration/resources.js';
import { ok, route, type Route } from '../route.js';
import type { ScheduledPort } from '../schedule-ports.js';
import { pageBothWays } from '../schemas/common.js';
import { messageInput } from '../schemas/message-content.js';
import * as schema from '../schemas/scheduled.js';
import { idempotencyOf, sendFacts, type UploadPort } from './send-call.js';

const PATH = '/api/whatsapp-integration/scheduled-messages';
/** A file is fetched and converted when its message is scheduled. */
const DEADLINE_MS = 90_000;

const facts = { tag: 'scheduled' } as const;
const DATABASE = ['DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'SCHEMA_OUTDATED', 'DEADLINE_EXCEEDED'] as const;
/** What can be wrong with a message before it is accepted. */
const MESSAGE = [
  ...(['INVALID_RECIPIENT', 'EMPTY_MESSAGE', 'MESSAGE_TOO_LONG', 'UNSUPPORTED_TYPE', 'TEMPLATE_NOT_FOUND'] as const),
  ...(['MESSAGE_NOT_FOUND', 'MEDIA_TOO_LARGE', 'MEDIA_FETCH_FAILED', 'MEDIA_STORE_FAILED', 'MEDIA_NOT_FOUND'] as const),
  ...(['FORBIDDEN_DESTINATION', 'FFMPEG_MISSING', 'FORBIDDEN', 'TOO_LATE', 'JOURNAL_FAILED', 'JOURNAL_FULL'] as const),
] as const;

/** Messages that go out at a time. */
export function scheduledRoutes(scheduled: ScheduledPort, integration: UploadPort): Route[] {
  return [
    scheduleRoute(scheduled, integration),
    route({
      ...facts,
      method: 'get',
      path: PATH,
      access: 'read',
      operationId: 'listScheduled',
      summary: 'Scheduled messages, the earliest first',
      input: { query: schema.listScheduledQuery },
      replies: {
        200: {
          description: 'One page of rows of `whatsapp_mensagens_agendadas`.',
          schema: pageBothWays(schema.agendamento),
        },
      },
      errors: DATABASE,
      handle: async ({ query: { connectionId: sessao, status, from: de, until: ate, ...page } }, { scope }) =>
        ok(await scheduled.list({ sessao, status, de, ate }, page, scope)),
    }),
    route({
      ...facts,
      method: 'get',
      path: `${PATH}/:id`,
      access: 'read',
      operationId: 'getScheduled',
      summary: 'A scheduled message; done ones for 30 days (then in the list)',
      input: { params: schema.scheduledParams },
      replies: { 200: { description: 'As it is now.', schema: schema.scheduledReply } },
      errors: ['SCHEDULED_NOT_FOUND'],
      handle: ({ params: { id } }, { scope }) => ok({ agendamento: scheduled.get(id, scope) }),
    }),
    changeRoute(scheduled, integration),
    route({
      ...facts,
      method: 'delete',
      path: `${PATH}/:id`,
      access: 'send',
      operationId: 'cancelScheduled',
      summary: 'Cancel a scheduled message that waits',
      input: { params: schema.scheduledParams },
      replies: { 200: { description: 'It is never sent.', schema: schema.scheduledReply } },
      errors: ['SCHEDULED_NOT_FOUND', 'SCHEDULED_CLOSED', 'JOURNAL_FAILED', 'JOURNAL_FULL'],
      handle: async ({ params: { id } }, { scope }) => ok({ agendamento: await scheduled.cancel(id, scope) }),
    }),
  ];
}

function scheduleRoute(scheduled: ScheduledPort, integration: UploadPort): Route {
  return route({
    ...facts,
    method: 'post',
    path: PATH,
    access: 'send',
    operationId: 'scheduleMessage',
    summary: 'Send a message at a time',
    input: { body: schema.scheduleBody, headers: schema.scheduleHeaders },
    replies: {
      200: { description: 'The same Idempotency-Key has scheduled it before.', schema: schema.scheduledReply },
      201: { description: 'Stored; it goes out at its time.', schema: schema.scheduledReply },
    },
    errors: [
      ...(['CONNECTION_NOT_FOUND', 'SCHEDULED_LIMIT', 'IDEMPOTENCY_CONFLICT'] as const),
      ...[...MESSAGE, ...DATABASE],
    ],
    ...sendFacts(integration),
    deadlineMs: DEADLINE_MS,
    handle: async ({ body, headers }, caller) => {
      const upload = caller.upload as StagedUpload | undefined;
      const idempotency = idempotencyOf(caller, body.connectionId, headers['Idempotency-Key'], body);
      const { connectionId, to, mentions, replyTo, template, typingMs } = body;
      const message = messageInput(body, upload);
      const input = {
        connectionId,
        to,
        mentions,
        replyTo,
        template,
        typingMs,
        message,
        idempotency,
        signal: caller.signal,
      };
      const done = await scheduled.create({ ...input, sendAt: Date.parse(body.sendAt) }, caller.scope);
      return {
        ...ok({ agendamento: done.agendamento }),
        status: done.created ? 201 : 200,
        headers: done.created ? {} : { 'Idempotent-Replayed': 'true' },
      };
    },
  });
}

function changeRoute(scheduled: ScheduledPort, integration: UploadPort): Route {
  const { issueCodes, aliases, maxJson } = sendFacts(integration);
  return route({
    ...facts,
    method: 'patch',
    path: `${PATH}/:id`,
    access: 'send',
    operationId: 'changeScheduled',
    summary: 'Change the time, the recipient or the message while it waits',
    input: { params: schema.scheduledParams, body: schema.changeScheduledBody },
    replies: { 200: { description: 'As it is now.', schema: schema.scheduledReply } },
    errors: ['SCHEDULED_NOT_FOUND', 'SCHEDULED_CLOSED', ...MESSAGE, ...DATABASE],
    ...{ issueCodes, aliases, maxJson, deadlineMs: DEADLINE_MS },
    handle: async ({ params: { id }, body }, { scope, signal }) => {
      const { sendAt, to, template, mentions, replyTo, typingMs } = body;
      const message = schema.hasMessage(body)
        ? { message: messageInput(body), template, mentions, replyTo, typingMs, signal }
        : undefined;
      const change = { sendAt: sendAt === undefined ? undefined : Date.parse(sendAt), to, message };
      return ok({ agendamento: await scheduled.change(id, change, scope) });
    },
  });
}
