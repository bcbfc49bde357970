import type { OpenMedia } from '../../integration/message-media.js';
import type { MediaPort } from '../media-port.js';
import { ok, route, type Reply, type Route } from '../route.js';
import * as schema from '../schemas/media.js';

const MEDIA = '/api/whatsapp-integration/messages/:messageId/media';
const facts = { tag: 'media' } as const;

/** Types that a browser shows without running anything; everything else is only saved. */
const SHOWN = /^(image\/(jpeg|png|gif|webp)|video\/|audio\/|application\/(pdf|ogg)(;|$))/;

/** Why there is no file to be read. */
const NONE = [
  ...(['MESSAGE_NOT_FOUND', 'MEDIA_NOT_FOUND', 'MEDIA_PENDING', 'MEDIA_EXPIRED', 'MEDIA_TOO_LARGE'] as const),
  ...(['MEDIA_CORRUPT', 'MEDIA_STORE_FAILED', 'DATABASE_UNAVAILABLE', 'DATABASE_REFUSED'] as const),
  'DEADLINE_EXCEEDED',
] as const;

const FILE = {
  200: { description: 'The file.', media: ['application/octet-stream'] },
  206: { description: 'The range that was asked for.', media: ['application/octet-stream'] },
};

/** The files of messages. */
export function mediaRoutes(media: MediaPort): Route[] {
  return [readRoute(media), linkRoute(media), linkedRoute(media), retryRoute(media)];
}

function readRoute(media: MediaPort): Route {
  return route({
    ...facts,
    method: 'get',
    path: MEDIA,
    access: 'read',
    operationId: 'getMessageMedia',
    summary: 'The file of a message (`midia_url` of its row), whole or a range',
    input: { params: schema.messageParams, headers: schema.rangeHeader },
    replies: FILE,
    errors: [...NONE, 'RANGE_NOT_SATISFIABLE'],
    handle: async ({ params, headers }, { scope }) =>
      fileReply(await media.open(params.messageId, headers.Range, scope)),
  });
}

function linkRoute(media: MediaPort): Route {
  return route({
    ...facts,
    method: 'get',
    path: `${MEDIA}/link`,
    access: 'read',
    operationId: 'getMessageMediaLink',
    summary: 'A link to the file of a message that needs no key and soon expires, for `<img>` and `<audio>` of a page',
    input: { params: schema.messageParams, query: schema.linkRequest },
    replies: { 200: { description: 'Whoever has the link reads the file until then.', schema: schema.linkAnswer } },
    errors: NONE,
    handle: async ({ params, query }, { scope }) =>
      ok({ link: await media.link(params.messageId, query.expiresIn, scope) }),
  });
}

/** Its key is in its signature, so it needs no other one. */
function linkedRoute(media: MediaPort): Route {
  return route({
    ...facts,
    method: 'get',
    path: '/api/whatsapp-integration/media/:messageId',
    access: 'public',
    operationId: 'readMediaLink',
    summary: 'What such a link leads to',
    input: { params: schema.messageParams, query: schema.linkQuery, headers: schema.rangeHeader },
    replies: FILE,
    errors: [...NONE, 'UNAUTHORIZED', 'RANGE_NOT_SATISFIABLE'],
    handle: async ({ params, query, headers }) => {
      const reply = fileReply(await media.openLink(params.messageId, query, headers.Range));
      // Pages of other origins may show it: that is what the link was made for.
      return { ...reply, headers: { ...reply.headers, 'Cross-Origin-Resource-Policy': 'cross-origin' } };
    },
  });
}

function retryRoute(media: MediaPort): Route {
  const reply = (description: string) => ({ description, schema: schema.retryAnswer });
  return route({
    ...facts,
    method: 'post',
    path: `${MEDIA}/retry`,
    access: 'send',
    operationId: 'retryMessageMedia',
    summary: 'Fetch the file of a message again, from WhatsApp or from the phone that sent it',
    input: { params: schema.messageParams },
    replies: { 200: reply('It is there already.'), 202: reply('It is being fetched.') },
    errors: [
      ...(['MESSAGE_NOT_FOUND', 'MEDIA_NOT_FOUND', 'CONNECTION_NOT_FOUND', 'JOURNAL_FAILED', 'JOURNAL_FULL'] as const),
      ...(['DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'DEADLINE_EXCEEDED'] as const),
    ],
    handle: async ({ params }, { scope }) => {
      const state = await media.retry(params.messageId, scope);
      return { status: state.state === 'stored' ? 200 : 202, body: { success: true, media: state } };
    },
  });
}

function fileReply({ stream, size, type, name, range }: OpenMedia): Reply {
  const { start, end } = range ?? { start: 0, end: size - 1 };
  return {
    status: range ? 206 : 200,
    body: stream,
    type,
    headers: {
      'Accept-Ranges': 'bytes',
      'Content-Length': String(end - start + 1),
      'Content-Disposition': disposition(type, name),
      ...(range && { 'Content-Range': `bytes ${start}-${end}/${size}` }),
    },
  };
}

/** RFC 6266: a plain name for everybody, and the real one for those who read UTF-8. */
function disposition(type: string, name: string): string {
  const how = SHOWN.test(type) ? 'inline' : 'attachment';
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const real = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `${how}; filename="${plain}"; filename*=UTF-8''${real}`;
}
