import { GatewayError, isGatewayError, type ErrorCode } from '../lib/errors.js';

/** What was asked about: the same number means different things. */
export type QueryContext = 'group' | 'join' | 'contact';

/** WhatsApp's refusals of a question (`<error code>`), by what it was about; any other is REFUSED with its number. */
const REFUSALS: Record<QueryContext, Record<number, ErrorCode>> = {
  group: { 401: 'GROUP_FORBIDDEN', 403: 'GROUP_FORBIDDEN', 404: 'GROUP_NOT_FOUND', 429: 'RATE_LIMITED' },
  join: {
    ...{ 400: 'INVITE_INVALID', 401: 'INVITE_INVALID', 404: 'INVITE_INVALID', 406: 'INVITE_INVALID' },
    ...{ 410: 'INVITE_INVALID', 429: 'RATE_LIMITED' },
  },
  contact: { 429: 'RATE_LIMITED' },
};

/** What a question to WhatsApp rejected with, as an error of the catalogue. Baileys puts WhatsApp's number into `data` of
 *  its Boom (lib/WABinary/generic-utils.js, `assertNodeErrorFree`). */
export function refusalOf(error: unknown, context: QueryContext): GatewayError {
  if (isGatewayError(error)) return error;
  const number = refusalNumber(error);
  // Without a number nobody answered: the socket went away meanwhile.
  if (number === null) return new GatewayError('NOT_CONNECTED', undefined, { cause: error });
  const code = REFUSALS[context][number] ?? (context === 'contact' ? 'QUERY_REFUSED' : 'GROUP_REFUSED');
  return new GatewayError(code, undefined, { details: { whatsappCode: number }, cause: error });
}

/** WhatsApp's own number of a refusal; null when it is no answer of WhatsApp's. */
export function refusalNumber(error: unknown): number | null {
  const data = error instanceof Error && 'data' in error ? error.data : null;
  return typeof data === 'number' && Number.isInteger(data) ? data : null;
}
