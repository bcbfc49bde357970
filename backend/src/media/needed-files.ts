import type { Journal } from '../journal/journal.js';
import type { LogEntry } from '../journal/records.js';

export type NeededFilesDeps = Pick<
  Journal,
  'claimEntries' | 'listDeadLetters' | 'listUnfinishedOutbox' | 'listConnections' | 'getMediaJob' | 'schedule'
>;

/** Entries are read in pages: the log of a long outage does not fit into memory at once. */
const PAGE = 500;

/**
 * Which staged files of sends somebody still needs: unfinished and scheduled sends, messages that are no row yet (in the log, or dead
 * letters), and media jobs that wait. A staged file is named after its message's row.
 */
export function neededFiles(journal: NeededFilesDeps): (name: string) => boolean {
  const named = new Set<string>();
  for (const { media } of journal.listUnfinishedOutbox()) if (media) named.add(media.file);
  for (const { file } of journal.schedule.listIn('AGENDADA')) if (file !== null) named.add(file);
  const note = (entry: LogEntry): void => {
    if (entry.kind === 'outgoing' && entry.file !== undefined) named.add(entry.file);
  };
  for (const entry of paged(
    (after) => journal.claimEntries(PAGE, after),
    ({ seq }) => seq,
  ))
    note(entry);
  for (const { entry } of paged(
    (after) => journal.listDeadLetters(PAGE, after),
    ({ entry: { seq } }) => seq,
  ))
    note(entry);
  const connections = journal.listConnections();
  const waits = (name: string): boolean =>
    connections.some(({ connectionId }) => journal.getMediaJob(connectionId, name)?.state === 'waiting');
  return (name) => named.has(name) || waits(name);
}

function* paged<T>(read: (after: number) => T[], seqOf: (one: T) => number): Generator<T> {
  for (let after = 0; ;) {
    const page = read(after);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = seqOf(last);
  }
}
