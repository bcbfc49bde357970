import {
  type AuthenticationCreds,
  type AuthenticationState,
  initAuthCreds,
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
} from '@whiskeysockets/baileys';
import type { Urgency } from '../journal/durable-writer.js';
import type { Journal } from '../journal/journal.js';
import type { CommitBatch, KeyMutations, NewLogEntry, PartRecord, ReplayRecord } from '../journal/records.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { KeyOverlay } from './key-overlay.js';
import { plainCreds } from './plain-creds.js';

/**
 * The key type through which a decrypt wrapper puts journal records into the transaction of the ratchet: its mutations are
 * `{ [any id]: InboxRecord }`, and they become parts and entries of the same commit instead of keys.
 */
export const INBOX_TYPE = 'inbox';

export interface InboxRecord {
  part?: PartRecord;
  entry?: NewLogEntry;
  replay?: ReplayRecord;
  replayed?: Pick<ReplayRecord, 'connectionId' | 'sha256'>;
}

/**
 * The auth state of one socket, kept in the journal. Baileys does not drain its queues when a socket ends, so every socket
 * gets its own epoch: once revoked, whatever the old socket still does cannot touch the keys of its successor.
 */
export interface AuthEpoch {
  /** For `makeWASocket({ auth: state })`. Never wrap `keys` in Baileys' cacheable store: it caches before it writes. */
  readonly state: AuthenticationState;
  /** Enqueues the credentials before it returns. Rejects `STALE_EPOCH`, `JOURNAL_FAILED`. */
  saveCreds(): Promise<void>;
  /**
   * Stores keys that a transaction of Baileys' has set but not committed yet. When that transaction commits the very same
   * values, they are left out. Rejects `STALE_EPOCH`, `JOURNAL_FAILED`.
   */
  commitAhead(data: SignalDataSet): Promise<void>;
  /**
   * Like `commitAhead`, for what a frame must wait for, not a reader: from now on it is what is read. Only for changes that
   * leave the store sound when they are lost. A failure ends the epoch's socket (`onFailed`).
   */
  commitSoon(data: SignalDataSet): void;
  /**
   * Hurries what was given to `commitSoon`: until somebody asks, a message's ratchets gather for one flush.
   * @returns resolves when all of it so far is stored, rejects when something could not be; null when it is
   */
  store(): Promise<void> | null;
  /** From now on get and set throw `STALE_EPOCH`. Commits already enqueued still happen: see `settled`. */
  revoke(): void;
  /** Resolves (never rejects) when all commits of this epoch have ended; only then may the next epoch be opened. */
  settled(): Promise<void>;
}

interface AuthStoreDeps {
  journal: Journal;
  connectionId: string;
  log: Log;
  /** Told before whoever waits for the commit: the socket must be cut before anything can be answered. */
  onFailed?: (error: unknown) => void;
}

export const AuthStore = {
  /** Reads the credentials (new ones when there are none: the connection has to be paired) and starts an epoch. */
  open(deps: AuthStoreDeps): AuthEpoch {
    const stored = deps.journal.auth.creds(deps.connectionId) as AuthenticationCreds | null;
    return new Epoch(deps, stored ?? initAuthCreds());
  },
};

class Epoch implements AuthEpoch {
  readonly state: AuthenticationState;
  #revoked = false;
  readonly #unsettled = new Set<Promise<unknown>>();
  /** Values that are on the disk ahead of the transaction which they belong to. */
  readonly #ahead = new WeakSet<object>();
  readonly #soon = new KeyOverlay();
  #unstored: Promise<void> | null = null;

