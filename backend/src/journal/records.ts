import type { ConnectionRecord } from './connection-records.js';
import type { LogEntry, NewLogEntry, StanzaPart, StoredNode } from './log-entries.js';
import type { HistoryJob, MediaJob } from './media-records.js';
import type { IdempotencyRecord, OutboxRecord, RemoteSend } from './outbox-records.js';
import type { ScheduledRecord, TemplateRecord } from './schedule-records.js';

export type * from './connection-records.js';
export type * from './log-entries.js';
export type * from './media-records.js';
export type * from './outbox-records.js';

/** A part of a stanza, found again by connection + sha256(ciphertext) when WhatsApp delivers it again. Kept ≥ 14 days. */
export interface PartRecord {
  connectionId: string;
  sha256: Uint8Array;
  /** Dropped (null) once the row exists; then only the fact that it was seen stays. */
  plaintext: Uint8Array | null;
  at: number;
}

/** A stanza that Baileys itself has work with, kept until that work is seen to end. */
export interface ReplayRecord {
  connectionId: string;
  /** Of its last ciphertext. */
  sha256: Uint8Array;
  node: StoredNode;
  parts: StanzaPart[];
  me: { id: string; lid: string | null };
  at: number;
  /** Replays that failed. */
  tries: number;
}

/** An entry that Postgres refuses for good, with why; kept until a person retries or discards it. */
export interface DeadLetter {
  entry: LogEntry;
  reason: { code: string; message: string };
  at: number;
}

/** Auth-state mutations as Baileys hands them to a key store: type → id → value, null deletes. */
export type KeyMutations = Record<string, Record<string, unknown>>;

/** Everything in it becomes durable together, in one LMDB commit, or not at all. */
export interface CommitBatch {
  creds?: { connectionId: string; value: unknown };
  keys?: { connectionId: string; mutations: KeyMutations };
  parts?: PartRecord[];
  replays?: ReplayRecord[];
  /** Replays that are done with. */
  replayed?: Pick<ReplayRecord, 'connectionId' | 'sha256'>[];
  entries?: NewLogEntry[];
  outbox?: OutboxRecord[];
  idempotency?: IdempotencyRecord[];
  connections?: ConnectionRecord[];
  media?: MediaJob[];
  remoteSends?: RemoteSend[];
  scheduled?: ScheduledRecord[];
  /** Histories that have been read to their end. */
  historyRead?: Pick<HistoryJob, 'connectionId' | 'id'>[];
  /** `before` is taken away, `after` written; null = none. */
  templates?: { before: TemplateRecord | null; after: TemplateRecord | null }[];
}
