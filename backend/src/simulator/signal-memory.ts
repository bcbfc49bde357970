import type { KeyPair, SignalDataSet, SignalDataTypeMap, SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys';
import { onlyTheOneThatWorked, type SessionRecord } from '../lib/signal-sessions.js';

/** What libsignal keeps for one peer, as `SessionRecord.serialize()` writes it (libsignal 6.0, src/session_record.js). */
interface SerializedRecord {
  _sessions: Record<string, { pendingPreKey?: unknown; indexInfo: { closed: number } }>;
}

/** The key store of one simulated device. Plain memory without locks: libsignal already queues the work per address. */
export class SignalMemory implements SignalKeyStoreWithTransaction {
  readonly #data = new Map<string, unknown>();

  get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]): Record<string, SignalDataTypeMap[T]> {
    const found: Record<string, SignalDataTypeMap[T]> = {};
    for (const id of ids) {
      const value = this.#data.get(`${type}/${id}`);
      if (value !== undefined) found[id] = value as SignalDataTypeMap[T];
    }
    return found;
  }

  set(data: SignalDataSet): void {
    for (const [type, values] of Object.entries(data)) {
      for (const [id, value] of Object.entries(values as Record<string, unknown>)) {
        if (value == null) this.#data.delete(`${type}/${id}`);
        else this.#data.set(`${type}/${id}`, type === 'session' ? this.#sound(id, value as SessionRecord) : value);
      }
    }
  }

  /** Phones do not spoil the sessions that a message does not belong to, as libsignal for Node does. */
  #sound(address: string, record: SessionRecord): SessionRecord {
    const before = this.#data.get(`session/${address}`) as SessionRecord | undefined;
    return before ? onlyTheOneThatWorked(before, record) : record;
  }

  isInTransaction(): boolean {
    return false;
  }

  transaction<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  /** Sessions and sender keys; the one-time keys that the server has are still ours. */
  dropAll(): void {
    for (const key of this.#data.keys()) if (/^(?:session|sender-key)\//.test(key)) this.#data.delete(key);
  }

  addPreKey(id: number, pair: KeyPair): void {
    this.#data.set(`pre-key/${id}`, pair);
  }

  hasSession(address: string): boolean {
    return this.#data.has(`session/${address}`);
  }

  dropSession(address: string): void {
    this.#data.delete(`session/${address}`);
  }

  /** Clears the pending prekey of the open session, after which libsignal writes `msg` instead of `pkmsg`. */
  confirmSession(address: string): void {
    const record = this.#data.get(`session/${address}`) as SerializedRecord | undefined;
    for (const session of Object.values(record?._sessions ?? {})) {
      if (session.indexInfo.closed === -1) delete session.pendingPreKey;
    }
  }
}
