import type { Clock } from '../../lib/clock.js';
import type { Log } from '../../lib/log.js';
import type { SocketCaller } from './caller.js';
import { roomsOfCaller } from './rooms.js';

/** Why a client was dropped, what it is told, and whether it does well to come back by itself. */
export const DROPS = {
  TOO_SLOW: { message: 'You take events too slowly. Connect again with since.', again: true },
  ACCESS_CHANGED: { message: 'What you may see has changed. Connect again with since.', again: true },
  GATEWAY_STOPS: { message: 'The gateway stops. Connect again with since.', again: true },
  ACCESS_ENDED: { message: 'Your key or token was revoked or has expired.', again: false },
  TOO_MANY_CLIENTS: { message: 'There are too many sockets, or too many with this key or user.', again: false },
  TOO_MANY_MESSAGES: { message: 'This server takes no messages, and you send too many.', again: false },
} as const;
export type DropCode = keyof typeof DROPS;

/** A socket that was let in. */
export interface Listener {
  caller: SocketCaller;
  credential: string | undefined;
  wanted: readonly string[] | null;
  drop(code: DropCode): void;
}

export interface ListenersDeps {
  identify(credential: string | undefined): Promise<SocketCaller | null>;
  clock: Clock;
  log: Log;
}

/** A revocation that was made in SQL holds at the latest after this and the mirror's own 15 s. */
const LOOK_EVERY_MS = 15_000;
/** User tokens are accepted for so long after their end: clocks of two machines. */
const TOLERANCE_MS = 5_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Who is connected, and whether they still may be: asked at the end of a credential, when keys change, and now and then. */
export class Listeners {
  readonly #all = new Map<Listener, () => void>();
  #cancel: (() => void) | null = null;

  constructor(private readonly deps: ListenersDeps) {}

  get size(): number {
    return this.#all.size;
  }

  /** Sockets of one key, user, or the root key. */
  count(name: string): number {
    let count = 0;
    for (const { caller } of this.#all.keys()) if (caller.name === name) count += 1;
    return count;
  }

  add(listener: Listener): void {
    const { expiresAt } = listener.caller;
    const ms = expiresAt === undefined ? LONGEST_TIMER_MS : expiresAt + TOLERANCE_MS - this.deps.clock.now();
    const cancel = this.deps.clock.after(
      Math.min(Math.max(ms, 0) + 1, LONGEST_TIMER_MS),
      () => void this.#ask(listener),
    );
    this.#all.set(listener, cancel);
  }

  remove(listener: Listener): void {
    this.#all.get(listener)?.();
    this.#all.delete(listener);
  }

  start(): void {
    this.#cancel ??= this.deps.clock.after(LOOK_EVERY_MS, () => {
      this.#cancel = null;
      void this.lookAgain();
      this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Asks for everybody again; who shares a credential is asked for once. */
  async lookAgain(): Promise<void> {
    const byCredential = new Map<string | undefined, Listener[]>();
    for (const listener of this.#all.keys()) {
      byCredential.set(listener.credential, [...(byCredential.get(listener.credential) ?? []), listener]);
    }
    for (const listeners of byCredential.values()) await this.#ask(...listeners);
  }

  async #ask(...listeners: Listener[]): Promise<void> {
    try {
      const now = await this.deps.identify(listeners[0]?.credential);
      for (const listener of listeners) {
        const code = change(listener, now);
        if (code !== null && this.#all.has(listener)) listener.drop(code);
      }
    } catch (error) {
      // The keys that sign user tokens cannot be read now: what was accepted stays so.
      this.deps.log.warn('a socket could not be checked again', { caller: listeners[0]?.caller.name, error });
    }
  }
}

function change({ caller, wanted }: Listener, now: SocketCaller | null): DropCode | null {
  if (now === null || now.name !== caller.name) return 'ACCESS_ENDED';
  const rooms = (who: SocketCaller) => roomsOfCaller(who, wanted).sort().join();
  return rooms(now) === rooms(caller) ? null : 'ACCESS_CHANGED';
}
