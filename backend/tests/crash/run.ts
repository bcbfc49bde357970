import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silenceLibsignal } from '../../src/whatsapp/silence-libsignal.js';
import { CONNECTION } from './cast.js';
import { check, type Violation } from './checker.js';
import { buildDaemon } from './daemon.js';
import { Random } from './random.js';
import { describePlan, planRound, playRound } from './round.js';
import { Stage } from './stage.js';

/**
 * `npm run test:crash [-- --rounds 200 --minutes 30 --seed 7]`: kills the daemon again and again, at each named crash
 * point and at random moments, with traffic both ways, and after every few lives lets it come to rest and checks that
 * nothing is lost, doubled or out of order. Ends with 1 at the first violation, after saying seed, round and ids.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    minutes: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Lives between two looks. */
    every: { type: 'string', default: '4' },
  },
});
const rounds = Number(values.rounds);
const every = Number(values.every);
const endAt = values.minutes === undefined ? Infinity : Date.now() + Number(values.minutes) * 60_000;
const seed = Number(values.seed);

const say = (text: string) => void process.stdout.write(`${text}\n`);

/** An unarmed life in which everything comes to rest; then the judgement. */
async function look(stage: Stage): Promise<Violation[]> {
  const daemon = stage.start(null);
  try {
    await daemon.started();
    await stage.settle(daemon);
    const violations = check(await stage.history());
    if (violations.length > 0) await writeFile(join(stage.dir, 'history.json'), JSON.stringify(await stage.history()));
    await stage.removeExtras(daemon);
    return violations;
  } catch (error) {
    return [{ rule: error instanceof Error ? error.message : String(error), ids: [] }];
  } finally {
    await daemon.kill();
    await stage.noteKnownSent();
  }
}

async function firstPairing(stage: Stage): Promise<void> {
  const daemon = stage.start(null);
  if (!(await daemon.started())) throw new Error('the daemon does not start at all');
  await stage.pair(daemon, CONNECTION, stage.cast.store);
  await stage.untilReady(daemon, CONNECTION);
  await daemon.kill();
}

async function ring(stage: Stage, random: Random): Promise<Violation[]> {
  await firstPairing(stage);
  for (let round = 1; round <= rounds && Date.now() < endAt; round++) {
    const plan = planRound(round, random);
    const startedAt = Date.now();
    const reached = await playRound(stage, plan, round, random);
    say(`round ${round}: ${describePlan(plan)}${reached ? ', reached' : ''} (${Date.now() - startedAt} ms)`);
    if (round % every !== 0 && round !== rounds) continue;
    const violations = await look(stage);
    if (violations.length > 0) {
      say(`VIOLATED in round ${round} (seed ${seed}):`);
      for (const { rule, ids } of violations) say(`  ${rule}: ${ids.join(' ')}`);
      return violations;
    }
  }
  return [];
}

silenceLibsignal();
say(`crash ring: ${rounds} rounds, seed ${seed}`);
await buildDaemon();
const random = new Random(seed);
const startedAt = Date.now();
const stage = await Stage.set(random);
let failed = true;
try {
  failed = (await ring(stage, random)).length > 0;
  const { written, requests } = stage.traffic;
  const answered = requests.filter(({ answers }) => answers.some(({ httpStatus }) => httpStatus < 300)).length;
  const { told } = stage.evolution;
  say(
    `${written.length} messages in, ${told.length} by webhook, ${answered} of ${requests.length} sends answered 2xx, ${stage.otherAnswers}`,
  );
  say(
    `${failed ? `FAILED; data kept in ${stage.dir}` : 'nothing lost, nothing doubled, nothing out of order'} (${Math.round((Date.now() - startedAt) / 1000)} s)`,
  );
} finally {
  await stage.strike(failed);
}
process.exit(failed ? 1 : 0);
