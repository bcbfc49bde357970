import type { Database, RootDatabase, Transaction } from 'lmdb';
import { Packr } from 'msgpackr';
import { GatewayError } from '../lib/errors.js';
import { afterPrefix } from './record-keys.js';
import type { ApiKeyRecord, AuditRecord } from './access-records.js';
import type {
  ConnectionRecord,
  DeadLetter,
  HistoryJob,
  GoneConnections,
  IdempotencyRecord,
  LogEntry,
  MediaJob,
  OutboxRecord,
  PartRecord,
  RemoteSend,
  ReplayRecord,
} from './records.js';
import type { ScheduledRecord, TemplateRecord } from './schedule-records.js';
import { plainSealer, type Sealer } from './sealing.js';
import type { DeliveryRecord, EventRecord, WebhookRecord } from './webhooks/records.js';

export type RawDatabase = Database<Buffer, Buffer>;
export type RawRoot = RootDatabase<Buffer, Buffer>;

/** One put (or, with `value: null`, one removal): serialised and checked, so that nothing can throw inside a commit. */
export interface Write {
  db: RawDatabase;
  key: Buffer;
  value: Buffer | null;
}

/** Every value starts with the time from which `prune` may remove it: 6 bytes, ms since the epoch, 0 = never. */
const HEADER_BYTES = 6;
/** LMDB's own limit for a value. */
const LONGEST_VALUE = 0x7fffffff;

// Maps, not msgpackr's records: a value must be readable without any structure kept elsewhere.
const packr = new Packr({ useRecords: false, variableMapSize: true });

export interface Row<T> {
  key: Buffer;
  value: T;
}

/** One named database of the environment whose values are all of one kind: packed (msgpack, Buffers stay Buffers), then sealed. */
export class Table<T> {
  constructor(
    readonly name: string,
    readonly db: RawDatabase,
    private readonly sealer: Sealer,
    private readonly isOpen: () => boolean,
  ) {}

  /** @throws GatewayError `JOURNAL_FAILED` when the value cannot be read or was tampered with */
  get(key: Buffer): T | null {
    const bytes = this.getRaw(key);
    return bytes === undefined ? null : this.decode(key, bytes);
  }

