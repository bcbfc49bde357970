import { request, type Dispatcher } from 'undici';
import type { EventRecord, WebhookRecord } from '../../journal/webhooks/records.js';
import type { Clock } from '../../lib/clock.js';
import { isGatewayError } from '../../lib/errors.js';
import type { EnvelopeFacts } from './envelopes/envelope.js';
import { ENVELOPES } from './envelopes/table.js';
import { responseRow, retryAfterMs, type Verdict } from './response-table.js';
import { signingSecrets, standardHeaders, wahaHeaders } from './signature.js';
import type { WebhookEvent } from './webhook-events.js';

export interface PostDeps {
  /** A guarded agent: receivers are hosts that users name. */
  agent: Dispatcher;
  clock: Clock;
  version: string;
  connectionOf(connectionId: string): EnvelopeFacts['connection'];
  qrImage(code: string): Promise<string>;
}

/** What one attempt came to. */
export interface PostResult {
  verdict: Verdict;
  /** null = there was no answer. */
  status: number | null;
  /** For people; null when it was taken. */
  error: string | null;
  latencyMs: number;
  /** How long the receiver wants to be left alone. */
  retryAfterMs: number;
}

/** From the first packet to the end of the answer. */
const DEADLINE_MS = 20_000;
/** What an answer says is nobody's business; so much of it is read to keep the connection. */
const ANSWER_BYTES = 16 * 1024;

/** Posts one event to one webhook, signed, and says what the answer means. Never rejects. */
export async function postEvent(
  deps: PostDeps,
  webhook: WebhookRecord,
  event: EventRecord,
  signal: AbortSignal,
): Promise<PostResult> {
  const startedAt = performance.now();
  const latency = () => Math.round((performance.now() - startedAt) * 10) / 10;
  const cut = new AbortController();
  const abort = () => cut.abort(signal.reason);
  const cancelDeadline = deps.clock.after(DEADLINE_MS, () => cut.abort(new DOMException('too late', 'TimeoutError')));
  signal.addEventListener('abort', abort, { once: true });
  try {
    const body = await renderBody(deps, webhook, event);
    if (body === null) return { verdict: 'done', status: null, error: null, latencyMs: 0, retryAfterMs: 0 };
    const answer = await request(webhook.url, {
      method: 'POST',
      headers: headersOf(deps, webhook, { id: event.id, body, now: deps.clock.now() }),
      body,
      dispatcher: deps.agent,
      signal: cut.signal,
    });
    await answer.body.dump({ limit: ANSWER_BYTES });
    const { verdict, why } = responseRow(answer.statusCode);
    const error = verdict === 'done' ? null : `${answer.statusCode}: ${why}`;
    const wait = retryAfterMs(textOf(answer.headers['retry-after']), deps.clock.now());
    return { verdict, status: answer.statusCode, error, latencyMs: latency(), retryAfterMs: wait };
  } catch (error) {
    return { verdict: 'hold', status: null, error: reasonOf(error), latencyMs: latency(), retryAfterMs: 0 };
  } finally {
    cancelDeadline();
    signal.removeEventListener('abort', abort);
  }
}

async function renderBody(deps: PostDeps, webhook: WebhookRecord, event: EventRecord): Promise<string | null> {
  const connection = event.connectionId === null ? null : deps.connectionOf(event.connectionId);
  const facts = { connection, url: webhook.url, version: deps.version, qrImage: (code: string) => deps.qrImage(code) };
  const body = await ENVELOPES[webhook.format].render(event as unknown as WebhookEvent, facts);
  return body === null ? null : JSON.stringify(body);
}

function headersOf(deps: PostDeps, webhook: WebhookRecord, message: { id: string; body: string; now: number }) {
  const secrets = signingSecrets(webhook.secrets, message.now);
  return {
    'user-agent': `sentinela/${deps.version}`,
    ...webhook.headers,
    'content-type': 'application/json',
    ...standardHeaders(message, secrets),
    ...(webhook.format === 'waha' && wahaHeaders(message, secrets)),
  };
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** Without the receiver's words: they may repeat what it was sent. */
function reasonOf(error: unknown): string {
  if (isGatewayError(error)) return `${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return 'the request failed';
  const { code } = error as { code?: unknown };
  if (error.name === 'TimeoutError') return `ETIMEDOUT: no answer within ${DEADLINE_MS} ms`;
  return typeof code === 'string' ? `${code}: ${error.message}` : error.message;
}
