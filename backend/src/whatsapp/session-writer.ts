import { AsyncLocalStorage } from 'node:async_hooks';
import {
  jidDecode,
  type SignalDataSet,
  type SignalKeyStore,
  type SignalKeyStoreWithTransaction,
} from '@whiskeysockets/baileys';
import { crashPoint } from '../lib/crash-points.js';
import { Lanes } from './lanes.js';

export interface SessionWriterDeps {
  /** The store below Baileys' transactions. */
  disk: SignalKeyStore;
  /** Stores keys that a transaction has set and not committed; resolves when they are durable (AuthEpoch). */
  commitAhead: (data: SignalDataSet) => Promise<void>;
}

/**
 * One writer at a time for each Signal session, and what it wrote is on the disk before the next one reads.
 *
 * Baileys 7.0.0-rc14 sends inside one key-store transaction that it commits after the stanza is written
 * (`lib/Socket/messages-send.js`, relayMessage), and decrypts in another one. So a process that dies after the write
 * encrypts again with keys that are used up; and a message that comes in from a member while a group is written to makes
 * one of the two write back the other's past, which loses a session. Recipients then ask again, or wait for ever.
 *
 * Here whoever changes a session takes its lane, reads it from the disk instead of the transaction's copy, and leaves
 * when it is on the disk again.
 */
export class SessionWriter {
  readonly #lanes = new Lanes();
  /** What the code that runs now has set; null when nothing has to be stored ahead of its transaction. */
  readonly #writing = new AsyncLocalStorage<{ changes: SignalDataSet[] | null }>();

  constructor(private readonly deps: SessionWriterDeps) {}

  /** The key store for the Signal repository: the same one, for whoever holds a session's lane as fresh as the disk. */
  watched(keys: SignalKeyStoreWithTransaction): SignalKeyStoreWithTransaction {
    const watched: SignalKeyStoreWithTransaction = {
      ...keys,
      get: (type, ids) =>
        type === 'session' && this.#writing.getStore()?.changes ? this.deps.disk.get(type, ids) : keys.get(type, ids),
      set: (data) => {
        this.#writing.getStore()?.changes?.push(data);
        return keys.set(data);
      },
    };
    return watched;
  }

  /**
   * Runs what changes the sessions of these devices (none: a sender key of our own, which has no other writer).
   * Resolves when the changes are durable. Rejects what `change` or the journal does.
   */
  write<T>(keys: SignalKeyStoreWithTransaction, jids: string[], change: () => Promise<T>): Promise<T> {
    // Outside of a transaction the repository makes one of its own, committed before it answers.
    if (!keys.isInTransaction()) return this.alone(jids, change);
    const changes: SignalDataSet[] = [];
    return this.#alone(jids, changes, async () => {
      const result = await change();
      if (changes.length > 0) await this.deps.commitAhead(merged(changes));
      return result;
    });
  }

  /** Like `write`, for an encryption of a message that has not left yet. */
  async encrypt<T>(keys: SignalKeyStoreWithTransaction, jids: string[], encrypt: () => Promise<T>): Promise<T> {
    const encrypted = await this.write(keys, jids, encrypt);
    crashPoint('after:encrypt');
    return encrypted;
  }

  /** Runs it while nobody else changes the sessions of these devices; `task` stores what it changes by itself. */
  alone<T>(jids: string[], task: () => Promise<T>): Promise<T> {
    return this.#alone(jids, null, task);
  }

  /** @param changes gathers what `task` sets; null when it needs no gathering */
  async #alone<T>(jids: string[], changes: SignalDataSet[] | null, task: () => Promise<T>): Promise<T> {
    // Called from within: the caller holds the lane, and stores what is changed.
    if (this.#writing.getStore()) return task();
    const lanes = await this.#lanesOf(jids);
    return this.#lanes.run(lanes, () => this.#writing.run({ changes }, task));
  }

  /** A device under both of its addresses, as far as the mapping is known here: WhatsApp is not asked. */
  async #lanesOf(jids: string[]): Promise<string[]> {
    const devices = jids.map((jid) => jidDecode(jid)).filter((each) => each !== undefined);
    const ids = devices.map(({ user, server }) => (server.endsWith('lid') ? `${user}_reverse` : user));
    const known = ids.length > 0 ? await this.deps.disk.get('lid-mapping', ids) : {};
    return devices.flatMap(({ user, device = 0 }, index) =>
      [user, known[ids[index]!] ?? user].map((each) => `${each}.${device}`),
    );
  }
}

function merged(changes: SignalDataSet[]): SignalDataSet {
  const all: Record<string, Record<string, unknown>> = {};
  for (const change of changes) {
    for (const [type, values] of Object.entries(change)) Object.assign((all[type] ??= {}), values);
  }
  return all;
}
