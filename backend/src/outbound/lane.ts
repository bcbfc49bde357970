import type { Clock } from '../lib/clock.js';
import { deferred, type Deferred } from '../lib/deferred.js';
import type { Log } from '../lib/log.js';
import type { Journal } from '../journal/journal.js';
import type { OutboxRecord } from '../journal/records.js';
import { Acks } from './acks.js';
import type { Destination } from './address.js';
import type { Attempts, Line } from './attempt.js';
import { OutboxWindow } from './outbox-window.js';
import type { SendChannel } from './send-channel.js';
import { SendQueue, type QueuedSend } from './send-queue.js';
import { TokenBucket, type Rate } from './token-bucket.js';

export interface LaneOptions {
  connectionId: string;
  journal: Pick<Journal, 'listUnfinishedOutbox'>;
  attempts: Attempts;
  /** Told of every outcome, once it is durable and the chat's next message has its turn. */
  announce: (record: OutboxRecord) => void;
  clock: Clock;
  log: Log;
  /** null = as fast as it goes. */
  rate: Rate | null;
  /** Chats with a message under way at once. */
  maxParallel: number;
  /** Messages held in memory; further ones stay in the journal until these are half gone. */
  window: number;
}

/** What one connection has to send now. */
export interface SendFigures {
  connectionId: string;
  /** Accepted and not begun, as far as they are held in memory (the oldest 5000). */
  waiting: number;
  /** Begun and without an outcome. */
  underWay: number;
  /** How long the rate limit keeps the next one back; 0 when it does not. */
  throttledMs: number;
}

/** So many turns of all parallel chats are "moments". */
const SOON = 10;

/**
 * The sends of one connection: which message goes next, and how many at once. It outlives sockets and channels.
 *
 * - *stopped*: holds nothing; what is accepted waits in the journal.
 * - *running*: chats take turns; a message goes when the channel is ready, or when it needs no channel to end (expired,
 *   logged out, deleted, already answered).
 * - *stopping*: nothing new begins; what is under way may still hear its ack.
 */
export class Lane implements Line {
  readonly connectionId: string;
  readonly #queue: SendQueue;
  readonly #window: OutboxWindow;
  readonly #acks: Acks;
  readonly #bucket: TokenBucket | null;
  #state: 'stopped' | 'running' | 'stopping' = 'stopped';
  #channel: SendChannel | null = null;
  #gone = false;
  #active = 0;
  /** Counts stops: an attempt that outlived one must not touch the next run's queue. */
  #run = 0;
  #cancelTurn: () => void = () => undefined;
  #quiet: Deferred<void> | null = null;

  constructor(private readonly options: LaneOptions) {
    this.connectionId = options.connectionId;
    this.#queue = new SendQueue(options.clock);
    this.#window = new OutboxWindow(this.#queue, options);
    this.#acks = new Acks(this.#queue, { ...options, pump: () => this.pump() });
    this.#bucket = options.rate && new TokenBucket(options.rate, options.clock);
  }

  get channel(): SendChannel | null {
    return this.#channel;
  }

  get gone(): boolean {
    return this.#gone;
  }

  get stopped(): boolean {
    return this.#state === 'stopped';
  }

  /** Nothing is under way. */
  get isQuiet(): boolean {
    return this.#active === 0;
  }

  /** How long the rate limit would keep back a message that came now. */
  get throttledMs(): number {
    return this.#bucket?.waitMs ?? 0;
  }

