import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ApiClient } from '../src/demo/api-client.js';
import type { GatewayApi } from './gateway-process.js';
import { pair, BareContestant, type SimulatorRemote } from './stage/contestants.js';
import { NODE_FLAGS } from './stage/daemon.js';
import { ExternalPostgres } from './stage/external-postgres.js';
import { Remote } from './stage/remote.js';
import { machine, noise, putIntoDocument, saveResults, table } from './stage/report.js';
import { figure, spread, type Spread } from './stage/statistics.js';

/**
 * `npm run bench:memory`: anonymous memory (heaps and buffers, no mapped files) of an idle gateway with 1, 50 and 200
 * restored connections, and of bare Baileys with as many. Each figure is a fresh process that logged in and then rested
 * for a minute: what a start has thrown away is collected only when V8 sees that nothing happens (its memory reducer,
 * after 8 s and more). All processes of a run rest together, each with accounts of its own; what one connection costs is
 * the difference of 200 and 50. Linux only (RssAnon).
 */
const DEFAULT_COUNTS = '1,50,200';
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, counts: { type: 'string', default: DEFAULT_COUNTS } },
});
const RUNS = Number(values.runs);
const COUNTS = values.counts.split(',').map(Number);
const REST_MS = 60_000;
const READY_DEADLINE_MS = 120_000;
const PAIRED_AT_ONCE = 8;

type Name = 'gateway' | 'bare';

/** A process at rest. */
interface Idle {
  usage(): Promise<{ rssAnonMb: number | null }>;
  stop(): Promise<void>;
}

/** Accounts of one size: the gateway's and bare Baileys' own. */
interface Size {
  count: number;
  phones: Record<Name, string[]>;
  dir: string;
  postgres: ExternalPostgres;
}

const info = machine();
const dir = await mkdtemp(join(tmpdir(), 'sentinela-memory-'));
// As root, Postgres runs as somebody else, who must get there.
await chmod(dir, 0o711);
const simulator: SimulatorRemote = new Remote(new URL('./simulator-process.ts', import.meta.url));
const sizes: Size[] = [];

try {
  for (const [index, count] of COUNTS.entries()) sizes.push(await prepare(count, index));
  const results: Record<Name, Record<number, number[]>> = { gateway: {}, bare: {} };
  for (let run = 1; run <= RUNS; run++) {
    for (const [{ count }, { gateway, bare }] of await measure()) {
      (results.gateway[count] ??= []).push(gateway);
      (results.bare[count] ??= []).push(bare);
      console.log(`run ${run}, ${count} connections: gateway ${figure(gateway)} MB, bare ${figure(bare)} MB`);
    }
  }
  await report(results);
} finally {
  for (const { postgres } of sizes) await postgres.destroy();
  await simulator.stop();
  await rm(dir, { recursive: true, force: true });
}

async function prepare(count: number, index: number): Promise<Size> {
  const phones = (kind: number) =>
    Array.from({ length: count }, (_, account) => String(5_511_900_000_000 + (2 * index + kind) * 1000 + account));
  const its = join(dir, String(count));
  await mkdir(its);
  await chmod(its, 0o711);
  const size = {
    count,
    phones: { gateway: phones(0), bare: phones(1) },
    dir: its,
    postgres: await ExternalPostgres.create(its),
  };
  const gateway = await startGateway(size);
  const waiting = [...size.phones.gateway];
  const line = async () => {
    for (let phone = waiting.shift(); phone !== undefined; phone = waiting.shift())
      await pair(gateway.api, simulator, phone);
  };
  await Promise.all(Array.from({ length: PAIRED_AT_ONCE }, line));
  await gateway.stop();
  const bare = await startBare(size);
  // The credentials are written after the last event.
  await sleep(2_000);
  await bare.stop();
  return size;
}

