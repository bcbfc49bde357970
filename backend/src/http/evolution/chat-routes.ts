import type { Readable } from 'node:stream';
import { z } from 'zod';
import { GatewayError, isGatewayError } from '../../lib/errors.js';
import { digitsOfJid, pnJid, spellings } from '../../lib/phone-number.js';
import type { Scope } from '../../integration/resources.js';
import { route, type Route } from '../route.js';
import { address } from '../schemas/messages.js';
import { anything, evolutionFacts as facts, instanceParams, READ_ERRORS } from './facts.js';
import { key, readKey } from './message-schemas.js';
import type { EvolutionPorts } from './port.js';
import { chatRecord, messageRecord } from './record-shape.js';

const MAX_PAGE = 200;
/** Base64 is held in memory whole: larger files are for `/messages/:messageId/media`. */
const MAX_BASE64_BYTES = 16 * 1024 * 1024;

const pageFields = {
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  offset: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE, `must be at most ${MAX_PAGE}`)
    .default(50)
    .meta({ description: "Evolution's word for how many there are on a page." }),
};
const epochSeconds = z.coerce.number().int().min(0).max(253_402_300_799);

/** Number checks, read marks, and what was said. */
export function chatRoutes(ports: EvolutionPorts): Route[] {
  return [...signRoutes(ports), findMessagesRoute(ports), findChatsRoute(ports), mediaRoute(ports)];
}

/** What is no number at all is one that WhatsApp does not have: one bad line must not cost the others of the list. */
async function lookUp(
  integration: EvolutionPorts['integration'],
  instanceName: string,
  number: string,
  scope: Scope | null,
): Promise<object> {
  try {
    const { exists, jid, lid, ...known } = await integration.checkNumber(instanceName, number, scope);
    return { jid: jid ?? `${known.number}@s.whatsapp.net`, exists, number, ...(lid !== null && { lid }) };
  } catch (error) {
    if (!isGatewayError(error, 'INVALID_RECIPIENT')) throw error;
    return { jid: `${number.replace(/\D/g, '')}@s.whatsapp.net`, exists: false, number };
  }
}

function signRoutes({ integration }: EvolutionPorts): Route[] {
  const send = { ...facts, method: 'post', access: 'send' } as const;
  return [
    route({
      ...send,
      path: '/chat/whatsappNumbers/:instanceName',
      operationId: 'evolutionNumbers',
      summary: 'Which numbers are on WhatsApp (cached 30 days, at most 20 questions a minute)',
      input: {
        params: instanceParams,
        body: z.looseObject({ numbers: z.array(address).min(1).max(50) }).meta({ id: 'EvolutionNumbers' }),
      },
      replies: { 200: { description: '`[{ jid, exists, number, lid }]`', schema: z.array(anything) } },
      errors: ['CONNECTION_NOT_FOUND', 'NOT_CONNECTED', 'DEADLINE_EXCEEDED'],
      handle: async ({ params: { instanceName }, body }, { scope }) => {
        const found: object[] = [];
        // One after the other: together they are one question too many for WhatsApp's taste.
        for (const number of body.numbers) {
          found.push(await lookUp(integration, instanceName, number, scope));
        }
        return { status: 200, body: found };
      },
    }),
    route({
      ...send,
      path: '/chat/markMessageAsRead/:instanceName',
      operationId: 'evolutionMarkRead',
      summary: 'Mark messages as read, also such as have no row here',
      input: {
        params: instanceParams,
        body: z.looseObject({ readMessages: z.array(readKey).min(1).max(100) }).meta({ id: 'EvolutionMarkRead' }),
      },
      replies: { 201: { description: 'Marked; what cannot be is passed over.', schema: anything } },
      errors: ['CONNECTION_NOT_FOUND', 'NOT_CONNECTED', 'JOURNAL_FULL', ...READ_ERRORS],
      // Evolution (2.3.6) looks no id up: it marks what it is given and answers this. Its clients fail on anything else.
      handle: async ({ params: { instanceName }, body }, { scope }) => {
        const named = body.readMessages.map(({ remoteJid: chat, ...message }) => ({ ...message, chat }));
        await integration.markNamedRead(instanceName, named, scope);
        return { status: 201, body: { message: 'Read messages', read: 'success' } };
      },
    }),
    route({
      ...send,
      path: '/chat/sendPresence/:instanceName',
      operationId: 'evolutionSendPresence',
      summary: 'Show typing or recording in a chat',
      input: {
        params: instanceParams,
        body: z
          .looseObject({ number: address, presence: z.enum(['composing', 'recording', 'paused']) })
          .meta({ id: 'EvolutionPresence' }),
      },
      replies: { 201: { description: 'Shown.', schema: anything } },
      errors: ['CONNECTION_NOT_FOUND', 'INVALID_RECIPIENT', 'NOT_CONNECTED', 'DEADLINE_EXCEEDED'],
      handle: async ({ params: { instanceName: connectionId }, body: { number, presence } }, { scope }) => {
        await integration.sendPresence({ connectionId, to: number, state: presence }, scope);
        return { status: 201, body: { presence } };
      },
    }),
  ];
}

