import { STATUS_CODES } from 'node:http';
import type { GatewayError } from '../../lib/errors.js';

/** Where Evolution's clients branch on another status than ours. */
const STATUSES: Record<string, number> = { CONNECTION_TAKEN: 403 };

/** A failure as Evolution's clients read it; our code is beside it. */
export function evolutionError(error: GatewayError, message: string): { status: number; body: object } {
  const status = STATUSES[error.code] ?? error.status;
  return { status, body: { status, error: STATUS_CODES[status], code: error.code, response: { message: [message] } } };
}
