import { request, type Dispatcher } from 'undici';
import type { Clock } from '../lib/clock.js';
import { isGatewayError } from '../lib/errors.js';
import { Circuit, type CircuitOptions, type CircuitState } from './circuit.js';
import { judgeNetworkError, judgeStatus, remoteError, type RemoteFailure } from './remote-failures.js';

export interface EvolutionServerDeps {
  /** Base URL, without a slash at its end. */
  url: string;
  dispatcher: Dispatcher;
  circuit: CircuitOptions;
  clock: Clock;
  /** How long one attempt may take. */
  callDeadlineMs?: number;
  /** Delays between attempts: the first, its factor, the longest. */
  retry?: { attempts: number; firstMs: number; factor: number; longestMs: number };
}

/** One call. */
export interface RemoteCall {
  method: 'GET' | 'POST' | 'DELETE';
  /** From the base URL on, escaped. */
  path: string;
  apiKey: string;
  body?: object;
  /** Asked twice it does the same: it is repeated although the first may have arrived. */
  repeatable: boolean;
  signal?: AbortSignal;
}

const CALL_DEADLINE_MS = 30_000;
const RETRY = { attempts: 3, firstMs: 1_000, factor: 2, longestMs: 30_000 };
/** A QR code is 10 kB; nothing that we ask for is a megabyte. */
const MAX_ANSWER_BYTES = 8 << 20;

/**
 * An Evolution API server (v2), as far as this gateway calls it. Every call has a deadline of 30 s an attempt, three
 * attempts when nothing can be doubled by that, and goes through the circuit breaker of this server.
 */
export class EvolutionServer {
  readonly #circuit: Circuit;

  constructor(private readonly deps: EvolutionServerDeps) {
    this.#circuit = new Circuit(deps.circuit, (error) => (error as Failed).failure?.counts ?? true);
  }

  get url(): string {
    return this.deps.url;
  }
  get circuit(): CircuitState {
    return this.#circuit.state;
  }

  /**
   * @returns the parsed JSON of a 2xx answer
   * @throws GatewayError `REMOTE_UNAVAILABLE` (nothing arrived, or the circuit is open), `OUTCOME_UNKNOWN` (it may have),
   * `REMOTE_REFUSED` (`details.status`, `details.answer`), `FORBIDDEN_DESTINATION`
   */
  async call(call: RemoteCall): Promise<unknown> {
    const { attempts, firstMs, factor, longestMs } = this.deps.retry ?? RETRY;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#circuit.run(() => this.#attempt(call), circuitOpen);
      } catch (error) {
        const failure = error instanceof Failed ? error.failure : null;
        const again = failure?.retried && (call.repeatable || failure.arrived === 'no');
        if (!again || attempt >= attempts || call.signal?.aborted) throw error instanceof Failed ? error.error : error;
        await this.deps.clock.sleep(Math.min(longestMs, firstMs * factor ** (attempt - 1)), call.signal);
      }
    }
  }

  close(): void {
    this.#circuit.close();
  }

  async #attempt({ method, path, apiKey, body, signal }: RemoteCall): Promise<unknown> {
    const { url, dispatcher, callDeadlineMs = CALL_DEADLINE_MS } = this.deps;
    const deadline = AbortSignal.timeout(callDeadlineMs);
    let status: number;
    let text: string;
    try {
      const answer = await request(url + path, {
        ...{ method, dispatcher, signal: signal ? AbortSignal.any([signal, deadline]) : deadline },
        headers: { apikey: apiKey, accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
        body: body ? JSON.stringify(body) : null,
      });
      status = answer.statusCode;
      text = await readText(answer.body);
    } catch (cause) {
      throw new Failed(judgeNetworkError(cause), 'The server did not answer.', {}, cause);
    }
    const parsed = parse(text);
    const failure = judgeStatus(status);
    if (failure) throw new Failed(failure, `The server answered ${status}.`, { status, answer: shortened(parsed) });
    return parsed;
  }
}

/** A failure with what it means, inside this file; outside it is a GatewayError. */
class Failed extends Error {
  readonly error: Error;
  constructor(
    readonly failure: RemoteFailure,
    message: string,
    more: object,
    cause?: unknown,
  ) {
    super(message);
    const own = isGatewayError(cause) ? cause : (cause as { cause?: unknown } | undefined)?.cause;
    this.error = isGatewayError(own, 'FORBIDDEN_DESTINATION') ? own : remoteError(failure, message, more, cause);
  }
}

function circuitOpen(): Error {
  const failure: RemoteFailure = { code: 'REMOTE_UNAVAILABLE', arrived: 'no', retried: false, counts: false };
  return remoteError(
    failure,
    'The server has failed too often: it is left alone for a while (EVOLUTION_CIRCUIT_RESET_MS).',
    { circuit: 'open' },
  );
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** Enough to see what it refused. */
function shortened(answer: unknown): unknown {
  const text = JSON.stringify(answer) ?? '';
  return text.length <= 500 ? answer : text.slice(0, 500);
}
