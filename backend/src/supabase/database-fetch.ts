import { Agent, fetch as undiciFetch } from 'undici';

/** A fetch of our own: kept-alive connections that we close, and a deadline (supabase-js has none). */
export interface DatabaseFetch {
  fetch: typeof fetch;
  close(): Promise<void>;
}

/** One request, as far as it is worth counting. */
export interface DatabaseRequest {
  /** The table, or the function that was called. */
  operation: string;
  /** `refused`: answered with 4xx or 5xx; `unreachable`: no answer within the deadline, or none at all. */
  outcome: 'ok' | 'refused' | 'unreachable';
  /** Until the answer's headers. */
  ms: number;
}

/** @param timeoutMs for the whole request, body included @param onRequest told of each request once it was answered */
export function createDatabaseFetch(timeoutMs: number, onRequest?: (request: DatabaseRequest) => void): DatabaseFetch {
  const agent = new Agent({ connections: 16, keepAliveTimeout: 30_000, connect: { timeout: timeoutMs } });
  const withDeadline = async (input: unknown, init: RequestInit = {}) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
    const startedAt = performance.now();
    const tell = (outcome: DatabaseRequest['outcome']) =>
      onRequest?.({ operation: operationOf(input), outcome, ms: performance.now() - startedAt });
    try {
      const answer = await undiciFetch(input as string, { ...init, signal, dispatcher: agent });
      tell(answer.ok ? 'ok' : 'refused');
      return answer;
    } catch (error) {
      tell('unreachable');
      throw error;
    }
  };
  return { fetch: withDeadline, close: () => agent.destroy() };
}

/** `…/rest/v1/rpc/registrar_eventos?…` → `registrar_eventos`. */
function operationOf(input: unknown): string {
  const { pathname } = new URL(input instanceof URL ? input.href : String(input));
  return pathname.split('/').at(-1) || 'unknown';
}
