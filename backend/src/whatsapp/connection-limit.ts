import { GatewayError } from '../lib/errors.js';

/** What a new connection is refused with when there are as many as MAX_CONNECTIONS allows. */
export function connectionLimit(limit: number): GatewayError {
  const message = `The limit of ${limit} connections is reached: raise MAX_CONNECTIONS or delete one.`;
  return new GatewayError('CONNECTION_LIMIT', message, { details: { limit, setting: 'MAX_CONNECTIONS' } });
}
