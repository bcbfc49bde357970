import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BareContestant } from './contestants.js';
import { Daemon } from './daemon.js';
import { freePort } from './external-postgres.js';
import type { Measures } from './reconnect-measures.js';
import type { ReconnectStage } from './reconnect-stage.js';
import { figure, spread } from './statistics.js';

const run = promisify(execFile);
const BACKEND = fileURLToPath(new URL('../..', import.meta.url));
const SECOND = 1_000;
const MINUTE = 60_000;
/** Baileys' own timers (queries, uploads) hold a socket that has ended for up to a minute. */
const TIMERS_GONE_MS = 75 * SECOND;

/** The compiled daemon, as `npm start` runs it: SIGKILL, then from the start of the process to sockets that are open. */
export async function killed(stage: ReconnectStage, measures: Measures): Promise<void> {
  await stage.stop();
  await run('npm', ['run', 'build'], { cwd: BACKEND });
  const settings = { ...(await stage.settings()), NODE_ENV: 'production', ALLOW_FOREIGN_WHATSAPP_SERVER: 'true' };
  const port = await freePort();
  const loggedIn = (before: number[], least: number) =>
    stage.untilTrue(`${least} logins`, MINUTE, async () => {
      const now = await stage.logins();
      return now.filter((count, index) => count > before[index]!).length >= least;
    });
  const counts = await stage.logins();
  const first = await Daemon.start(settings, port);
  await loggedIn(counts, stage.phones.length);
  await sleep(2 * SECOND);
  await first.kill();
  const before = await stage.logins();
  const startedAt = performance.now();
  const starting = Daemon.start(settings, port);
  await loggedIn(before, 1);
  measures.note('kill -9, start: a socket open again', performance.now() - startedAt, 'ms', 2 * SECOND);
  await loggedIn(before, stage.phones.length);
  measures.note(`kill -9, start: all ${stage.phones.length} logged in`, performance.now() - startedAt, 'ms', null);
  await (await starting).stop();
}

/** A thousand new sockets: what they leave behind. */
export async function forced(stage: ReconnectStage, measures: Measures): Promise<void> {
  const rounds = Math.round(1_000 / stage.phones.length);
  await stage.gateway.call('forceReconnects', 5);
  await sleep(TIMERS_GONE_MS);
  const before = await stage.gateway.call('footprint');
  await stage.gateway.call('forceReconnects', rounds);
  await sleep(TIMERS_GONE_MS);
  const after = await stage.gateway.call('footprint');
  measures.note('1,000 forced reconnects: heap growth', after.heapMb - before.heapMb, 'MB', 10);
  measures.note('1,000 forced reconnects: more handles', after.handles - before.handles, '', 0);
}

/**
 * Start of the gateway on what its directory holds, and bare Baileys opening as many sockets at once, in turn, `pairs`
 * times; medians. The comparison begins when sockets may be opened and ends when the last one is ready. Bare Baileys is
 * a process that has run a while and has its credentials in memory; the gateway's is new and reads them from the disk.
 */
export async function restored(
  stage: ReconnectStage,
  bare: BareContestant,
  measures: Measures,
  pairs: number,
): Promise<void> {
  const took: { bare: number; bareCpu: number; opening: number; cpu: number; whole: number }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const bareBefore = await bare.usage();
    const bareMs = await bare.restore();
    const bareCpu = (await bare.usage()).loopCpuMs! - bareBefore.loopCpuMs!;
    const before = await stage.logins();
    await stage.start();
    const { openingMs, openingCpuMs, wholeMs } = await stage.gateway.call('restored');
    await stage.untilBack(before);
    await stage.stop();
    took.push({ bare: bareMs, bareCpu, opening: openingMs, cpu: openingCpuMs, whole: wholeMs });
    console.log(`  bare ${figure(bareMs)} ms, gateway ${figure(openingMs)} ms`);
  }
  const median = (name: keyof (typeof took)[number]) => spread(took.map((each) => each[name])).median;
  const name = `${stage.phones.length} restored`;
  const bareMs = median('bare');
  measures.note(`${name}: first socket to all ready`, median('opening'), 'ms', 1.5 * bareMs, bareMs);
  measures.note(`${name}: CPU of the event loop meanwhile`, median('cpu'), 'ms', null, median('bareCpu'));
  measures.note(`${name}: from the gateway's start, database and all`, median('whole'), 'ms', null);
}
