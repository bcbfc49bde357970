import type { CacheStore } from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';

/** The key type under which the counters lie beside the Signal keys. */
const TYPE = 'retry-counter';
const LIFE_MS = 60 * 60 * 1000;

interface Counter {
  value: unknown;
  at: number;
}

/**
 * How often a message was asked for again, across restarts: without it a message that can never be decrypted would be
 * asked for five more times after every start. Counters die after an hour, as Baileys' own do (DEFAULT_CACHE_TTLS).
 */
export function persistentRetryCounter(journal: Journal, connectionId: string, now: () => number): CacheStore {
  const put = async (key: string, value: Counter | null): Promise<void> => {
    await journal.commit({ keys: { connectionId, mutations: { [TYPE]: { [key]: value } } } });
  };
  return {
    get<T>(key: string): T | undefined {
      const counter = journal.getKeys(connectionId, TYPE, [key])[key] as Counter | undefined;
      return counter && now() - counter.at < LIFE_MS ? (counter.value as T) : undefined;
    },
    set: <T>(key: string, value: T) => put(key, { value, at: now() }),
    del: (key: string) => put(key, null),
    flushAll: () => undefined,
  };
}
