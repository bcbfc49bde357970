import { createHash } from 'node:crypto';
import type { SendResult, StagedUpload } from '../../integration/resources.js';
import type { ErrorCode } from '../../lib/errors.js';
import type { Uploads } from '../middleware/multipart-body.js';
import type { IntegrationPort } from '../ports.js';
import { ok, type Caller, type Reply, type ReplySpec, type Route } from '../route.js';
import * as schema from '../schemas/messages.js';

/** What every route that sends a message may answer with, whoever sends it. */
export const SEND_ERRORS = [
  ...['INVALID_RECIPIENT', 'EMPTY_MESSAGE', 'MESSAGE_TOO_LONG', 'UNSUPPORTED_TYPE', 'NEW_CHATS_PAUSED'],
  ...['MESSAGE_NOT_FOUND', 'IDEMPOTENCY_CONFLICT', 'TOO_LATE', 'FORBIDDEN', 'DATABASE_UNAVAILABLE'],
  ...['NOT_ON_WHATSAPP', 'REACHOUT_LOCKED', 'REJECTED_BY_WHATSAPP', 'ENCRYPTION_FAILED', 'EXPIRED'],
  ...['GROUP_NOT_FOUND', 'GROUP_FORBIDDEN'],
  ...['MEDIA_TOO_LARGE', 'MEDIA_FETCH_FAILED', 'MEDIA_STORE_FAILED', 'MEDIA_NOT_FOUND', 'FORBIDDEN_DESTINATION'],
  ...['FFMPEG_MISSING', 'JOURNAL_FAILED', 'JOURNAL_FULL', 'DEADLINE_EXCEEDED'],
] as ErrorCode[];

export const SEND_REPLIES: Record<number, ReplySpec> = {
  201: { description: 'WhatsApp has accepted it.', schema: schema.sendMessageReply },
  202: { description: 'Stored; it goes out as soon as possible.', schema: schema.sendMessageReply },
};

/** Names that people type by habit, after other gateways. Only a text is taken, and never beside the field itself. */
export const SEND_ALIASES = {
  text: 'content',
  message: 'content',
  body: 'content',
  number: 'to',
  phone: 'to',
  chatId: 'to',
};

export type UploadPort = Pick<IntegrationPort, 'receiveUpload' | 'discardUpload'>;

export function uploadsTo(integration: UploadPort): Uploads {
  return {
    take: (stream, label) => integration.receiveUpload(stream, label),
    drop: (upload) => integration.discardUpload(upload as StagedUpload),
  };
}

/** What the routes that send have in common beside their schemas. */
export function sendFacts(
  integration: UploadPort,
): Required<Pick<Route, 'issueCodes' | 'aliases' | 'deadlineMs' | 'maxJson' | 'upload'>> {
  const emptyOrLong = {
    too_small: 'EMPTY_MESSAGE',
    invalid_format: 'EMPTY_MESSAGE',
    too_big: 'MESSAGE_TOO_LONG',
  } as const;
  return {
    issueCodes: {
      'body.type': { invalid_value: 'UNSUPPORTED_TYPE' },
      'body.to': { too_small: 'INVALID_RECIPIENT', too_big: 'INVALID_RECIPIENT', invalid_format: 'INVALID_RECIPIENT' },
      'body.content': emptyOrLong,
      'body.text': emptyOrLong,
    },
    aliases: SEND_ALIASES,
    // The wait for the acknowledgement, and before it a file to fetch or convert and a number to look up.
    deadlineMs: schema.MAX_WAIT_MS + 90_000,
    // 16 MB of file as base64; larger ones come as a form or by URL.
    maxJson: '22mb',
    upload: uploadsTo(integration),
  };
}

/** The claim of an Idempotency-Key; keys of two callers, or of one caller for two `targets`, are two keys. */
export function idempotencyOf(caller: Caller, target: string, key: string | undefined, body: object) {
  if (key === undefined) return undefined;
  const upload = caller.upload as { sha256: Buffer } | undefined;
  const same = upload ? { ...body, file: upload.sha256.toString('hex') } : body;
  return { scope: `${caller.name}:${target}`, key, bodySha256: canonicalSha256(same) };
}

export function renderSent({ message, httpStatus, replayed }: SendResult): Reply {
  return { ...ok({ message }), status: httpStatus, headers: replayed ? { 'Idempotent-Replayed': 'true' } : {} };
}

/** The same request is the same digest, however its JSON was spelt and in whatever order its keys came. */
function canonicalSha256(body: object): Uint8Array {
  const sorted = Object.entries(body)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest();
}
