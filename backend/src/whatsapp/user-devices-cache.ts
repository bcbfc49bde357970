import type { CacheStore } from '@whiskeysockets/baileys';
import NodeCache from 'node-cache';

/** As long as Baileys' own (DEFAULT_CACHE_TTLS.USER_DEVICES). */
const LIFE_S = 300;

/**
 * Who has which devices, so that not every send asks WhatsApp and renews the Signal session. One key at a time on
 * purpose: Baileys' bulk call hands over `{ key, value }`, node-cache reads `{ key, val }` and would keep nothing.
 */
export class UserDevicesCache implements CacheStore {
  readonly #cache = new NodeCache({ stdTTL: LIFE_S, useClones: false });

  get<T>(user: string): T | undefined {
    return this.#cache.get<T>(user);
  }

  set<T>(user: string, devices: T): void {
    this.#cache.set(user, devices);
  }

  del(user: string): void {
    this.#cache.del(user);
  }

  flushAll(): void {
    this.#cache.flushAll();
  }

  /** Ends its clean-up timer. */
  close(): void {
    this.#cache.close();
  }
}
