import { setImmediate as turn } from 'node:timers/promises';
import type { EventFeed } from '../../journal/webhooks/event-feed.js';
import type { EventRecord, NewEvent } from '../../journal/webhooks/records.js';
import type { Clock } from '../../lib/clock.js';
import type { Log } from '../../lib/log.js';
import { roomsOfEvent } from './rooms.js';
import type { Message, Stream } from './streams.js';

/** A namespace with its sockets. */
export interface Audience {
  stream: Stream;
  /** Sockets in rooms. */
  readonly size: number;
  tell(rooms: string[], message: Message): void;
}

export interface FanOutDeps {
  feed: EventFeed;
  audiences: readonly Audience[];
  qrImage(code: string): Promise<string>;
  clock: Clock;
  log: Log;
}

/** Events read before the event loop gets its turn. */
const SLICE = 100;

/**
 * Tells rooms what is in the log of events, in its order, each event once. It does not wait for the disk: an event that a
 * crash takes from us is made again from its entry, under the same id (docs/adr/0013).
 */
export class FanOut {
  #sentTo = 0;
  #running = false;
  #pumping = false;
  #woken = false;
  #unsubscribe: (() => void) | null = null;

  constructor(private readonly deps: FanOutDeps) {}

  start(): void {
    this.#running = true;
    this.#unsubscribe ??= this.deps.feed.onEvents(() => this.#wake());
  }

  stop(): void {
    this.#running = false;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }

  /** Every socket in a room has been told all up to this place. */
  get sentTo(): number {
    // Nobody is there to be told: all that there is was before the time of who comes now.
    if (this.deps.audiences.every(({ size }) => size === 0)) this.#sentTo = this.deps.feed.last;
    return this.#sentTo;
  }

  /** What is no news a minute later is told to who is there, and kept nowhere. */
  async tellNow(event: NewEvent): Promise<void> {
    this.#emit(event, await this.render(event));
  }

  /** An event in the words of each audience; what has expired is said to nobody. */
  async render(event: NewEvent, audiences = this.deps.audiences): Promise<[Audience, Message][]> {
    if (event.expiresAt !== null && event.expiresAt <= this.deps.clock.now()) return [];
    const said: [Audience, Message][] = [];
    for (const audience of audiences) {
      const message = await this.#inWordsOf(audience, event);
      if (message) said.push([audience, message]);
    }
    return said;
  }

  /** One event that cannot be written must not hold up all that come after it. */
  async #inWordsOf({ stream }: Audience, event: NewEvent): Promise<Message | null> {
    try {
      return await stream.render(event, this.deps);
    } catch (error) {
      const { id, type } = event;
      this.deps.log.error('an event could not be written for WebSockets', {
        namespace: stream.namespace,
        id,
        type,
        error,
      });
      return null;
    }
  }

  /** Many hints at once are one look. */
  #wake(): void {
    this.#woken = true;
    if (this.#pumping) return;
    this.#pumping = true;
    void this.#pump()
      .catch((error) => this.deps.log.error('events could not be read for WebSockets', { error }))
      .finally(() => {
        this.#pumping = false;
        if (this.#woken && this.#running) this.#wake();
      });
  }

  async #pump(): Promise<void> {
    // After whoever tells has enqueued its commit.
    await Promise.resolve();
    this.#woken = false;
    for (;;) {
      const events = this.#running ? this.deps.feed.after(this.sentTo, SLICE) : [];
      for (const event of events) await this.#tell(event);
      if (events.length < SLICE) return;
      await turn();
    }
  }

  async #tell(event: EventRecord): Promise<void> {
    const said = await this.render(event);
    // Everybody left meanwhile, and who has come since begins after it.
    if (event.seq <= this.#sentTo) return;
    // In one go: a socket that joins its rooms goes on after `sentTo`.
    this.#emit(event, said);
    this.#sentTo = event.seq;
  }

  #emit(event: NewEvent, said: [Audience, Message][]): void {
    const rooms = roomsOfEvent(event);
    for (const [audience, message] of said) audience.tell(rooms, message);
  }
}
