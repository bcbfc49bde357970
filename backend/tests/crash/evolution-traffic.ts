import { setTimeout as delay } from 'node:timers/promises';
import { anEnvelope, type Json } from '../../src/simulator/evolution/envelope.js';
import { aWireMessage } from '../support/evolution-events.js';
import type { Daemon } from './daemon.js';
import type { Told } from './history.js';
import type { Random } from './random.js';

export const EVOLUTION_SECRET = 'the-secret-of-the-crash-ring';
/** The connection that the events are about. */
export const REMOTE_CONNECTION = 'remota';

/**
 * What an Evolution server tells by webhook. As the real one does, it posts an event again until it is answered 200; unlike it,
 * now and then once more.
 */
export class EvolutionTraffic {
  readonly told: Told[] = [];
  readonly #envelopes = new Map<string, Json>();

  constructor(private readonly random: Random) {}

  /** `count` new events within about `ms`, until `daemon` dies. */
  async tell(daemon: Daemon, count: number, ms: number): Promise<void> {
    await this.repeat(daemon);
    for (let n = 0; n < count && !daemon.dead; n++) {
      await delay(this.random.integer(0, Math.ceil((2 * ms) / count)));
      const text = `remoto ${this.told.length + 1}`;
      const message = aWireMessage({ message: { conversation: text } });
      const told = { id: String(message.key['id']), text, answered: false };
      this.told.push(told);
      this.#envelopes.set(told.id, anEnvelope('messages.upsert', REMOTE_CONNECTION, message));
      await this.#post(daemon, told);
      if (this.random.chance(0.2)) await this.#post(daemon, told);
    }
  }

  /** What has no answer yet. */
  async repeat(daemon: Daemon): Promise<void> {
    for (const told of this.told.filter(({ answered }) => !answered)) await this.#post(daemon, told);
  }

  get hasUnanswered(): boolean {
    return this.told.some(({ answered }) => !answered);
  }

  async #post(daemon: Daemon, told: Told): Promise<void> {
    const proof = { 'x-webhook-secret': EVOLUTION_SECRET };
    const answer = await daemon
      .call('POST', '/api/webhook/evolution', this.#envelopes.get(told.id), proof)
      .catch(() => null);
    told.answered ||= answer?.httpStatus === 200;
  }
}
