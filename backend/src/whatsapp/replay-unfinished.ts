import { cleanMessage, type WASocket } from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';
import type { ReplayRecord } from '../journal/records.js';
import { workKey } from '../journal/work-marks.js';
import { withDeadline } from '../lib/deadline.js';
import type { Log } from '../lib/log.js';
import { rebuildMessage } from './rebuild-message.js';
import type { Stanza } from './stanza.js';

/** A history sync is downloaded meanwhile. */
const DEADLINE_MS = 60_000;
/** A stanza that Baileys cannot digest must not be tried at every start for two weeks. */
const MAX_TRIES = 5;
/** Nor one of which the process dies. */
const MAX_DEATHS = 2;

/**
 * Whether Baileys itself does something durable with it after the receipt: the phone's messages to its own devices bring
 * app-state keys, history, LID mappings and answers to our requests (lib/Utils/process-message.js). Everything else
 * ends in events, which are hints: the log has those messages.
 */
export function hasSideEffects({ node }: Stanza): boolean {
  return node.attrs['category'] === 'peer';
}

export interface ReplayDeps {
  journal: Pick<Journal, 'commit' | 'work'>;
  sock: Pick<WASocket, 'upsertMessage'>;
  log: Log;
}

/**
 * Does what an earlier socket or process left undone: its messages run through Baileys' own `upsertMessage` once more.
 * Once more, not exactly once: keys and mappings are the same again, and history is merged by id. Never rejects.
 */
export async function replayUnfinished(deps: ReplayDeps, records: readonly ReplayRecord[]): Promise<void> {
  for (const record of records) {
    const { connectionId, sha256, tries } = record;
    const key = workKey('replay', connectionId, sha256);
    if (deps.journal.work.deaths(key) >= MAX_DEATHS) {
      deps.log.error('unfinished stanza given up: the process ended twice while it was replayed', { connectionId });
      await deps.journal.commit({ replayed: [{ connectionId, sha256 }] }).catch(() => undefined);
      continue;
    }
    const ended = deps.journal.work.begin(key);
    try {
      await withDeadline(replay(deps.sock, record), DEADLINE_MS, 'replay');
      await deps.journal.commit({ replayed: [{ connectionId, sha256 }] });
      deps.log.info('unfinished stanza replayed', { connectionId });
    } catch (error) {
      deps.log.error('unfinished stanza could not be replayed', { connectionId, tries, error });
      await countTry(deps, record).catch((failed: unknown) => deps.log.error('replay not counted', { error: failed }));
    } finally {
      ended();
    }
  }
}

async function replay(sock: ReplayDeps['sock'], record: ReplayRecord): Promise<void> {
  const message = await rebuildMessage(record);
  cleanMessage(message, record.me.id, record.me.lid ?? '');
  await sock.upsertMessage(message, 'append');
}

async function countTry({ journal }: ReplayDeps, record: ReplayRecord): Promise<void> {
  const { connectionId, sha256 } = record;
  const tries = record.tries + 1;
  if (tries >= MAX_TRIES) await journal.commit({ replayed: [{ connectionId, sha256 }] });
  else await journal.commit({ replays: [{ ...record, tries }] });
}
