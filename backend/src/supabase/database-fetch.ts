import { Agent, fetch as undiciFetch } from 'undici';

/** A fetch of our own: kept-alive connections that we close, and a deadline (supabase-js has none). */
export interface DatabaseFetch {
  fetch: typeof fetch;
  close(): Promise<void>;
}

/** @param timeoutMs for the whole request, body included */
export function createDatabaseFetch(timeoutMs: number): DatabaseFetch {
  const agent = new Agent({ connections: 16, keepAliveTimeout: 30_000, connect: { timeout: timeoutMs } });
  const withDeadline = async (input: unknown, init: RequestInit = {}) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
    return undiciFetch(input as string, { ...init, signal, dispatcher: agent });
  };
  return { fetch: withDeadline, close: () => agent.destroy() };
}
