import type { JournalContext } from './context.js';
import { ownedKey } from './record-keys.js';
import type { MediaJob } from './records.js';
import { RETENTION_MS } from './retention.js';
import type { Tables, Write } from './tables.js';

/** The job for the media of a message's row; finished ones for 14 days, so that a repeated message starts none anew. */
export function getMediaJob(tables: Tables, connectionId: string, rowId: string): MediaJob | null {
  return tables.media.get(keyOf({ connectionId, rowId }));
}

/** Jobs that wait, the longest due first, up to those due at `until` (ms since the epoch). */
export function listDueMedia(tables: Tables, until: number, limit: number): MediaJob[] {
  const due = tables.mediaDue.range({ end: timeKey(until + 1), limit });
  return due.map(({ value: key }) => tables.media.get(key)).filter((job) => job !== null);
}

/** When the next job is due, ms since the epoch; null when none waits. */
export function nextMediaDueAt(tables: Tables): number | null {
  const [first] = tables.mediaDue.range({ limit: 1 });
  return first ? first.key.readUIntBE(0, 6) : null;
}

/** The job, and its place among those that wait. */
export function mediaJobWrites(tables: Tables, job: MediaJob): Write[] {
  const key = keyOf(job);
  const before = tables.media.get(key);
  const waits = job.state === 'waiting';
  return [
    ...(before?.state === 'waiting' ? [tables.mediaDue.remove(dueKey(before))] : []),
    tables.media.put(key, job, waits ? 0 : job.at + RETENTION_MS.media),
    ...(waits ? [tables.mediaDue.put(dueKey(job), key)] : []),
  ];
}

/** Writes for jobs that messages ask for; one that is there already (a batch written again) stays as it is. */
export function newMediaJobWrites(context: JournalContext, jobs: readonly MediaJob[]): Write[] {
  const { tables } = context;
  return jobs
    .filter((job) => tables.media.getRaw(keyOf(job)) === undefined)
    .flatMap((job) => mediaJobWrites(tables, job));
}

function keyOf({ connectionId, rowId }: Pick<MediaJob, 'connectionId' | 'rowId'>): Buffer {
  return ownedKey(connectionId, Buffer.from(rowId.replaceAll('-', ''), 'hex'));
}

function dueKey(job: MediaJob): Buffer {
  return Buffer.concat([timeKey(job.dueAt), keyOf(job)]);
}

/** 6 bytes, big-endian: byte order is time order. */
function timeKey(ms: number): Buffer {
  const key = Buffer.alloc(6);
  key.writeUIntBE(Math.max(0, Math.floor(ms)), 0, 6);
  return key;
}