/** Starts all, lets them rest together, looks. */
async function measure(): Promise<[Size, Record<Name, number>][]> {
  const resting: { size: Size; gateway: Idle; bare: Idle }[] = [];
  for (const size of sizes) {
    const { api, ...gateway } = await startGateway(size);
    await untilReady(api, size.count);
    resting.push({ size, gateway, bare: await startBare(size) });
  }
  await sleep(REST_MS);
  const figures: [Size, Record<Name, number>][] = [];
  for (const { size, gateway, bare } of resting)
    figures.push([size, { gateway: await mb(gateway), bare: await mb(bare) }]);
  for (const { gateway, bare } of resting) await Promise.all([gateway.stop(), bare.stop()]);
  return figures;
}

async function mb(process: Idle): Promise<number> {
  return (await process.usage()).rssAnonMb ?? NaN;
}

async function startGateway({ dir: its, postgres }: Size): Promise<Idle & { api: ApiClient }> {
  const { wsUrl, noiseRootKey } = await simulator.call('address');
  const remote = new Remote<GatewayApi>(new URL('./gateway-process.ts', import.meta.url), [], NODE_FLAGS);
  const { url } = await remote.call('start', {
    PORT: '0',
    SUPABASE_LOCAL_PORT: '0',
    DATABASE_URL: postgres.url,
    START_WITHOUT_JOURNAL: 'true',
    DATA_DIR: join(its, 'gateway'),
    LOG_DIR: join(its, 'logs'),
    WHATSAPP_WS_URL: wsUrl,
    WHATSAPP_NOISE_ROOT_KEY: noiseRootKey,
    WHATSAPP_VERSION: '2.3000.1035194821',
    MAX_CONNECTIONS: '1000',
    HTTP_RATE_PER_MINUTE: '10000000',
  });
  return { api: new ApiClient(url), usage: () => remote.call('usage'), stop: () => remote.stop() };
}

async function untilReady(api: ApiClient, count: number): Promise<void> {
  const deadline = Date.now() + READY_DEADLINE_MS;
  for (;;) {
    const status = await api.get<{ connections: { ready: number } }>('/api/whatsapp-bootstrap/status');
    if (status.connections.ready === count) return;
    if (Date.now() > deadline) throw new Error(`${status.connections.ready} of ${count} connections are ready`);
    await sleep(100);
  }
}

async function startBare({ phones, dir: its }: Size): Promise<Idle> {
  const contestant = new BareContestant('bare, multi-file', phones.bare, simulator, join(its, 'multi-file'));
  await contestant.connect();
  return contestant;
}

async function report(results: Record<Name, Record<number, number[]>>): Promise<void> {
  const [low, high] = [COUNTS.at(-2)!, COUNTS.at(-1)!];
  const perConnection = (name: Name): Spread =>
    spread(results[name][high]!.map((total, run) => (total - results[name][low]![run]!) / (high - low)));
  const rows = (['gateway', 'bare'] as const).map((name) => [
    name,
    ...COUNTS.map((count) => figure(spread(results[name][count]!).median)),
    `${figure(perConnection(name).median)} (${figure(perConnection(name).min)}–${figure(perConnection(name).max)})`,
  ]);
  const head = ['RssAnon, MB', ...COUNTS.map((count) => `${count} connections`), `a connection (${high} − ${low})`];
  const about = `${info.at.slice(0, 10)}, Node ${info.node}, ${RUNS} run(s) each, a minute at rest, medians; the bar is 0.5 MB a connection.`;
  const text = `${about}\n\n${table([head, ...rows])}`;
  console.log(`\n${noise(info)}\n\n${text}`);
  const bar = { perConnectionMb: 0.5, met: perConnection('gateway').median <= 0.5 };
  const medians = { gateway: perConnection('gateway'), bare: perConnection('bare') };
  const file = await saveResults('memory', {
    machine: info,
    runs: RUNS,
    rssAnonMb: results,
    perConnectionMb: medians,
    bar,
  });
  // The figures that the document is about, and no others.
  if (values.counts === DEFAULT_COUNTS) await putIntoDocument('bench:memory', text);
  console.log(`\n≤ 0.5 MB a connection: ${bar.met ? 'met' : 'missed'}. ${file}`);
  process.exitCode = bar.met ? 0 : 1;
}
