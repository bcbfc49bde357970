import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { ERRORS, GatewayError, isGatewayError, type ErrorCode } from '../../lib/errors.js';
import type { Log } from '../../lib/log.js';
import { evolutionError } from '../evolution/error-shape.js';

/** Shapes of a failure: our envelope, or that of the gateway whose clients a route is for. */
const SHAPES = {
  sentinela: ({ code, status, details }: GatewayError, message: string) => {
    return { status, body: { success: false, error: { code, message, details: details ?? null } } };
  },
  evolution: evolutionError,
};
export type ErrorShape = keyof typeof SHAPES;

/** From here on, failures of this request have the shape that its route asks for. */
export function shapeErrors({ errorShape = 'sentinela' }: { errorShape?: ErrorShape }): RequestHandler {
  return (_req, res, next) => {
    res.locals['errorShape'] = errorShape;
    next();
  };
}

/** What a 503 tells the caller to wait. */
export const RETRY_AFTER_S = '5';

/** What express and its body parser throw (`type` of `http-errors`, else the status) in our own words. */
const FOREIGN: Record<string, ErrorCode> = {
  'entity.parse.failed': 'MALFORMED_JSON',
  'entity.too.large': 'BODY_TOO_LARGE',
  'entity.not.utf8': 'BODY_NOT_UTF8',
  'encoding.unsupported': 'UNSUPPORTED_MEDIA_TYPE',
  'charset.unsupported': 'BODY_NOT_UTF8',
  'request.aborted': 'BAD_REQUEST',
  'request.size.invalid': 'BAD_REQUEST',
  // `%` in a path that is not followed by two hex digits of valid UTF-8.
  '400': 'BAD_REQUEST',
};

/** Where the catalogue's own message would mislead. */
const MESSAGES: Record<string, string> = {
  'encoding.unsupported': 'This Content-Encoding is not taken: gzip, deflate and br are, or none.',
};

function toGatewayError(error: unknown): GatewayError {
  if (isGatewayError(error)) return error;
  const { type, status } = error as { type?: string; status?: number };
  const code = FOREIGN[type ?? ''] ?? FOREIGN[String(status)];
  return new GatewayError(code ?? 'INTERNAL', MESSAGES[type ?? ''], { cause: error });
}

/** The last handler: every error as the envelope, without a stack; what nobody foresaw goes to the log with it. */
export function answerErrors(log: Log): ErrorRequestHandler {
  return (thrown: unknown, req, res, next) => {
    const error = toGatewayError(thrown);
    const line = { requestId: res.locals['requestId'] as string, code: error.code, error: thrown };
    if (error.code === 'INTERNAL') log.error('request failed', line);
    // Probes come every second, and what they are told has a log line of its own; likewise stopped services.
    else if (error.status >= 500 && error.code !== 'SERVICES_STOPPED' && !req.path.startsWith('/health/'))
      log.warn('request not possible now', line);
    // Half an answer is out: all that is left is to cut it.
    if (res.headersSent) return next(thrown);
    sendError(res, error);
  };
}

/** Their texts come from inside: hosts and ports, values that a constraint quotes. The log has them. */
const NOT_SHOWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['INTERNAL', 'DATABASE_UNAVAILABLE', 'DATABASE_REFUSED']);

/** The failure in the shape of its route; what may be tried again says when. */
export function sendError(res: Response, error: GatewayError): void {
  const { code, status, details } = error;
  const wait = (details as { retryAfterS?: unknown } | null | undefined)?.retryAfterS;
  if (typeof wait === 'number') res.setHeader('Retry-After', String(wait));
  if (status === 503 && !res.hasHeader('Retry-After')) res.setHeader('Retry-After', RETRY_AFTER_S);
  const message = NOT_SHOWN.has(code) ? ERRORS[code].message : error.message;
  const shape = (res.locals['errorShape'] as ErrorShape | undefined) ?? 'sentinela';
  const answer = SHAPES[shape](error, message);
  res.status(answer.status).json(answer.body);
}
