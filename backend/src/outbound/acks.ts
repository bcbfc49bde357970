import type { OutboxRecord } from '../journal/records.js';
import type { Log } from '../lib/log.js';
import type { ServerAck } from '../whatsapp/server-ack.js';
import type { Attempts } from './attempt.js';
import type { QueuedSend, SendQueue } from './send-queue.js';

/**
 * What an ack of WhatsApp's server does, by what its message is at:
 *
 * - *under way*: it ends the attempt;
 * - *between two attempts*: it is kept as `lateAck`, and the message's turn comes at once to be decided by it;
 * - *not waiting any more*: a send that was given up as failed may have been accepted after all.
 */
export class Acks {
  constructor(
    private readonly queue: SendQueue,
    private readonly deps: {
      connectionId: string;
      attempts: Pick<Attempts, 'revive'>;
      announce: (record: OutboxRecord) => void;
      pump: () => void;
      log: Log;
    },
  ) {}

  heard(ack: ServerAck): void {
    const send = this.queue.find(ack.whatsappId);
    if (!send) {
      void this.#revive(ack);
    } else if (send.end) {
      send.end({ by: 'ack', ack });
    } else {
      send.lateAck = ack;
      this.queue.wake(send);
      this.deps.pump();
    }
  }

  /** The message has ended. An ack that came while that was being written counts, as one that comes after it does. */
  settle(send: QueuedSend): void {
    this.queue.remove(send);
    if (send.lateAck) void this.#revive(send.lateAck);
  }

  async #revive(ack: ServerAck): Promise<void> {
    const { connectionId, attempts, announce, log } = this.deps;
    try {
      const record = await attempts.revive(connectionId, ack);
      if (record) announce(record);
    } catch (error) {
      log.error('late ack could not be journaled', { connectionId, error });
    }
  }
}
