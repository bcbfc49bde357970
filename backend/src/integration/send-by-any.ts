import type { EvolutionPool } from '../evolution/evolution-pool.js';
import { GatewayError } from '../lib/errors.js';
import type { Accepted } from '../outbound/accept-message.js';
import type { Sender } from '../outbound/sender.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import { mayUse } from './scope.js';
import type { Scope, SendMessageInput, SendResult } from './resources.js';
import { answerFor, sendMessage, type SendMessageDeps } from './send-message.js';

/** A message for which any number will do. */
export type SendByAnyInput = Omit<SendMessageInput, 'connectionId' | 'replyTo'>;

export interface SendByAnyDeps extends SendMessageDeps {
  pool: Pick<WhatsAppPoolManager, 'list'>;
  /** Connections on servers take their turns, too. */
  evolution: { pool: Pick<EvolutionPool, 'list'> };
  sender: Sender;
}

/** Whose turn it is: the ready client that was chosen longest ago, so that joining and leaving disturb nobody's turn. */
export class RoundRobin {
  readonly #turns = new Map<string, number>();
  #turn = 0;

  /** @param ids in the order of creation; the choice counts as its turn. */
  next(ids: readonly string[]): string | null {
    const [first, ...others] = ids;
    if (first === undefined) return null;
    const turnOf = (id: string) => this.#turns.get(id) ?? 0;
    const chosen = others.reduce((best, id) => (turnOf(id) < turnOf(best) ? id : best), first);
    this.#turns.set(chosen, ++this.#turn);
    return chosen;
  }

  forget(id: string): void {
    this.#turns.delete(id);
  }
}

/**
 * Sends by whichever ready client of the caller has its turn. A repeated Idempotency-Key is answered with the client that
 * took the message then, whatever has become of that client.
 * @throws GatewayError `NOT_CONNECTED` (none is ready), `NEW_CHATS_PAUSED`, `RATE_LIMITED` (none of the ready ones is free)
 */
export async function sendByAny(
  deps: SendByAnyDeps,
  turns: RoundRobin,
  asked: SendByAnyInput,
  scope: Scope | null,
): Promise<SendResult> {
  const idempotency = asked.idempotency && { ...asked.idempotency, anyConnection: true as const };
  const input = { ...asked, idempotency };
  const earlier = idempotency && deps.acceptor.replay(null, idempotency);
  if (earlier) return again(deps, input, earlier);
  try {
    const connectionId = turns.next(free(deps, scope))!;
    return await sendMessage(deps, { ...input, connectionId }, scope);
  } catch (error) {
    await discardUpload(deps, input);
    throw error;
  }
}

async function again(deps: SendByAnyDeps, input: SendByAnyInput, earlier: Accepted): Promise<SendResult> {
  await discardUpload(deps, input);
  const isReady = candidates(deps).some((each) => each.connectionId === earlier.record.connectionId);
  return answerFor(deps, earlier, isReady ? input.waitMs : 0);
}

/** A file that came with a request that sends nothing does not stay; one that is gone already is no matter. */
async function discardUpload(deps: SendByAnyDeps, { message }: SendByAnyInput): Promise<void> {
  if ('source' in message && message.source.kind === 'upload') await deps.intake.discard(message.source.staged);
}

/** Who is ready, in this process and on servers; only of the former is known when WhatsApp wants no new chats of them. */
function candidates({ pool, evolution }: SendByAnyDeps) {
  const here = pool.list().map((client) => ({ client, isPaused: client.care.pause !== null }));
  const there = evolution.pool.list().map((client) => ({ client, isPaused: false }));
  return [...here, ...there]
    .filter(({ client }) => client.estado === 'ready')
    .map(({ client: { connectionId, record }, isPaused }) => ({ connectionId, record, isPaused }));
}

/** Ready clients that may take a message now. Why there is none is worth telling: each reason asks for another remedy. */
function free(deps: SendByAnyDeps, scope: Scope | null): string[] {
  const ready = candidates(deps).filter(({ record }) => mayUse(record, scope));
  if (ready.length === 0) throw new GatewayError('NOT_CONNECTED', 'No client is ready: connect one first.');
  const open = ready.filter(({ isPaused }) => !isPaused);
  if (open.length === 0) {
    throw new GatewayError(
      'NEW_CHATS_PAUSED',
      'Every ready client is paused: name the client to answer an open chat.',
      {
        details: { paused: ready.map(({ connectionId }) => connectionId) },
      },
    );
  }
  const waits = open.map(({ connectionId }) => ({ connectionId, ms: deps.sender.throttledMs(connectionId) }));
  const now = waits.filter(({ ms }) => ms === 0).map(({ connectionId }) => connectionId);
  if (now.length > 0) return now;
  const retryAfterS = Math.ceil(Math.min(...waits.map(({ ms }) => ms)) / 1000);
  const text = 'Every ready client has sent all that SEND_RATE_PER_MINUTE allows now.';
  throw new GatewayError('RATE_LIMITED', text, { details: { retryAfterS, setting: 'SEND_RATE_PER_MINUTE' } });
}
