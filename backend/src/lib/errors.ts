/** When a caller may try again: never with the same input, later, or at once. */
export type RetryClass = 'never' | 'later' | 'now';

interface ErrorKind {
  status: number;
  retry: RetryClass;
  message: string;
}

/** The one catalogue. A code is stable and never reused; callers branch on it, never on text. */
export const ERRORS = {
  // Requests
  BAD_REQUEST: { status: 400, retry: 'never', message: 'The request is not valid.' },
  MALFORMED_JSON: { status: 400, retry: 'never', message: 'The body is not valid JSON.' },
  BODY_NOT_UTF8: { status: 400, retry: 'never', message: 'The body is not UTF-8: encode its text as UTF-8.' },
  UNAUTHORIZED: { status: 401, retry: 'never', message: 'A valid API key or user token is required.' },
  FORBIDDEN: { status: 403, retry: 'never', message: 'This key may not do that.' },
  FORBIDDEN_HOST: { status: 403, retry: 'never', message: 'This Host or Origin may not reach the gateway.' },
  ROUTE_NOT_FOUND: { status: 404, retry: 'never', message: 'There is no such route.' },
  METHOD_NOT_ALLOWED: { status: 405, retry: 'never', message: 'This route does not take that method.' },
  BODY_TOO_LARGE: { status: 413, retry: 'never', message: 'The body is too large.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retry: 'never', message: 'Send application/json.' },
  RATE_LIMITED: { status: 429, retry: 'later', message: 'Too many requests.' },
  API_KEY_LIMIT: { status: 409, retry: 'never', message: 'There are too many API keys: revoke one first.' },
  API_KEY_NOT_FOUND: { status: 404, retry: 'never', message: 'There is no such API key.' },
  SIGN_IN_UNAVAILABLE: { status: 503, retry: 'later', message: 'The keys that sign user tokens cannot be read now.' },
  // Connections
  CONNECTION_NOT_FOUND: { status: 404, retry: 'never', message: 'There is no such connection.' },
  CONNECTION_TAKEN: { status: 409, retry: 'never', message: 'This connection id belongs to another owner.' },
  CONNECTION_LIMIT: { status: 409, retry: 'later', message: 'The limit of connections is reached (MAX_CONNECTIONS).' },
  NO_QR: { status: 409, retry: 'later', message: 'There is no QR code to show now.' },
  ALREADY_PAIRED: { status: 409, retry: 'never', message: 'This connection is already paired.' },
  NOT_PAIRED: { status: 409, retry: 'later', message: 'This connection was never paired: scan its QR code first.' },
  LOGGED_OUT: { status: 409, retry: 'never', message: 'This connection was logged out: pair it again.' },
  NUMBER_CHANGED: {
    status: 409,
    retry: 'never',
    message: 'This connection has another number now: what was accepted for the old one is not sent from it.',
  },
  BANNED: { status: 409, retry: 'later', message: 'WhatsApp has banned this number.' },
  NOT_CONNECTED: { status: 409, retry: 'later', message: 'This connection is not connected now.' },
  PAIRING_FAILED: { status: 502, retry: 'later', message: 'WhatsApp did not accept the pairing request.' },
  WRONG_DRIVER: {
    status: 409,
    retry: 'never',
    message: 'This connection lives elsewhere than this request needs (driver).',
  },
  PROXY_UNREACHABLE: { status: 502, retry: 'later', message: 'WhatsApp is not reached through this proxy.' },
  PROXY_REFUSED: { status: 422, retry: 'never', message: 'The proxy refuses these credentials or this target.' },
  // Sending
  INVALID_RECIPIENT: { status: 400, retry: 'never', message: 'The recipient is no phone number or WhatsApp address.' },
  EMPTY_MESSAGE: { status: 400, retry: 'never', message: 'The message is empty.' },
  MESSAGE_TOO_LONG: { status: 400, retry: 'never', message: 'The message is too long.' },
  UNSUPPORTED_TYPE: { status: 400, retry: 'never', message: 'This message type is not supported.' },
  MESSAGE_NOT_FOUND: { status: 404, retry: 'never', message: 'There is no such message.' },
  ATENDIMENTO_NOT_FOUND: { status: 404, retry: 'never', message: 'There is no such atendimento.' },
  IDEMPOTENCY_CONFLICT: { status: 409, retry: 'never', message: 'This Idempotency-Key was used with another body.' },
  NOT_ON_WHATSAPP: { status: 422, retry: 'never', message: 'This number is not on WhatsApp.' },
  REACHOUT_LOCKED: {
    status: 422,
    retry: 'later',
    message: 'WhatsApp does not let this number start new chats now (463).',
  },
  NEW_CHATS_PAUSED: {
    status: 409,
    retry: 'later',
    message: 'This number may not start new chats now: cold sends are paused, replies go on.',
  },
  REJECTED_BY_WHATSAPP: { status: 422, retry: 'never', message: 'WhatsApp refused the message.' },
  ENCRYPTION_FAILED: { status: 422, retry: 'later', message: 'The message could not be encrypted for the recipient.' },
  EXPIRED: { status: 422, retry: 'never', message: 'WhatsApp did not accept the message in time.' },
  TEMPLATE_NOT_FOUND: { status: 404, retry: 'never', message: 'There is no such template.' },
  TEMPLATE_TAKEN: { status: 409, retry: 'never', message: 'There is a template of this name.' },
  TEMPLATE_LIMIT: { status: 409, retry: 'never', message: 'There are too many templates: delete one first.' },
  SCHEDULED_NOT_FOUND: { status: 404, retry: 'never', message: 'There is no such scheduled message.' },
  SCHEDULED_CLOSED: { status: 409, retry: 'never', message: 'This scheduled message is not waiting any more.' },
  SCHEDULED_LIMIT: { status: 409, retry: 'later', message: 'Too many scheduled messages wait: cancel one first.' },
  OUTCOME_UNKNOWN: {
    status: 502,
    retry: 'never',
    message: 'The server may have sent the message or not: look at the chat before you send it again.',
  },
  // Other servers on which connections live
  REMOTE_UNAVAILABLE: { status: 503, retry: 'later', message: 'The server of this connection cannot be reached now.' },
  REMOTE_REFUSED: { status: 502, retry: 'never', message: 'The server of this connection refuses the request.' },
  REMOTE_NOT_CONFIGURED: {
    status: 409,
    retry: 'never',
    message: 'No Evolution server is configured (EVOLUTION_API_URL and EVOLUTION_API_KEY, or those of the connection).',
  },
  // Atendimentos
  INVALID_TRANSITION: { status: 409, retry: 'never', message: 'The status of this atendimento does not allow that.' },
  ATENDIMENTO_TAKEN: { status: 409, retry: 'never', message: 'Another agent has this atendimento: transfer it.' },
  // Requests that the gateway makes for its users
  FORBIDDEN_DESTINATION: { status: 422, retry: 'never', message: 'The gateway does not connect to this address.' },
  WEBHOOK_NOT_FOUND: { status: 404, retry: 'never', message: 'There is no such webhook.' },
  WEBHOOK_LIMIT: { status: 409, retry: 'never', message: 'There are too many webhooks: delete one first.' },
  // Webhooks that come in
  WEBHOOK_SECRET_MISSING: {
    status: 403,
    retry: 'never',
    message: 'No secret for incoming webhooks is configured (EVOLUTION_WEBHOOK_SECRET), so none is taken.',
  },
  // Parts of the gateway
  DATABASE_UNAVAILABLE: { status: 503, retry: 'later', message: 'The database cannot be reached now.' },
  DATABASE_REFUSED: { status: 503, retry: 'later', message: 'The database refuses the gateway: see the alert.' },
  SCHEMA_OUTDATED: { status: 503, retry: 'later', message: 'The database misses migrations.' },
  SERVICES_STOPPED: { status: 503, retry: 'later', message: 'The services are not running.' },
  JOURNAL_FAILED: { status: 503, retry: 'later', message: 'The local journal cannot be written.' },
  JOURNAL_FULL: {
    status: 503,
    retry: 'later',
    message: 'The local journal is full: its disk budget is reached, or its disk.',
  },
  JOURNAL_LOCKED: { status: 503, retry: 'later', message: 'Another gateway uses this data directory.' },
  JOURNAL_DAMAGED: { status: 503, retry: 'never', message: 'The local journal is damaged.' },
  JOURNAL_GONE: { status: 503, retry: 'never', message: 'The local journal is gone.' },
  JOURNAL_KEY_MISMATCH: { status: 503, retry: 'never', message: 'SESSION_ENCRYPTION_KEY does not open this journal.' },
  STALE_EPOCH: { status: 503, retry: 'now', message: 'This socket has been replaced.' },
  DEADLINE_EXCEEDED: { status: 504, retry: 'later', message: 'The operation took too long.' },
  BAD_CONFIGURATION: { status: 500, retry: 'never', message: 'The settings are not valid.' },
  INTERNAL: { status: 500, retry: 'later', message: 'Something failed inside the gateway.' },
  DEAD_LETTER_NOT_FOUND: { status: 404, retry: 'never', message: 'There is no such dead letter.' },
  TOO_LATE: { status: 422, retry: 'never', message: 'WhatsApp does not let this message be changed any more.' },
  // Media
  FFMPEG_MISSING: {
    status: 422,
    retry: 'never',
    message: 'This sound is no Ogg Opus, and ffmpeg, which would make it, is not installed (FFMPEG_PATH).',
  },
  MEDIA_NOT_FOUND: { status: 404, retry: 'never', message: 'This message has no file.' },
  MEDIA_PENDING: { status: 409, retry: 'later', message: 'The file of this message is not here yet.' },
  MEDIA_EXPIRED: { status: 410, retry: 'later', message: 'WhatsApp does not have this file any more.' },
  MEDIA_TOO_LARGE: { status: 413, retry: 'never', message: 'The file is too large (MEDIA_MAX_BYTES).' },
  RANGE_NOT_SATISFIABLE: { status: 416, retry: 'never', message: 'The file has no such range.' },
  MEDIA_CORRUPT: { status: 422, retry: 'later', message: 'The file is not the one that was sent.' },
  MEDIA_FETCH_FAILED: { status: 502, retry: 'later', message: 'The file could not be fetched.' },
  MEDIA_STORE_FAILED: { status: 503, retry: 'later', message: 'The media store cannot be used now.' },
  // Groups and contacts
  GROUP_NOT_FOUND: { status: 404, retry: 'never', message: 'WhatsApp knows no such group.' },
  GROUP_FORBIDDEN: {
    status: 403,
    retry: 'never',
    message: 'WhatsApp does not allow this number to do that: it is no admin, or no member, of this group.',
  },
  GROUP_REFUSED: { status: 422, retry: 'never', message: 'WhatsApp refused this change of the group.' },
  INVITE_INVALID: { status: 422, retry: 'never', message: 'This invite link is wrong, revoked or expired.' },
  CONTACT_NOT_FOUND: { status: 404, retry: 'never', message: 'This connection knows nobody under this address.' },
  QUERY_REFUSED: { status: 422, retry: 'never', message: 'WhatsApp refused the request.' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** The only error that crosses a boundary of the gateway. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  /** For people and programs: which field, which limit. Never secrets or message bodies. */
  readonly details: unknown;

  constructor(code: ErrorCode, message?: string, options: { details?: unknown; cause?: unknown } = {}) {
    super(message ?? ERRORS[code].message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.details = options.details;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retry(): RetryClass {
    return ERRORS[this.code].retry;
  }
}

export function isGatewayError(error: unknown, code?: ErrorCode): error is GatewayError {
  return error instanceof GatewayError && (code === undefined || error.code === code);
}
