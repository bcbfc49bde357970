import { GatewayError } from '../lib/errors.js';
import type { Caller, RawInput, Route } from './route.js';

const WINDOW_MS = 60_000;

/** Which connection a request is about, by where routes name it; null = none, or many. */
export function connectionOf(row: Pick<Route, 'path'>, raw: RawInput): string | null {
  const { params, body, query } = raw as Record<string, Record<string, unknown> | undefined>;
  const isInPath = /\/(connections|clients)\/:id\b/.test(row.path);
  const named =
    (isInPath ? params?.['id'] : undefined) ??
    params?.['connectionId'] ??
    params?.['instanceName'] ??
    body?.['connectionId'];
  const id = named ?? query?.['connectionId'];
  return typeof id === 'string' && /^[\w.-]{1,64}$/.test(id) ? id : null;
}

/**
 * Requests that concern one connection, counted per minute and per owner: whoever guesses another owner's connection id
 * uses up a share of their own.
 */
export class ConnectionLimit {
  #counts = new Map<string, number>();
  #windowEndsAt = 0;

  constructor(private readonly perMinute: number) {}

  /** @throws GatewayError `RATE_LIMITED`; `details.retryAfterS` says when the next minute begins */
  count(connectionId: string | null, { scope }: Pick<Caller, 'scope'>): void {
    if (connectionId === null) return;
    const now = performance.now();
    if (now >= this.#windowEndsAt) {
      this.#counts = new Map();
      this.#windowEndsAt = now + WINDOW_MS;
    }
    const key = `${scope?.ownerId ?? ''}:${connectionId}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (count <= this.perMinute) return;
    const retryAfterS = Math.ceil((this.#windowEndsAt - now) / 1000);
    const text = `At most ${this.perMinute} requests a minute for one connection (HTTP_CONNECTION_RATE_PER_MINUTE).`;
    throw new GatewayError('RATE_LIMITED', text, { details: { retryAfterS } });
  }
}
