/** A close that the gateway decides; `output` is the shape of Baileys' own errors (Boom). */
export class ServerError extends Error {
  readonly output: { statusCode: number };
  constructor(message: string, statusCode: number) {
    super(message);
    this.name = 'ServerError';
    this.output = { statusCode };
  }
}

/** An HTTP answer instead of a WebSocket: 429 keeps its meaning, everything else is "not now". */
export function upgradeRefused(status: number): ServerError {
  return new ServerError(`WhatsApp answered the WebSocket upgrade with HTTP ${status}`, status === 429 ? 429 : 503);
}

/** Baileys' close errors are Booms: the code is `output.statusCode`. An error without one counts as 500. */
export function statusCode(error: unknown): number {
  const output = (error as { output?: { statusCode?: unknown } } | undefined)?.output;
  return typeof output?.statusCode === 'number' ? output.statusCode : 500;
}

/** `<failure reason="402" expire="seconds">`: when a temporary ban ends, ms since the epoch; null when it is not said. */
export function banEnd(error: unknown, now: number): number | null {
  const expire = (error as { data?: { expire?: unknown } } | undefined)?.data?.expire;
  const seconds = Number(expire);
  return expire !== undefined && Number.isFinite(seconds) ? now + seconds * 1000 : null;
}
