import {
  jidDecode,
  type SignalDataSet,
  type SignalKeyStore,
  type SignalKeyStoreWithTransaction,
} from '@whiskeysockets/baileys';
import { onlyTheOneThatWorked, type SessionRecord } from '../lib/signal-sessions.js';
import { AsyncContext } from './async-context.js';
import { Lanes } from './lanes.js';

/** What the code that holds a lane does with the key store. */
interface Visit {
  /** Gathers what it sets; null when that needs no gathering. */
  changes: SignalDataSet[] | null;
  /** The records that it read, when it tries a message on their sessions; null when it does not. */
  tried: Map<string, SessionRecord> | null;
}

export interface SessionWriterDeps {
  /** The store below Baileys' transactions. */
  disk: SignalKeyStore;
  /** Stores keys that a transaction has set and not committed; resolves when they are durable (AuthEpoch). */
  commitAhead: (data: SignalDataSet) => Promise<void>;
  /** Like it, without waiting: what is read from `disk` is what was set, and no frame leaves before it is durable. */
  commitSoon: (data: SignalDataSet) => void;
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
 * when it is on the disk again, or, having encrypted, when it is on its way there.
 */
export class SessionWriter {
  readonly #lanes = new Lanes();
  readonly #visit = new AsyncContext<Visit>();

  constructor(private readonly deps: SessionWriterDeps) {}

  /** The key store for the Signal repository: the same one, for whoever holds a session's lane as fresh as the disk. */
  watched(keys: SignalKeyStoreWithTransaction): SignalKeyStoreWithTransaction {
    const watched: SignalKeyStoreWithTransaction = {
      ...keys,
      get: async (type, ids) => {
        const { changes, tried } = this.#visit.current ?? {};
        const found = await (type === 'session' && changes ? this.deps.disk : keys).get(type, ids);
        if (type === 'session' && tried) remember(tried, found);
        return found;
      },
      set: (data) => {
        const { changes, tried } = this.#visit.current ?? {};
        const sound = tried && data.session ? { ...data, session: mended(tried, data.session) } : data;
        changes?.push(sound);
        return keys.set(sound);
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
    return this.#change(jids, change, (changes) => this.deps.commitAhead(changes));
  }

  /**
   * Like `write`, for an encryption of a message that has not left yet: it waits for the disk where it leaves
   * (frame-gate.ts), so that the next one can be encrypted meanwhile. A ratchet that is
   * lost with its message is none that anybody misses.
   */
  encrypt<T>(keys: SignalKeyStoreWithTransaction, jids: string[], encrypt: () => Promise<T>): Promise<T> {
    if (!keys.isInTransaction()) return this.alone(jids, encrypt);
    return this.#change(jids, encrypt, (changes) => this.deps.commitSoon(changes));
  }

  /** Runs it while nobody else changes the sessions of these devices; `task` stores what it changes by itself. */
  alone<T>(jids: string[], task: () => Promise<T>): Promise<T> {
    return this.#alone(jids, { changes: null, tried: null }, task);
  }

  /** Like `alone`, for a decryption. `msg`: libsignal finds the session by trying, which must leave no traces. */
  decrypt<T>(jid: string, type: 'pkmsg' | 'msg', task: () => Promise<T>): Promise<T> {
    return this.#alone([jid], { changes: null, tried: type === 'msg' ? new Map() : null }, task);
  }

  #change<T>(jids: string[], change: () => Promise<T>, commit: (changes: SignalDataSet) => unknown): Promise<T> {
    const changes: SignalDataSet[] = [];
    return this.#alone(jids, { changes, tried: null }, async () => {
      const result = await change();
      if (changes.length > 0) await commit(merged(changes));
      return result;
    });
  }

  async #alone<T>(jids: string[], visit: Visit, task: () => Promise<T>): Promise<T> {
    // Called from within: the caller holds the lane, and stores what is changed.
    if (this.#visit.current) return task();
    const lanes = await this.#lanesOf(jids);
    return this.#lanes.run(lanes, () => this.#visit.run(visit, task));
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

function remember(tried: Map<string, SessionRecord>, found: Record<string, unknown>): void {
  for (const [address, record] of Object.entries(found)) if (record) tried.set(address, record as SessionRecord);
}

function mended(
  tried: Map<string, SessionRecord>,
  set: Record<string, unknown>,
): NonNullable<SignalDataSet['session']> {
  const sound = Object.entries(set).map(([address, record]) => {
    const before = tried.get(address);
    return [address, before && record ? onlyTheOneThatWorked(before, record as SessionRecord) : record] as const;
  });
  return Object.fromEntries(sound) as never;
}

function merged(changes: SignalDataSet[]): SignalDataSet {
  const all: Record<string, Record<string, unknown>> = {};
  for (const change of changes) {
    for (const [type, values] of Object.entries(change)) Object.assign((all[type] ??= {}), values);
  }
  return all;
}
