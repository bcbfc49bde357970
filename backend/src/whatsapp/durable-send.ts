import { AsyncLocalStorage } from 'node:async_hooks';
import type { SignalDataSet, SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys';
import { crashPoint } from '../lib/crash-points.js';

/**
 * No ciphertext leaves before the ratchet that made it is on our disk.
 *
 * Baileys encrypts and writes the stanza inside one key-store transaction, which it commits after the write
 * (`lib/Socket/messages-send.js`, relayMessage). A process that dies in between encrypts its next messages with keys
 * that are already used: their recipients cannot read them, ask again, and get the answers out of order. So whatever
 * encrypting changed is stored here first, from inside Baileys' transaction; the later commit of the same values is
 * then left out by the auth store.
 */
export class DurableSend {
  readonly #changes = new AsyncLocalStorage<SignalDataSet[]>();

  /** @param commitAhead stores keys below Baileys' transactions; resolves when they are durable (AuthEpoch). */
  constructor(private readonly commitAhead: (data: SignalDataSet) => Promise<void>) {}

  /** The key store for the Signal repository: the same one, but what is set while encrypting is noted. */
  watched(keys: SignalKeyStoreWithTransaction): SignalKeyStoreWithTransaction {
    const set = (data: SignalDataSet) => {
      this.#changes.getStore()?.push(data);
      return keys.set(data);
    };
    return { ...keys, set };
  }

  /** Runs one encryption of Baileys'; resolves when what it changed is durable. Rejects what it or the journal does. */
  async encrypt<T>(keys: SignalKeyStoreWithTransaction, run: () => Promise<T>): Promise<T> {
    // Outside of a transaction the repository's own one is committed before it answers.
    if (!keys.isInTransaction()) return run();
    const changes: SignalDataSet[] = [];
    const encrypted = await this.#changes.run(changes, run);
    if (changes.length > 0) await this.commitAhead(merged(changes));
    crashPoint('after:encrypt');
    return encrypted;
  }
}

function merged(changes: SignalDataSet[]): SignalDataSet {
  const all: Record<string, Record<string, unknown>> = {};
  for (const change of changes) {
    for (const [type, values] of Object.entries(change)) Object.assign((all[type] ??= {}), values);
  }
  return all;
}
