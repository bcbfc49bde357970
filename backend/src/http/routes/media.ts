import { z } from 'zod';
import type { IntegrationPort } from '../ports.js';
import { route, type Route } from '../route.js';
import { uuid } from '../schemas/common.js';

const BASE = '/api/whatsapp-integration';
const facts = { tag: 'media', access: 'read' } as const;

/** Types that a browser shows without running anything; everything else is only saved. */
const SHOWN = /^(image\/(jpeg|png|gif|webp)|video\/|audio\/|application\/(pdf|ogg)(;|$))/;

/** The files of messages. */
export function mediaRoutes(integration: IntegrationPort): Route[] {
  return [
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/messages/:messageId/media`,
      operationId: 'getMessageMedia',
      summary: 'The file of a message (`midia_url` of its row), whole or a range',
      input: {
        params: z.object({ messageId: uuid }),
        headers: z.object({ Range: z.string().max(200).optional().meta({ example: 'bytes=0-1023' }) }),
      },
      replies: {
        200: { description: 'The file.', media: ['application/octet-stream'] },
        206: { description: 'The range that was asked for.', media: ['application/octet-stream'] },
      },
      errors: [
        ...(['MESSAGE_NOT_FOUND', 'MEDIA_NOT_FOUND', 'MEDIA_PENDING', 'MEDIA_EXPIRED', 'MEDIA_TOO_LARGE'] as const),
        ...(['MEDIA_CORRUPT', 'RANGE_NOT_SATISFIABLE', 'MEDIA_STORE_FAILED', 'DATABASE_UNAVAILABLE'] as const),
        ...(['DATABASE_REFUSED', 'DEADLINE_EXCEEDED'] as const),
      ],
      handle: async ({ params, headers }, { scope }) => {
        const media = await integration.openMedia(params.messageId, headers.Range, scope);
        const { start, end } = media.range ?? { start: 0, end: media.size - 1 };
        return {
          status: media.range ? 206 : 200,
          body: media.stream,
          type: media.type,
          headers: {
            'Accept-Ranges': 'bytes',
            'Content-Length': String(end - start + 1),
            'Content-Disposition': disposition(media.type, media.name),
            ...(media.range && { 'Content-Range': `bytes ${start}-${end}/${media.size}` }),
          },
        };
      },
    }),
  ];
}

/** RFC 6266: a plain name for everybody, and the real one for those who read UTF-8. */
function disposition(type: string, name: string): string {
  const how = SHOWN.test(type) ? 'inline' : 'attachment';
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const real = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `${how}; filename="${plain}"; filename*=UTF-8''${real}`;
}
