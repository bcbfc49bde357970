import { GatewayError, isGatewayError } from '../lib/errors.js';
import { authWrites, credsWrite } from './auth-keys.js';
import { connectionWrite } from './connections.js';
import type { JournalContext } from './context.js';
import { historyJobRemoval } from './history-jobs.js';
import type { Urgency } from './durable-writer.js';
import { idempotencyWrite } from './idempotency.js';
import { mediaJobWrites } from './media-jobs.js';
import { outboxWrites } from './outbox.js';
import { partWrite } from './parts.js';
import { seqKey } from './record-keys.js';
import { remoteSendWrites } from './remote-sends.js';
import type { CommitBatch, LogEntry, NewLogEntry } from './records.js';
import { replayRemoval, replayWrite } from './replays.js';
import { scheduledWrites } from './scheduled.js';
import type { Write } from './tables.js';
import { templateWrites } from './templates.js';

interface Plan {
  seqs: number[];
  kinds: LogEntry['kind'][];
  writes: Write[];
  entryBytes: number[];
}

/**
 * All of the batch in one LMDB transaction, durable when the promise resolves. Everything up to the enqueueing happens
 * before the call returns: places in the log are given in call order, and a caller may change its objects afterwards.
 */
export function commit(
  context: JournalContext,
  batch: CommitBatch,
  urgency: Urgency = 'now',
): Promise<{ seqs: number[] }> {
  let plan: Plan;
  try {
    plan = planCommit(context, batch);
  } catch (error) {
    return Promise.reject(refused(error));
  }
  for (const bytes of plan.entryBytes) context.budget.add(bytes);
  return finish(context, plan, context.writer.write(plan.writes, urgency));
}

async function finish(context: JournalContext, plan: Plan, written: Promise<void>): Promise<{ seqs: number[] }> {
  try {
    await written;
  } catch (error) {
    for (const bytes of plan.entryBytes) context.budget.remove(bytes);
    throw error;
  }
  if (plan.seqs.length > 0) context.events.emit('appended', plan.kinds);
  return { seqs: plan.seqs };
}

/** Serialises and checks everything before the first byte is enqueued: a half-written batch cannot be taken back. */
function planCommit(context: JournalContext, batch: CommitBatch): Plan {
  const { tables } = context;
  const entries = (batch.entries ?? []).map((entry) => placed(context, entry));
  const log = entries.map((entry) => logWrite(context, entry));
  const writes = [
    ...log.map(({ write }) => write),
    ...(batch.creds ? [credsWrite(tables, batch.creds.connectionId, batch.creds.value)] : []),
    ...(batch.keys ? authWrites(context, batch.keys.connectionId, batch.keys.mutations) : []),
    ...(batch.parts ?? []).map((part) => partWrite(tables, part, entries)),
    ...(batch.replays ?? []).map((record) => replayWrite(tables, record)),
    ...(batch.replayed ?? []).map((key) => replayRemoval(tables, key)),
    ...(batch.outbox ?? []).flatMap((record) => outboxWrites(context, record, entries)),
    ...(batch.idempotency ?? []).map((record) => idempotencyWrite(context, record)),
    ...(batch.connections ?? []).map((record) => connectionWrite(tables, record)),
    ...(batch.media ?? []).flatMap((job) => mediaJobWrites(tables, job)),
    ...(batch.remoteSends ?? []).flatMap((record) => remoteSendWrites(context, record)),
    ...(batch.scheduled ?? []).flatMap((record) => scheduledWrites(tables, record)),
    ...(batch.historyRead ?? []).map((job) => historyJobRemoval(context, job)),
    ...(batch.templates ?? []).flatMap((change) => templateWrites(context, change)),
  ];
  return {
    seqs: entries.map(({ seq }) => seq),
    kinds: entries.map(({ kind }) => kind),
    writes,
    entryBytes: log.map(({ bytes }) => bytes),
  };
}

function placed(context: JournalContext, entry: NewLogEntry): LogEntry {
  return { ...entry, seq: context.sequence.next(), at: context.clock.now() };
}

function logWrite(context: JournalContext, entry: LogEntry): { write: Write; bytes: number } {
  const write = context.tables.log.put(seqKey(entry.seq), entry);
  const bytes = write.value?.length ?? 0;
  context.budget.admit(entry.kind, bytes);
  return { write, bytes };
}

function refused(error: unknown): GatewayError {
  if (isGatewayError(error)) return error;
  return new GatewayError('JOURNAL_FAILED', 'A record cannot be serialised for the local journal.', { cause: error });
}
