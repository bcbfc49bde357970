import { GatewayError } from './errors.js';

/**
 * Waits for `work`, but not longer than `ms`: every await that can hang has a deadline.
 * The work itself goes on (a promise cannot be cancelled); its late rejection is absorbed.
 * @throws GatewayError `DEADLINE_EXCEEDED` naming `what`
 */
export async function withDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new GatewayError('DEADLINE_EXCEEDED', `${what} took longer than ${ms} ms`)), ms);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
