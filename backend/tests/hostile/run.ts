import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { silenceLibsignal } from '../../src/whatsapp/silence-libsignal.js';
import { buildDaemon } from '../crash/daemon.js';
import { Random } from '../crash/random.js';
import { Arena, type Reading } from './arena.js';
import type { Attack } from './attack.js';
import { inbound } from './attacks/inbound.js';
import { anonymousSockets, forgedTokens, keylessBodies, localSignUp, slowLoris } from './attacks/listeners.js';
import { damagedJournals, proxied } from './attacks/restarts.js';
import { fuzz, greed } from './attacks/tenants.js';
import { pixelBomb, polyglots, slowSounds } from './attacks/uploads.js';

/**
 * `npm run test:hostile [-- --seed 7 --only inbound]`: everything that contacts, tenants, strangers and web pages were
 * seen to try, one after the other, against the daemon as it is shipped, under honest traffic; bounded, on loopback.
 * A probe asks `/health/live` every 50 ms. Ends with 1 when an attack gets through, an answer is later than in peace by
 * more than 500 ms, memory grows by more than 150 MB, or an honest message is lost or doubled.
 */
const ATTACKS: Record<string, Attack> = {
  inbound,
  polyglots,
  keylessBodies,
  slowLoris,
  localSignUp,
  anonymousSockets,
  slowSounds,
  greed,
  forgedTokens,
  pixelBomb,
  fuzz,
};
/** These have daemons of their own, once the other one is gone. */
const AFTERWARDS = [proxied, damagedJournals];
const LATER_BY_MS = 500;
const GROWTH_MB = 150;
const PEACE_MS = 20_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string', multiple: true, default: Object.keys(ATTACKS) },
  },
});
const unknown = values.only.filter((name) => !ATTACKS[name]);
if (unknown.length > 0)
  throw new Error(`no attack ${unknown.join(', ')}; there are ${Object.keys(ATTACKS).join(', ')}`);
const seed = Number(values.seed);

const say = (text: string) => void process.stdout.write(`${text}\n`);
const ms = (value: number) => `${value.toFixed(0)} ms`;
const describe = ({ asked, p50Ms, p99Ms, maxMs, failures, rssMb }: Reading) =>
  `live p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)}, max ${ms(maxMs)} of ${asked}, ${failures} failed; ${rssMb.toFixed(0)} MB`;

/** Honest messages that are not exactly one row each. */
async function lost({ stage }: Arena): Promise<string[]> {
  const { written, requests, rows } = await stage.history();
  const times = new Map<string, number>();
  for (const { text } of rows) times.set(text, (times.get(text) ?? 0) + 1);
  const accepted = requests.filter(({ answers }) => answers.some(({ httpStatus }) => httpStatus < 300));
  return [...written, ...accepted]
    .filter(({ text }) => times.get(text) !== 1)
    .map(({ text }) => `"${text}" is ${times.get(text) ?? 0} rows`);
}

silenceLibsignal();
say(`hostile campaign, seed ${seed}`);
await buildDaemon();
const arena = await Arena.set(new Random(seed));
const breaches: string[] = [];
try {
  arena.beginTraffic();
  // Once warm, so that what grows later is the attacks'.
  await delay(PEACE_MS);
  const peace = await arena.reading(() => delay(PEACE_MS));
  say(`peace: ${describe(peace)}`);
  for (const name of values.only) {
    const attack = ATTACKS[name]!;
    let figure = '';
    const reading = await arena.reading(async () => {
      const outcome = await attack.run(arena);
      figure = outcome.figure;
      breaches.push(...outcome.breaches.map((breach) => `${attack.name}: ${breach}`));
    });
    say(`${attack.name}: ${figure}\n  ${describe(reading)}`);
    if (reading.maxMs > peace.maxMs + LATER_BY_MS) breaches.push(`${attack.name}: an answer took ${ms(reading.maxMs)}`);
    if (reading.failures > 0) breaches.push(`${attack.name}: ${reading.failures} probes failed`);
    if (reading.rssMb > peace.rssMb + GROWTH_MB) breaches.push(`${attack.name}: memory ${reading.rssMb.toFixed(0)} MB`);
    if (arena.daemon.dead) throw new Error(`the daemon died under "${attack.name}"`);
  }
  await arena.endTraffic();
  const { deadLetters } = await arena.settle();
  const missing = await lost(arena);
  breaches.push(...missing);
  say(
    `honest messages: ${arena.stage.traffic.written.length} in, ${missing.length} not one row; ${deadLetters} set aside`,
  );
  await arena.daemon.kill();
  for (const attack of AFTERWARDS) {
    const outcome = await attack.run(arena);
    say(`${attack.name}: ${outcome.figure}`);
    breaches.push(...outcome.breaches.map((breach) => `${attack.name}: ${breach}`));
  }
} catch (error) {
  breaches.push(error instanceof Error ? error.message : String(error));
} finally {
  await arena.strike(breaches.length > 0);
}
for (const breach of breaches.slice(0, 40)) say(`BREACH ${breach}`);
say(breaches.length === 0 ? 'nothing got through' : `FAILED; data kept in ${arena.stage.dir}`);
process.exit(breaches.length === 0 ? 0 : 1);
