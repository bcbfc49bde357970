import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { silenceLibsignal } from '../../src/whatsapp/silence-libsignal.js';
import { CONNECTION } from '../crash/cast.js';
import { buildDaemon, type Daemon } from '../crash/daemon.js';
import { Random } from '../crash/random.js';
import { Stage } from '../crash/stage.js';

/**
 * `npm run test:faults [-- --messages 50000 --contacts 200]`: what takes minutes. The daemon is killed at the last
 * receipt of its first connection; then the database is away while many messages come in, and memory is watched.
 * Prints the figures; ends with 1 when one is beyond its bar.
 */
const { values } = parseArgs({
  options: { messages: { type: 'string', default: '50000' }, contacts: { type: 'string', default: '200' } },
});
const messages = Number(values.messages);
const contacts = Number(values.contacts);

const FIRST_SYNC = 200;
const WARM_UP = 3000;
const BURST = 2500;
const MAX_GROWTH_MB = 50;
const DRAIN_DEADLINE_MS = 300_000;

const say = (text: string) => void process.stdout.write(`${text}\n`);

/** Anonymous memory of the daemon in MB; the journal's mapped pages are the page cache's and do not count. */
async function rssAnonMb({ pid }: Daemon): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

const receipted = (stage: Stage) =>
  stage.cast.simulator.history
    .of('message.receipted')
    .filter(({ type }) => type !== 'peer_msg' && type !== 'hist_sync');

/** Baileys holds every event of a first connection back; killed at the last receipt it used to lose all of them. */
async function firstConnection(stage: Stage): Promise<boolean> {
  const first = stage.start(null);
  if (!(await first.started())) throw new Error('the daemon does not start');
  await stage.pair(first, CONNECTION, stage.cast.store);
  for (let n = 0; n < FIRST_SYNC; n++) stage.traffic.write(stage.cast.chats[n % stage.cast.chats.length]!);
  while (receipted(stage).length < FIRST_SYNC) await delay(1);
  await first.kill();
  const second = stage.start(null);
  await second.started();
  await stage.untilReady(second, CONNECTION);
  await stage.settle(second);
  const rows = (await stage.history()).rows.length;
  say(`killed at the last receipt of a first connection: ${rows} of ${FIRST_SYNC} are rows`);
  await second.kill();
  return rows === FIRST_SYNC;
}

/** The database is away for the whole load; then everything is written, in order. */
async function longOutage(stage: Stage): Promise<boolean> {
  const { simulator, store } = stage.cast;
  const crowd = Array.from({ length: contacts }, (_, index) =>
    simulator.createContact({ number: `55119${String(50_000_000 + index)}`, name: `Cliente ${index}` }),
  );
  const daemon = stage.start(null);
  await daemon.started();
  await stage.untilReady(daemon, CONNECTION);
  const receive = async (count: number) => {
    const burst = await simulator.burst(store, { contacts: crowd, messages: count });
    await burst.receipted;
    return burst.ids;
  };
  const ids = [...(await receive(WARM_UP))];
  await stage.settle(daemon);
  await stage.database.down();
  await delay(3000);
  const before = await rssAnonMb(daemon);
  let peak = before;
  const startedAt = Date.now();
  for (let queued = 0; queued < messages; queued += BURST) {
    ids.push(...(await receive(Math.min(BURST, messages - queued))));
    const now = await rssAnonMb(daemon);
    peak = Math.max(peak, now);
    if ((queued / BURST) % 4 === 3) say(`  ${queued + BURST} queued: RssAnon ${now.toFixed(0)} MB`);
  }
  const seconds = (Date.now() - startedAt) / 1000;
  const growth = Math.max(0, peak - before);
  say(
    `outage: ${messages} messages receipted in ${seconds.toFixed(0)} s, RssAnon ${before.toFixed(0)} MB + ${growth.toFixed(1)} MB`,
  );
  await stage.database.up();
  const isDrained = await drain(stage, ids);
  await daemon.kill();
  return growth <= MAX_GROWTH_MB && isDrained;
}

async function drain(stage: Stage, ids: string[]): Promise<boolean> {
  const wanted = new Set(ids);
  const present = async () => (await stage.history()).rows.filter(({ whatsappId }) => wanted.has(whatsappId));
  let startedAt: number | null = null;
  const deadline = Date.now() + DRAIN_DEADLINE_MS;
  let atStart = 0;
  for (;;) {
    const count = await stage.countRows();
    if (startedAt === null && count > WARM_UP + FIRST_SYNC) [startedAt, atStart] = [Date.now(), count];
    if (count >= ids.length + FIRST_SYNC || Date.now() > deadline) break;
    await delay(20);
  }
  const seconds = (Date.now() - (startedAt ?? Date.now())) / 1000;
  const rows = await present();
  const order = new Map(ids.map((id, index) => [id, index]));
  // Each contact writes every n-th message; the place in the log keeps the order of each.
  const last = new Map<number, number>();
  const swapped = rows
    .sort((a, b) => a.ordem - b.ordem)
    .filter(({ whatsappId }) => {
      const index = order.get(whatsappId)!;
      const chat = index % contacts;
      const wrong = (last.get(chat) ?? -1) > index;
      last.set(chat, index);
      return wrong;
    });
  const rate = Math.round((ids.length + FIRST_SYNC - atStart) / Math.max(seconds, 0.001));
  say(`drained: ${rows.length} of ${ids.length} rows, ${rate} rows/s, ${swapped.length} out of order`);
  return rows.length === ids.length && swapped.length === 0;
}

silenceLibsignal();
await buildDaemon();
const stage = await Stage.set(new Random(1));
let passed = false;
try {
  passed = await firstConnection(stage);
  passed = (await longOutage(stage)) && passed;
} finally {
  await stage.strike(!passed);
}
say(passed ? 'all bars are met' : `FAILED; data kept in ${stage.dir}`);
process.exit(passed ? 0 : 1);
