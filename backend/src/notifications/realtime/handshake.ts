import type { Socket } from 'socket.io';
import { z } from 'zod';
import { GatewayError } from '../../lib/errors.js';

/** What a client asks for when it connects (`auth` of the socket.io client); unknown fields are passed over. */
export interface Handshake {
  /** Root key, API key or user token. */
  credential: string | undefined;
  /** Tell what came after this event; null = only what comes from now on. */
  since: string | null;
  /** Only these connections; null = all that the caller may see. */
  connections: string[] | null;
}

const text = (most: number) => z.string(`must be a text`).max(most, `must have at most ${most} characters`);
const AUTH = z.object({
  token: text(8192).nullish(),
  since: text(64).nullish(),
  connections: z.array(text(64), 'must be a list of connection ids').max(200, 'must have at most 200 ids').nullish(),
});

/** @throws GatewayError `BAD_REQUEST` naming the field */
export function readHandshake({ handshake: { auth, headers } }: Pick<Socket, 'handshake'>): Handshake {
  const parsed = AUTH.safeParse(auth);
  if (!parsed.success) {
    const details = parsed.error.issues.map(({ path, message }) => ({
      field: ['auth', ...path].join('.'),
      problem: message,
    }));
    const [first] = details;
    throw new GatewayError('BAD_REQUEST', `${first?.field} ${first?.problem}`, { details });
  }
  const { token, since, connections } = parsed.data;
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const key = headers['x-api-key'];
  // Browsers cannot set headers on a WebSocket. Never the query: it ends up in histories and proxy logs.
  const credential = token ?? bearer ?? (Array.isArray(key) ? key[0] : key);
  return { credential, since: since ?? null, connections: connections ?? null };
}

/** The `connect_error` of the client: `error.message`, and what a program needs in `error.data`. */
export function refusal({ message, code, status, details }: GatewayError): Error {
  return Object.assign(new Error(message), { data: { code, status, message, ...(details ? { details } : {}) } });
}
