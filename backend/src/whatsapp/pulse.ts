import type { Clock } from '../lib/clock.js';

/** A timer that fires later than this says more about our own event loop than about the other side. */
const LATE_MS = 2_000;
/** After such a stall: time to read what the kernel has been holding for us. */
const GRACE_MS = 5_000;

/**
 * Notices that a socket has gone silent. One timer per socket, set again only when it fires, so that a frame costs one
 * assignment. A process that was suspended does not mistake its own absence for the server's.
 */
export class Pulse {
  #lastAt: number | null = null;
  #limitMs: number | null = null;
  #cancel: (() => void) | null = null;

  constructor(private readonly deps: { clock: Clock; onSilent: (silentMs: number) => void }) {}

  /** When the last frame came, ms since the epoch; it outlives the socket. Null before the first one. */
  get lastAt(): number | null {
    return this.#lastAt;
  }

  /** Something came in. */
  beat(): void {
    this.#lastAt = this.deps.clock.now();
  }

  /** From now on `limitMs` of silence are too much; null = silence means nothing now. Begins with a beat. */
  watch(limitMs: number | null): void {
    this.beat();
    if (this.#limitMs === limitMs) return;
    this.stop();
    this.#limitMs = limitMs;
    if (limitMs !== null) this.#wait(limitMs);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#limitMs = null;
  }

  #wait(ms: number): void {
    const { clock } = this.deps;
    const dueAt = clock.now() + ms;
    this.#cancel = clock.after(ms, () => this.#look(clock.now() - dueAt));
  }

  #look(lateMs: number): void {
    if (this.#limitMs === null) return;
    if (lateMs > LATE_MS) return this.#wait(GRACE_MS);
    const silentMs = this.deps.clock.now() - (this.#lastAt ?? 0);
    if (silentMs < this.#limitMs) return this.#wait(this.#limitMs - silentMs);
    this.stop();
    this.deps.onSilent(silentMs);
  }
}
