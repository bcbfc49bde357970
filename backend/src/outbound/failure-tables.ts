import type { BackoffPolicy } from '../lib/backoff.js';
import type { ErrorCode } from '../lib/errors.js';

/** What an error ack means. `freshDevices`: once more under the same id with the device list asked anew, then final. */
interface AckErrorRule {
  then: 'fail' | 'freshDevices';
  code: ErrorCode;
}

/** Server errors in acks to our own messages (Baileys Utils/decode-wa-message.js, SERVER_ERROR_CODES). */
export const ACK_ERRORS: Readonly<Record<string, AckErrorRule>> = {
  // Never again by itself: each try counts as another reach-out and prolongs the lock (Baileys#2441).
  '463': { then: 'fail', code: 'REACHOUT_LOCKED' },
  // SMAX_INVALID: usually a device list that is out of date.
  '479': { then: 'freshDevices', code: 'REJECTED_BY_WHATSAPP' },
};

/** Every error that the table does not name: WhatsApp has refused this very stanza. */
export const OTHER_ACK_ERROR: AckErrorRule = { then: 'fail', code: 'REJECTED_BY_WHATSAPP' };

/** What a relay that rejects means: the same id again after the backoff, until `final` or, without it, until expiry. */
interface RelayFailureRule {
  backoff: BackoffPolicy;
  /** Counts rejections of this kind in a row. */
  final?: { afterTries: number; code: ErrorCode };
  freshDevices?: true;
}

const WHEN_BACK: BackoffPolicy = { baseMs: 1_000, capMs: 15_000 };
const SLOWLY: BackoffPolicy = { baseMs: 2_000, capMs: 60_000 };

/** Relay rejections by catalogue code. */
export const RELAY_FAILURES: Readonly<Partial<Record<ErrorCode, RelayFailureRule>>> = {
  // The channel's next `ready` comes before any of these waits; they are for one that never dropped its state.
  NOT_CONNECTED: { backoff: WHEN_BACK },
  STALE_EPOCH: { backoff: WHEN_BACK },
  // Connections on other servers: nothing has arrived there, so it goes again.
  REMOTE_UNAVAILABLE: { backoff: SLOWLY },
  REMOTE_NOT_CONFIGURED: { backoff: SLOWLY, final: { afterTries: 1, code: 'REMOTE_NOT_CONFIGURED' } },
  REMOTE_REFUSED: { backoff: SLOWLY, final: { afterTries: 1, code: 'REJECTED_BY_WHATSAPP' } },
  NOT_ON_WHATSAPP: { backoff: SLOWLY, final: { afterTries: 1, code: 'NOT_ON_WHATSAPP' } },
  UNSUPPORTED_TYPE: { backoff: SLOWLY, final: { afterTries: 1, code: 'UNSUPPORTED_TYPE' } },
  MEDIA_TOO_LARGE: { backoff: SLOWLY, final: { afterTries: 1, code: 'MEDIA_TOO_LARGE' } },
  // It may have arrived, and the server would send it a second time.
  OUTCOME_UNKNOWN: { backoff: SLOWLY, final: { afterTries: 1, code: 'OUTCOME_UNKNOWN' } },
  // Before anything was written: WhatsApp knows no such group, or this number is not in it.
  GROUP_NOT_FOUND: { backoff: SLOWLY, final: { afterTries: 1, code: 'GROUP_NOT_FOUND' } },
  GROUP_FORBIDDEN: { backoff: SLOWLY, final: { afterTries: 1, code: 'GROUP_FORBIDDEN' } },
  // Maybe written, maybe not: the same id again.
  DEADLINE_EXCEEDED: { backoff: SLOWLY },
  // The file could not be given to WhatsApp; it lies here and waits.
  MEDIA_FETCH_FAILED: { backoff: SLOWLY },
  MEDIA_NOT_FOUND: { backoff: SLOWLY, final: { afterTries: 1, code: 'MEDIA_NOT_FOUND' } },
  JOURNAL_FAILED: { backoff: SLOWLY },
  JOURNAL_FULL: { backoff: SLOWLY },
  ENCRYPTION_FAILED: { backoff: SLOWLY, final: { afterTries: 4, code: 'ENCRYPTION_FAILED' }, freshDevices: true },
};

/** A rejection that nobody foresaw: a few tries, then a named end rather than a chat that is stuck for a day. */
export const OTHER_RELAY_FAILURE: RelayFailureRule = { backoff: SLOWLY, final: { afterTries: 5, code: 'INTERNAL' } };

/** No ack in time although the socket seems open. */
export const SILENCE_BACKOFF: BackoffPolicy = SLOWLY;

/** The journal refused to write; nothing else can be done meanwhile. */
export const JOURNAL_BACKOFF: BackoffPolicy = { baseMs: 1_000, capMs: 30_000 };
