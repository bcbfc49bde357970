import type { Clock } from '../../lib/clock.js';
import { cut, ended, type Connection } from './connection-guard.js';

interface Pending {
  address: string;
  since: number;
  /** Ends the wait for its sign-in. */
  cancel: () => void;
}

/** Connections that may be signing in, from one address and from all. */
const MOST_PER_ADDRESS = 100;
const MOST = 500;
/** An honest client signs in at once: younger ones are closed to make room only beyond four times the limit. */
const GRACE_MS = 1_000;
const HARD_FACTOR = 4;

/**
 * Connections that have not signed in yet. Few per address, none for long, and where there are too many the oldest goes,
 * not the newest: whoever has a key is signed in before its turn to go comes.
 */
export class PendingHandshakes {
  readonly #pending = new Map<Connection, Pending>();
  /** Sockets that are signed in, by connection: one may have one in each namespace. */
  readonly #sockets = new WeakMap<Connection, number>();
  #stopped = false;

  /** @param deps.handshakeMs a connection that has not signed in by then is cut */
  constructor(private readonly deps: { clock: Clock; handshakeMs: number }) {}

  /** It has to sign in from now on. */
  add(connection: Connection): void {
    if (this.#stopped || this.#pending.has(connection) || connection.readyState === 'closed') return;
    const { clock, handshakeMs } = this.deps;
    const address = connection.remoteAddress;
    const cancel = clock.after(handshakeMs, () => this.#close(connection));
    this.#pending.set(connection, { address, since: clock.now(), cancel });
    void ended(connection).then(() => this.#forget(connection));
    this.#makeRoom((pending) => pending.address === address, MOST_PER_ADDRESS);
    this.#makeRoom(() => true, MOST);
  }

  /** A socket of it has signed in. */
  signedIn(connection: Connection): void {
    this.#sockets.set(connection, (this.#sockets.get(connection) ?? 0) + 1);
    this.#forget(connection);
  }

  /** A socket of it has left; without any it has to sign in anew. */
  signedOut(connection: Connection): void {
    const left = (this.#sockets.get(connection) ?? 1) - 1;
    this.#sockets.set(connection, left);
    if (left === 0) this.add(connection);
  }

  /** The connections themselves are for the server to end. */
  stop(): void {
    this.#stopped = true;
    for (const { cancel } of this.#pending.values()) cancel();
    this.#pending.clear();
  }

  #makeRoom(isAmong: (pending: Pending) => boolean, most: number): void {
    if (this.#pending.size <= most) return;
    const oldBefore = this.deps.clock.now() - GRACE_MS;
    let count = 0;
    let oldest: Connection | null = null;
    for (const [connection, pending] of this.#pending) {
      if (!isAmong(pending)) continue;
      oldest ??= connection;
      count += 1;
    }
    if (oldest === null || count <= most) return;
    const isOld = (this.#pending.get(oldest)?.since ?? 0) < oldBefore;
    if (isOld || count > HARD_FACTOR * most) this.#close(oldest);
  }

  #close(connection: Connection): void {
    this.#forget(connection);
    cut(connection);
  }

  #forget(connection: Connection): void {
    this.#pending.get(connection)?.cancel();
    this.#pending.delete(connection);
  }
}
