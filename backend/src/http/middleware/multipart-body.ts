import type { Readable } from 'node:stream';
import busboy from 'busboy';
import type { Request, RequestHandler } from 'express';
import { GatewayError, isGatewayError } from '../../lib/errors.js';

/** Where the file of a form goes. */
export interface Uploads {
  /** Takes it while it arrives, with what its sender says of it. @returns what the route is handed as `upload` */
  take(stream: Readable, label: { name: string | null; type: string | null }): Promise<unknown>;
  /** Its request is refused: the file must not stay. */
  drop(upload: unknown): Promise<void>;
}

const LIMITS = { files: 1, fields: 32, fieldSize: 128 * 1024, fieldNameSize: 100, parts: 40, headerPairs: 100 };

/** What is beyond the limits would be left out in silence. */
const TOO_MANY = [
  ['filesLimit', 'more than one file: send each by itself'],
  ['fieldsLimit', `more than ${LIMITS.fields} fields`],
  ['partsLimit', `more than ${LIMITS.parts} parts`],
] as const;

/**
 * `multipart/form-data` with one file: its fields become the body, and the file is streamed to whoever takes it, never into
 * memory. Anything else is passed on. The Origin check is before this, so no web page can post a form unasked.
 */
export function multipartBody(uploads: Uploads): RequestHandler {
  return (req, res, next) => {
    if (!req.is('multipart/form-data')) return next();
    receive(req, uploads).then(({ fields, upload }) => {
      req.body = fields;
      res.locals['upload'] = upload;
      next();
    }, next);
  };
}

async function receive(req: Request, uploads: Uploads): Promise<{ fields: Record<string, unknown>; upload: unknown }> {
  const fields: Record<string, unknown> = {};
  const taking: Promise<unknown>[] = [];
  const read = new Promise<void>((resolve, reject) => {
    const form = parser(req);
    form.on('field', (name, text, { valueTruncated }) => {
      if (valueTruncated) reject(new GatewayError('BODY_TOO_LARGE'));
      if (isDamaged(name) || isDamaged(text)) reject(notUtf8(`the field ${name.slice(0, 64)}`));
      if (!(name in {})) fields[name] = valueOf(text);
    });
    form.on('file', (_field, stream, { filename, mimeType }) => {
      // Read, or the form would not end; its name tells nobody what it was called.
      if (isDamaged(filename)) {
        stream.resume();
        return reject(notUtf8("the file's name"));
      }
      const taken = uploads.take(stream, { name: filename || null, type: mimeType || null });
      taking.push(taken);
      taken.catch((error: unknown) => {
        // What is still coming is not wanted.
        req.unpipe(form);
        req.resume();
        reject(error instanceof Error ? error : new GatewayError('INTERNAL', undefined, { cause: error }));
      });
    });
    for (const [event, problem] of TOO_MANY) {
      form.once(event, () => reject(new GatewayError('BAD_REQUEST', `The form has ${problem}.`)));
    }
    form.once('error', (cause) => reject(new GatewayError('BAD_REQUEST', 'The form is not valid.', { cause })));
    form.once('close', () => resolve());
    req.once('aborted', () => reject(new GatewayError('BAD_REQUEST', 'The request broke off.')));
    req.pipe(form);
  });
  try {
    await read;
    const [upload] = await Promise.all(taking);
    return { fields, upload };
  } catch (error) {
    for (const taken of taking) void taken.then((upload) => uploads.drop(upload)).catch(() => undefined);
    throw error;
  }
}

/** The parser puts U+FFFD where bytes are no UTF-8. A form that really says U+FFFD had such bytes at an earlier stop. */
function isDamaged(text: string | undefined): boolean {
  return text?.includes('\ufffd') ?? false;
}

function notUtf8(where: string): GatewayError {
  return new GatewayError('BODY_NOT_UTF8', `The form is not UTF-8 in ${where.replace(/[^\x20-\x7e]/g, '?')}.`);
}

function parser(req: Request): busboy.Busboy {
  const encoding = req.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    throw new GatewayError(
      'UNSUPPORTED_MEDIA_TYPE',
      'Forms are taken without Content-Encoding: send the form as it is.',
    );
  }
  try {
    return busboy({ headers: req.headers, limits: LIMITS, defParamCharset: 'utf8' });
  } catch (cause) {
    if (isGatewayError(cause)) throw cause;
    throw new GatewayError('BAD_REQUEST', 'The form is not valid.', { cause });
  }
}

/** A form knows texts alone: what reads like JSON's other values is one of them. */
function valueOf(text: string): unknown {
  if (!/^(true|false|[[{].*[\]}])$/s.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
