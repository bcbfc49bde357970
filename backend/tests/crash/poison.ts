import { setTimeout as delay } from 'node:timers/promises';
import { POISON } from '../../src/lib/crash-points.js';
import { CONNECTION } from './cast.js';
import type { Daemon } from './daemon.js';
import type { Stage } from './stage.js';

const DEAD_LETTERS = '/api/whatsapp-bootstrap/dead-letters';
const DEADLINE_MS = 60_000;

/**
 * A message of which each process dies that reads it, as of a bug in a reader. A supervisor starts the gateway again: the
 * first two die, the third goes on without the message, in order, and says why; one that can read it makes it a row.
 * @returns whether the first life died of it
 */
export async function playPoison(stage: Stage): Promise<boolean> {
  const chat = stage.cast.chats[0]!;
  const first = stage.start('on:poison:1');
  if (!(await first.started())) throw new Error('died before there was a poisoned message');
  stage.traffic.write(chat, ` ${POISON}`);
  stage.traffic.write(chat);
  if (!(await diesByItself(first))) throw new Error('the first process read a poisoned message and lived');
  const second = stage.start('on:poison:1');
  if (!(await diesByItself(second))) throw new Error('the second process read a poisoned message and lived');
  const third = stage.start('on:poison:1');
  try {
    if (!(await third.started()))
      throw new Error('the third process died of it, too: a supervisor would go on for ever');
    await stage.untilReady(third, CONNECTION);
    stage.traffic.write(chat);
    const seq = await stage.untilRead(third, 'the poisoned message set aside', async () => {
      const letters = await lettersOf(third);
      return letters.find(({ code }) => code === 'PROCESS_DIED')?.seq ?? null;
    });
    await stage.untilRead(third, 'what came after it in the database', async () => {
      const { body } = await third.call('GET', '/api/whatsapp-bootstrap/stats');
      return (body['queues'] as { pendingEntries: number }).pendingEntries === 0 || null;
    });
    await third.kill();
    await retry(stage, seq);
  } finally {
    await third.kill();
  }
  return true;
}

/** A process of a version that can read it. */
async function retry(stage: Stage, seq: number): Promise<void> {
  const healed = stage.start(null);
  try {
    if (!(await healed.started())) throw new Error('the healed process did not start');
    await healed.call('POST', `${DEAD_LETTERS}/${seq}/retry`);
    await stage.untilRead(healed, 'no dead letters', async () => (await lettersOf(healed)).length === 0 || null);
  } finally {
    await healed.kill();
  }
}

async function diesByItself(daemon: Daemon): Promise<boolean> {
  await Promise.race([daemon.died, delay(DEADLINE_MS, null, { ref: false })]);
  if (daemon.diedByItself) return true;
  await daemon.kill();
  return false;
}

async function lettersOf(daemon: Daemon): Promise<{ seq: number; code: string }[]> {
  const { body } = await daemon.call('GET', DEAD_LETTERS);
  return body['data'] as { seq: number; code: string }[];
}
