import { GatewayError } from '../lib/errors.js';

/** @param why as the address policy says it */
export function forbiddenDestination(host: string, why: string): GatewayError {
  return new GatewayError(
    'FORBIDDEN_DESTINATION',
    `The gateway does not connect to ${host}: ${why}. Whoever runs it can open private addresses with OUTGOING_PRIVATE_ADDRESSES.`,
    { details: { host, reason: why } },
  );
}