  /** The bytes as they lie on the disk. */
  getRaw(key: Buffer): Buffer | undefined {
    this.#assertOpen();
    try {
      return this.db.getBinary(key);
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  /** In key order; read at once, so that no read transaction outlives the call. */
  range(options: { start?: Buffer; end?: Buffer; limit?: number } = {}): Row<T>[] {
    return this.rangeRaw(options).map(({ key, value }) => ({ key, value: this.decode(key, value) }));
  }

  /** With `reverse`, from `start` (included) down to `end` (excluded); with `transaction`, as of when that began. */
  rangeRaw(
    options: { start?: Buffer; end?: Buffer; limit?: number; reverse?: boolean; transaction?: Transaction } = {},
  ): Row<Buffer>[] {
    this.#assertOpen();
    try {
      return [...this.db.getRange(options)];
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  /** Sizes of all stored values, one at a time: a backlog of days does not fit into memory. */
  *sizes(): Iterable<number> {
    this.#assertOpen();
    for (const { value } of this.db.getRange()) yield value.length;
  }

  withPrefix(prefix: Buffer): Row<Buffer>[] {
    return this.rangeRaw({ start: prefix, end: afterPrefix(prefix) });
  }

  put(key: Buffer, value: T, expiresAt = 0): Write {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUIntBE(expiresAt, 0, HEADER_BYTES);
    const body = this.sealer.seal(packr.pack(value), { table: this.name, key, header });
    if (body.length > LONGEST_VALUE - HEADER_BYTES) throw new RangeError(`a value of ${body.length} bytes is too long`);
    return { db: this.db, key, value: Buffer.concat([header, body]) };
  }

  remove(key: Buffer): Write {
    return { db: this.db, key, value: null };
  }

  /** How many records there are; constant time. */
  count(): number {
    try {
      return (this.db.getStats() as { entryCount: number }).entryCount;
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  decode(key: Buffer, bytes: Buffer): T {
    const context = { table: this.name, key, header: bytes.subarray(0, HEADER_BYTES) };
    try {
      return packr.unpack(this.sealer.open(bytes.subarray(HEADER_BYTES), context)) as T;
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  /** A read while LMDB closes makes it throw later, from a timer, where nobody can catch it. */
  #assertOpen(): void {
    if (!this.isOpen()) throw new GatewayError('JOURNAL_FAILED', 'The journal is closed.');
  }

  #unreadable(cause: unknown): GatewayError {
    return new GatewayError('JOURNAL_FAILED', `A record of "${this.name}" in the journal cannot be read.`, { cause });
  }
}

/** When a stored value may be pruned, ms since the epoch; 0 = never. */
export function expiryOf(bytes: Buffer): number {
  return bytes.readUIntBE(0, HEADER_BYTES);
}

/** What the data file says of itself; readable without the key. */
export interface JournalFormat {
  version: 1;
  check: string | null;
}

/** A part without what its key says. With `seq`, its plaintext is in that entry of the log (or among the dead letters). */
export type StoredPart = Pick<PartRecord, 'plaintext' | 'at'> & { seq?: number };

/** A value of the archive: a record of `auth` as it was, or (under the empty id) why it was archived. */
export type ArchivedAuth = { reason: string; at: number } | { key: Buffer; value: unknown };

/** The named databases of the environment. */
export interface Tables {
  /** Never sealed: `format` and `lastSeq` (the highest seq that has left the log; a seq is never given twice). */
  meta: Table<unknown>;
  log: Table<LogEntry>;
  dead: Table<DeadLetter>;
  auth: Table<unknown>;
  archive: Table<ArchivedAuth>;
  parts: Table<StoredPart>;
  replay: Table<ReplayRecord>;
  outbox: Table<OutboxRecord>;
  /** seq of every outbox record that is not finished → its key in `outbox`. */
  unfinished: Table<Buffer>;
  idempotency: Table<IdempotencyRecord>;
  connections: Table<ConnectionRecord>;
  /** Owner and company → what their deleted connections had counted. */
  gone: Table<GoneConnections>;
  webhooks: Table<WebhookRecord>;
  events: Table<EventRecord>;
  /** Concealed event id → its seq in `events`. */
  eventIds: Table<number>;
  /** The ledger: webhook and seq → what became of it. */
  deliveries: Table<DeliveryRecord>;
  /** What waits: webhook, connection and seq. */
  webhookQueue: Table<null>;
  apiKeys: Table<ApiKeyRecord>;
  audit: Table<AuditRecord>;
  media: Table<MediaJob>;
  /** Time at which a job is due, then its key → its key in `media`. */
  mediaDue: Table<Buffer>;
  /** Sends to other servers: those that may be on their way, and by either id those that the server knows. */
  remoteSends: Table<RemoteSend>;
  scheduled: Table<ScheduledRecord>;
  /** Connection, time and id of every scheduled message that waits → its key in `scheduled`. */
  scheduledDue: Table<Buffer>;
  templates: Table<TemplateRecord>;
  /** Histories that are still to be read. */
  history: Table<HistoryJob>;
}

export function openTables(root: RawRoot, sealer: Sealer, isOpen: () => boolean): Tables {
  const table = <T>(name: string, how = sealer) =>
    new Table<T>(name, root.openDB({ name, encoding: 'binary', keyEncoding: 'binary' }), how, isOpen);
  return {
    meta: table('meta', plainSealer),
    log: table('log'),
    dead: table('dead'),
    auth: table('auth'),
    archive: table('archive'),
    parts: table('parts'),
    replay: table('replay'),
    outbox: table('outbox'),
    unfinished: table('unfinished'),
    idempotency: table('idempotency'),
    connections: table('connections'),
    gone: table('gone'),
    webhooks: table('webhooks'),
    events: table('events'),
    eventIds: table('eventIds'),
    deliveries: table('deliveries'),
    webhookQueue: table('webhookQueue'),
    apiKeys: table('apiKeys'),
    audit: table('audit'),
    media: table('media'),
    mediaDue: table('mediaDue'),
    remoteSends: table('remoteSends'),
    scheduled: table('scheduled'),
    scheduledDue: table('scheduledDue'),
    templates: table('templates'),
    history: table('history'),
  };
}