const messagesBody = z
  .looseObject({
    where: z
      .looseObject({
        key: z
          .looseObject({ id: key.shape.id.optional(), remoteJid: address.optional(), fromMe: z.boolean().optional() })
          .optional(),
        messageTimestamp: z.looseObject({ gte: epochSeconds.optional(), lte: epochSeconds.optional() }).optional(),
      })
      .optional(),
    ...pageFields,
  })
  .meta({ id: 'EvolutionFindMessages' });

function findMessagesRoute({ integration, chats }: EvolutionPorts): Route {
  return route({
    ...facts,
    method: 'post',
    path: '/chat/findMessages/:instanceName',
    access: 'read',
    operationId: 'evolutionFindMessages',
    summary: 'Messages of an instance, the newest first',
    input: { params: instanceParams, body: messagesBody },
    optionalBody: true,
    replies: { 200: { description: '`{ messages: { total, pages, currentPage, records } }`', schema: anything } },
    errors: ['CONNECTION_NOT_FOUND', ...READ_ERRORS],
    handle: async ({ params: { instanceName }, body: { where = {}, page, offset } }, { scope }) => {
      await integration.getConnection(instanceName, scope);
      const { key: by = {}, messageTimestamp: time = {} } = where;
      const search = {
        ...{ connectionId: instanceName, chat: jidsOf(by.remoteJid), whatsappId: by.id, fromMe: by.fromMe },
        ...{ since: isoOf(time.gte), until: isoOf(time.lte), limit: offset, skip: (page - 1) * offset },
      };
      const { total, found } = await chats.messages(search, scope);
      const records = found.map((each) => messageRecord(each, instanceName));
      return {
        status: 200,
        body: { messages: { total, pages: Math.ceil(total / offset), currentPage: page, records } },
      };
    },
  });
}

function findChatsRoute({ integration, chats }: EvolutionPorts): Route {
  return route({
    ...facts,
    method: 'post',
    path: '/chat/findChats/:instanceName',
    access: 'read',
    operationId: 'evolutionFindChats',
    summary: 'Chats of an instance with their last message, the last used first',
    input: {
      params: instanceParams,
      body: z
        .looseObject({ where: z.looseObject({ remoteJid: address.optional() }).optional(), ...pageFields })
        .meta({ id: 'EvolutionFindChats' }),
    },
    optionalBody: true,
    replies: { 200: { description: 'The chats.', schema: z.array(anything) } },
    errors: ['CONNECTION_NOT_FOUND', ...READ_ERRORS],
    handle: async ({ params: { instanceName }, body: { where, page, offset } }, { scope }) => {
      await integration.getConnection(instanceName, scope);
      const chat = jidsOf(where?.remoteJid);
      const search = { connectionId: instanceName, chat, limit: offset, skip: (page - 1) * offset };
      const found = await chats.chats(search, scope);
      return { status: 200, body: found.map((each) => chatRecord(each, instanceName)) };
    },
  });
}

function mediaRoute({ integration, chats, media }: EvolutionPorts): Route {
  return route({
    ...facts,
    method: 'post',
    path: '/chat/getBase64FromMediaMessage/:instanceName',
    access: 'read',
    operationId: 'evolutionMediaBase64',
    summary: 'The file of a message as base64, up to 16 MB',
    input: {
      params: instanceParams,
      body: z
        .looseObject({ message: z.looseObject({ key: z.looseObject({ id: key.shape.id }) }) })
        .meta({ id: 'EvolutionMediaBase64' }),
    },
    replies: { 201: { description: '`{ mediaType, fileName, mimetype, base64, size }`', schema: anything } },
    errors: [
      ...(['CONNECTION_NOT_FOUND', 'MESSAGE_NOT_FOUND', 'MEDIA_NOT_FOUND', 'MEDIA_PENDING', 'MEDIA_EXPIRED'] as const),
      ...(['MEDIA_TOO_LARGE', 'MEDIA_STORE_FAILED', ...READ_ERRORS] as const),
    ],
    handle: async ({ params: { instanceName }, body }, { scope }) => {
      await integration.getConnection(instanceName, scope);
      const { id } = body.message.key;
      const { found } = await chats.messages({ connectionId: instanceName, whatsappId: id, limit: 1, skip: 0 }, scope);
      const [first] = found;
      if (!first) throw new GatewayError('MESSAGE_NOT_FOUND');
      const file = await media.open(String(first.message['id']), undefined, scope);
      const base64 = (await readAll(file.stream, file.size)).toString('base64');
      const { messageType } = messageRecord(first, instanceName);
      const size = { fileLength: file.size };
      return {
        status: 201,
        body: { mediaType: messageType, fileName: file.name, size, mimetype: file.type, base64, buffer: null },
      };
    },
  });
}

/** @throws MEDIA_TOO_LARGE */
async function readAll(stream: Readable, size: number): Promise<Buffer> {
  if (size > MAX_BASE64_BYTES) {
    stream.destroy();
    throw new GatewayError('MEDIA_TOO_LARGE', 'Files of more than 16 MB are fetched from midia_url.');
  }
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Evolution's clients name a chat by its JID or by a number, which may have more than one spelling. */
function jidsOf(given: string | undefined): string[] | undefined {
  if (given === undefined) return undefined;
  const digits = given.includes('@') ? digitsOfJid(given) : given.replace(/\D/g, '');
  return digits === null ? [given] : [given, ...spellings(digits).map(pnJid)];
}

function isoOf(epochS: number | undefined): string | undefined {
  return epochS === undefined ? undefined : new Date(epochS * 1000).toISOString();
}
