/**
 * What the simulated server saw and did, in order. `companion` is the device JID of a linked device; `from` and `to` of
 * messages are the addresses on the wire. Nothing is merged: a duplicate is a second entry.
 */
export type SimulatorFact =
  // Sockets
  | { kind: 'socket.opened' }
  | { kind: 'socket.closed'; companion: string | null }
  | { kind: 'registration.started' }
  | { kind: 'registration.refreshed' }
  | { kind: 'pairing.linked'; companion: string; by: 'qr' | 'code' }
  | { kind: 'login'; companion: string }
  | { kind: 'login.refused'; account: string; reason: number }
  | { kind: 'companion.unlinked'; companion: string; by: 'phone' | 'companion' }
  // Towards the account
  | { kind: 'message.queued'; id: string; from: string; companion: string }
  | {
      kind: 'message.delivered';
      id: string;
      from: string;
      companion: string;
      /** 1 for the first time these bytes, or their retried form, were written to a socket. */
      attempt: number;
      offline: boolean;
      /** The `count` of a retried message, 0 for the original. */
      retry: number;
    }
  | { kind: 'message.receipted'; id: string; from: string; companion: string; type: string | null }
  | { kind: 'message.nacked'; id: string; from: string; companion: string; error: number | null }
  | { kind: 'message.retryRequested'; id: string; from: string; companion: string; count: number }
  | { kind: 'read'; ids: string[]; chat: string; companion: string; type: 'read' | 'read-self' }
  // From the account
  | { kind: 'send.received'; id: string; companion: string; to: string; attempt: number }
  | { kind: 'send.acked'; id: string; companion: string; to: string; error: number | null }
  | { kind: 'send.unacked'; id: string; companion: string; to: string }
  | { kind: 'send.decrypted'; id: string; companion: string; by: string; copies: number }
  | { kind: 'send.undecryptable'; id: string; companion: string; by: string; error: string }
  | { kind: 'send.retryRequested'; id: string; companion: string; by: string; count: number }
  | { kind: 'send.unroutable'; id: string; companion: string; to: string }
  | { kind: 'receipt.queued'; id: string; companion: string; from: string; type: string | null }
  | { kind: 'receipt.acked'; id: string; companion: string; from: string }
  // Groups and contacts
  | { kind: 'group.queried'; companion: string; /** null = all of the account's. */ group: string | null }
  | { kind: 'group.changed'; group: string; action: string; by: string }
  | { kind: 'picture.queried'; companion: string; jid: string }
  | { kind: 'blocklist.changed'; companion: string | null; jid: string; action: 'block' | 'unblock' }
  | { kind: 'chatstate.received'; companion: string; to: string; state: string; media: string | null }
  | { kind: 'call.rejected'; id: string; companion: string; to: string }
  // Keys
  | { kind: 'prekeys.uploaded'; companion: string; count: number; available: number }
  | { kind: 'query.unknown'; companion: string; xmlns: string }
  | { kind: 'fault'; fault: string };

/** A fact with its place (`seq`, from 1, no gaps) and time (`at`, ms since the epoch). */
export type SimulatorEvent = SimulatorFact & { seq: number; at: number };

type EventOf<K extends SimulatorFact['kind']> = Extract<SimulatorEvent, { kind: K }>;

/** The append-only record of one simulator. */
export class History {
  readonly #events: SimulatorEvent[] = [];

  record(fact: SimulatorFact): void {
    this.#events.push({ ...fact, seq: this.#events.length + 1, at: Date.now() });
  }

  /** Every event so far, oldest first. A live view: copy it before going on. */
  get events(): readonly SimulatorEvent[] {
    return this.#events;
  }

  /** @param seq events after this one; 0 for all. */
  after(seq: number, limit = Infinity): SimulatorEvent[] {
    return this.#events.slice(seq, limit === Infinity ? undefined : seq + limit);
  }

  of<K extends SimulatorFact['kind']>(kind: K): EventOf<K>[] {
    return this.#events.filter((event): event is EventOf<K> => event.kind === kind);
  }
}