  constructor(
    private readonly deps: AuthStoreDeps,
    creds: AuthenticationCreds,
  ) {
    this.state = {
      creds,
      // Baileys' typings know only its own key types; ours goes the same way.
      keys: { get: async (type, ids) => this.#get(type, ids), set: async (data) => this.#set(data) },
    };
  }

  saveCreds(): Promise<void> {
    const { connectionId } = this.deps;
    // `creds.update` comes before the prekeys are uploaded: the put must be on its way when the handler returns.
    return this.#commit(() => ({ creds: { connectionId, value: plainCreds(this.state.creds) } }));
  }

  async commitAhead(data: SignalDataSet): Promise<void> {
    await this.#commitKeys(data);
    this.#isAhead(data);
  }

  commitSoon(data: SignalDataSet): void {
    const done = this.#commit(() => batchOf(this.deps.connectionId, data), 'soon');
    this.#isAhead(data);
    const forget = this.#soon.add(data);
    // Each and every one: the next may be stored although this one was not.
    const unstored = Promise.all([this.#unstored, done]).then(() => {
      forget();
      if (this.#unstored === unstored) this.#unstored = null;
    });
    this.#unstored = unstored;
    // Told to `onFailed`, and to whoever waits.
    unstored.catch(() => undefined);
  }

  store(): Promise<void> | null {
    if (this.#unstored) this.deps.journal.hurry();
    return this.#unstored;
  }

  #isAhead(data: KeyMutations): void {
    for (const values of Object.values(data)) {
      for (const value of Object.values(values)) {
        if (typeof value === 'object' && value !== null) this.#ahead.add(value);
      }
    }
  }

  revoke(): void {
    this.#revoked = true;
  }

  async settled(): Promise<void> {
    while (this.#unsettled.size > 0) await Promise.allSettled(this.#unsettled);
  }

  #get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]): { [id: string]: SignalDataTypeMap[T] } {
    this.#assertCurrent();
    const found = this.#soon.over(type, ids, (rest) => this.deps.journal.getKeys(this.deps.connectionId, type, rest));
    if (type === 'app-state-sync-key') reviveSyncKeys(found);
    return found as { [id: string]: SignalDataTypeMap[T] };
  }

  async #set(data: SignalDataSet): Promise<void> {
    const left = this.#withoutAhead(data);
    if (left) await this.#commitKeys(left);
  }

  /** What is not stored yet; null when all of it is. A value counts as stored once: set again, it is stored again. */
  #withoutAhead(data: KeyMutations): KeyMutations | null {
    const left: KeyMutations = {};
    for (const [type, values] of Object.entries(data)) {
      const fresh = Object.entries(values).filter(([, value]) => !this.#ahead.delete(value as object));
      if (fresh.length > 0) left[type] = Object.fromEntries(fresh);
    }
    return Object.keys(left).length > 0 ? left : null;
  }

  /** Whoever waited for it reads it, and not what was on its way before. */
  async #commitKeys(data: KeyMutations): Promise<void> {
    const forget = this.#soon.outdatedBy(data);
    await this.#commit(() => batchOf(this.deps.connectionId, data));
    forget();
  }

  #commit(batch: () => CommitBatch, urgency: Urgency = 'now'): Promise<void> {
    if (this.#revoked) return Promise.reject(new GatewayError('STALE_EPOCH'));
    const done = this.deps.journal.commit(batch(), urgency).then(
      () => undefined,
      (error: unknown) => {
        this.deps.onFailed?.(error);
        throw error;
      },
    );
    const tracked = done.catch((error: unknown) => {
      this.deps.log.error('auth state could not be stored', { connectionId: this.deps.connectionId, error });
    });
    this.#unsettled.add(tracked);
    void tracked.finally(() => this.#unsettled.delete(tracked));
    return done;
  }

  #assertCurrent(): void {
    if (this.#revoked) throw new GatewayError('STALE_EPOCH');
  }
}

/** Ratchet and inbox in one batch: neither is ever on the disk without the other. */
function batchOf(connectionId: string, mutations: KeyMutations): CommitBatch {
  const { [INBOX_TYPE]: inbox, ...keys } = mutations;
  const records = Object.values(inbox ?? {}) as (InboxRecord | null)[];
  const parts = records.flatMap((record) => record?.part ?? []);
  const entries = records.flatMap((record) => record?.entry ?? []);
  const replays = records.flatMap((record) => record?.replay ?? []);
  const replayed = records.flatMap((record) => record?.replayed ?? []);
  return { keys: { connectionId, mutations: withPlainSyncKeys(keys) }, parts, entries, replays, replayed };
}

const SYNC_KEYS = 'app-state-sync-key';

/** A protobuf message has a prototype and a toJSON; what is stored is its fields. */
function withPlainSyncKeys(mutations: KeyMutations): KeyMutations {
  const values = mutations[SYNC_KEYS];
  if (values === undefined) return mutations;
  const plain = Object.entries(values).map(([id, value]) => {
    if (value == null) return [id, null];
    const message = proto.Message.AppStateSyncKeyData.fromObject(value);
    return [id, proto.Message.AppStateSyncKeyData.toObject(message, { longs: Number })];
  });
  return { ...mutations, [SYNC_KEYS]: Object.fromEntries(plain) as Record<string, unknown> };
}

function reviveSyncKeys(found: Record<string, unknown>): void {
  for (const [id, value] of Object.entries(found)) {
    found[id] = proto.Message.AppStateSyncKeyData.fromObject(value as Record<string, unknown>);
  }
}
