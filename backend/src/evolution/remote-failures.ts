import { GatewayError, isGatewayError, type ErrorCode } from '../lib/errors.js';

/** What a failed call means. */
export interface RemoteFailure {
  code: ErrorCode;
  /** `no`: nothing has arrived at the server. `maybe`: it may have done what was asked. `answered`: it said no. */
  arrived: 'no' | 'maybe' | 'answered';
  /** Tried again within one call, when that cannot double anything. */
  retried: boolean;
  /** Counts against the server in the circuit breaker. */
  counts: boolean;
}

const NOT_ARRIVED: RemoteFailure = { code: 'REMOTE_UNAVAILABLE', arrived: 'no', retried: true, counts: true };
const AMBIGUOUS: RemoteFailure = { code: 'OUTCOME_UNKNOWN', arrived: 'maybe', retried: true, counts: true };
const REFUSED: RemoteFailure = { code: 'REMOTE_REFUSED', arrived: 'answered', retried: false, counts: false };

/** Network errors by Node's and undici's codes; those that are not here came after the request had begun to leave. */
const BY_CODE: Record<string, RemoteFailure> = {
  ECONNREFUSED: NOT_ARRIVED,
  ENOTFOUND: NOT_ARRIVED,
  EAI_AGAIN: NOT_ARRIVED,
  ENETUNREACH: NOT_ARRIVED,
  EHOSTUNREACH: NOT_ARRIVED,
  UND_ERR_CONNECT_TIMEOUT: NOT_ARRIVED,
  ECONNRESET: AMBIGUOUS,
  ETIMEDOUT: AMBIGUOUS,
  EPIPE: AMBIGUOUS,
};

/** Answers of a server, or of a proxy before it. */
const BY_STATUS: Record<number, RemoteFailure> = {
  // Nobody took the request (RFC 9110, 15.6.4).
  503: NOT_ARRIVED,
  429: { ...NOT_ARRIVED, counts: false },
  // The proxy had passed it on.
  502: AMBIGUOUS,
  504: AMBIGUOUS,
  500: { ...AMBIGUOUS, retried: false, counts: false },
};

/** What an error that a request rejected with means. */
export function judgeNetworkError(error: unknown): RemoteFailure {
  const inner = (error as { cause?: unknown } | null)?.cause;
  if (isGatewayError(error, 'FORBIDDEN_DESTINATION') || isGatewayError(inner, 'FORBIDDEN_DESTINATION')) {
    return { ...NOT_ARRIVED, code: 'FORBIDDEN_DESTINATION', retried: false, counts: false };
  }
  const { code, syscall } = (error ?? {}) as { code?: string; syscall?: string };
  if (syscall === 'connect') return NOT_ARRIVED;
  return BY_CODE[code ?? ''] ?? AMBIGUOUS;
}

/** What an answer means; null = it is a good one. Redirects are not followed: they are refusals. */
export function judgeStatus(status: number): RemoteFailure | null {
  if (status >= 200 && status < 300) return null;
  return BY_STATUS[status] ?? (status > 500 ? AMBIGUOUS : REFUSED);
}

/** The failure of a call, as it leaves this folder. `details.arrived` is what `judge…` said. */
export function remoteError(failure: RemoteFailure, message: string, more: object = {}, cause?: unknown): GatewayError {
  const { code, arrived } = failure;
  return new GatewayError(code, message, { details: { arrived, ...more }, cause });
}

/** What a GatewayError of this folder says about the request; `maybe` for what it does not know. */
export function arrivedOf(error: unknown): RemoteFailure['arrived'] {
  const details = isGatewayError(error)
    ? (error.details as { arrived?: RemoteFailure['arrived'] } | undefined)
    : undefined;
  return details?.arrived ?? 'maybe';
}