  get figures(): SendFigures {
    const waiting = this.#queue.size - this.#active;
    const throttledMs = waiting > 0 && this.#isReady() ? this.throttledMs : 0;
    return { connectionId: this.connectionId, waiting, underWay: this.#active, throttledMs };
  }

  start(): void {
    if (this.#state === 'running') return;
    this.#state = 'running';
    this.#window.reopen();
    this.pump();
  }

  /** Follows this channel from now on. @returns the function that lets go of it. */
  attach(channel: SendChannel): () => void {
    this.#channel = channel;
    this.#gone = false;
    const unsubscribe = [
      // The journal may be closing. Nobody loses by it: the message goes out again under its id.
      channel.events.on('ack', (ack) => this.stopped || this.#acks.heard(ack)),
      channel.events.on('ready', () => this.#onReady()),
      channel.events.on('closed', () => this.#onClosed()),
      channel.events.on('stateChanged', () => this.pump()),
    ];
    this.#onReady();
    return () => {
      for (const off of unsubscribe) off();
      if (this.#channel !== channel) return;
      this.#channel = null;
      this.#onClosed();
    };
  }

  /**
   * Whether a message accepted now will be written within moments. It is then accepted as "sending, attempt 1", which
   * saves a commit of its own for that; should it have to wait after all, it is as ambiguous as a crash leaves it, too.
   */
  goesSoon(destination: Destination): boolean {
    if (this.#state !== 'running' || this.#window.more || !this.#isReady()) return false;
    return destination.chatJid !== null && this.#queue.size < this.options.maxParallel * SOON;
  }

  /** A record that has just become durable. While the journal holds older ones, it waits there for its turn. */
  enqueue(record: OutboxRecord): void {
    if (this.#state !== 'running') return;
    this.#window.take(record);
    this.pump();
  }

  /** Begins whatever may begin now. */
  pump(): void {
    if (this.#state !== 'running') return;
    try {
      do this.#beginAll();
      while (this.#window.load());
    } catch (error) {
      // Called by timers and listeners, which nobody catches. The next event or sweep tries again.
      this.options.log.error('outbox could not be read', { connectionId: this.connectionId, error });
    }
  }

  /** When a message is tried next, ms since the epoch; null when it waits for no time. */
  nextTryAt(whatsappId: string): number | null {
    return this.#queue.nextTryAt(whatsappId);
  }

  /** The message's time is over: it ends as soon as it is not under way. */
  expire(whatsappId: string): void {
    const send = this.#queue.find(whatsappId);
    if (send) this.#queue.wake(send);
    this.pump();
  }

  /** The connection is being deleted: every message of it ends as `LOGGED_OUT`. Resolves when none is left. */
  async abandon(): Promise<void> {
    this.#gone = true;
    this.#queue.endAttempts({ by: 'closed' });
    this.#queue.wakeAll();
    this.pump();
    while (this.#state === 'running' && (this.#active > 0 || this.#queue.size > 0)) await this.#whenQuiet();
  }

  /** No new attempt begins. @returns a promise for the end of those under way. */
  quiesce(): Promise<void> {
    if (this.#state === 'running') this.#state = 'stopping';
    return this.isQuiet ? Promise.resolve() : this.#whenQuiet();
  }

  /** Ends what is still under way: those messages stay `sending` in the journal and go out again after a start. */
  interrupt(): void {
    this.#queue.endAttempts({ by: 'stop' });
  }

  /** Lets go of everything in memory. */
  stop(): void {
    this.#state = 'stopped';
    this.#run++;
    this.#active = 0;
    this.#cancelTurn();
    this.#queue.clear();
    this.#becomeQuiet();
  }

  #beginAll(): void {
    while (this.#active < this.options.maxParallel) {
      const send = this.#queue.next((candidate) => this.#mayGo(candidate));
      if (!send) return;
      const backMs = this.#keptBackMs(send);
      if (backMs > 0) {
        this.#queue.park(send, backMs, () => this.pump());
        continue;
      }
      const waitMs = this.#isReady() ? (this.#bucket?.take() ?? 0) : 0;
      if (waitMs > 0) {
        this.#cancelTurn();
        this.#cancelTurn = this.options.clock.after(waitMs, () => this.pump());
        return;
      }
      this.#queue.begin(send);
      this.#active++;
      void this.#attempt(send, this.#run);
    }
  }

  async #attempt(send: QueuedSend, run: number): Promise<void> {
    const verdict = await this.options.attempts.run(this, send);
    if (run !== this.#run) return;
    this.#active--;
    if (verdict.kind === 'finished') this.#acks.settle(send);
    else this.#queue.park(send, send.lateAck ? 0 : verdict.afterMs, () => this.pump());
    this.pump();
    if (verdict.kind === 'finished' && verdict.record) this.options.announce(verdict.record);
    if (this.isQuiet) this.#becomeQuiet();
  }

  #isReady(): boolean {
    return this.#channel?.estado === 'ready';
  }

  #mayGo(send: QueuedSend): boolean {
    if (this.#isReady() || this.#gone || this.#channel?.estado === 'logged_out') return true;
    return send.lateAck !== null || send.decided !== null || this.options.clock.now() >= send.expiresAt;
  }

  /** A message with a delay waits for it, unless nothing of it is sent any more. */
  #keptBackMs(send: QueuedSend): number {
    if (this.#gone || this.#channel?.estado === 'logged_out' || send.lateAck || send.decided) return 0;
    return send.notBefore - this.options.clock.now();
  }

  #onReady(): void {
    this.#queue.wakeAll();
    this.pump();
  }

  /** What was under way is ambiguous now: the same ids again with the next socket. */
  #onClosed(): void {
    this.#queue.endAttempts({ by: 'closed' });
    this.pump();
  }

  #whenQuiet(): Promise<void> {
    return (this.#quiet ??= deferred()).promise;
  }

  #becomeQuiet(): void {
    this.#quiet?.resolve();
    this.#quiet = null;
  }
}
