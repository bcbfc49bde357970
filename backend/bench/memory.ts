import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ApiClient } from '../src/demo/api-client.js';
import { copyJournal } from '../src/journal/copy-journal.js';
import type { GatewayApi } from './gateway-process.js';
import { pair, BareContestant, type SimulatorRemote } from './stage/contestants.js';
import { NODE_FLAGS } from './stage/daemon.js';
import { ExternalPostgres } from './stage/external-postgres.js';
import { Remote } from './stage/remote.js';
import { machine, noise, putIntoDocument, saveResults, table } from './stage/report.js';
import { figure, spread, type Spread } from './stage/statistics.js';

/**
 * `npm run bench:memory`: anonymous memory (heaps and buffers, no mapped files) of an idle gateway with 1, 50 and 200
 * restored connections, and of bare Baileys with the same accounts. Each figure is a fresh process that logged in and
 * then rested; what one connection costs is the difference of 200 and 50. Linux only (RssAnon).
 */
const DEFAULT_COUNTS = '1,50,200';
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, counts: { type: 'string', default: DEFAULT_COUNTS } },
});
const RUNS = Number(values.runs);
const COUNTS = values.counts.split(',').map(Number);
const REST_MS = 10_000;
const READY_DEADLINE_MS = 120_000;
const phone = (kind: number, index: number) => String(5_511_900_000_000 + kind * 1000 + index);

const info = machine();
const dir = await mkdtemp(join(tmpdir(), 'sentinela-memory-'));
// As root, Postgres runs as somebody else, who must get there.
await chmod(dir, 0o711);
const simulator: SimulatorRemote = new Remote(new URL('./simulator-process.ts', import.meta.url));
const postgres = await ExternalPostgres.create(dir);

try {
  await prepareGateway();
  await prepareBare();
  const results: Record<'gateway' | 'bare', Record<number, number[]>> = { gateway: {}, bare: {} };
  for (let run = 1; run <= RUNS; run++) {
    for (const count of COUNTS) {
      (results.gateway[count] ??= []).push(await measureGateway(count));
      (results.bare[count] ??= []).push(await measureBare(count));
      const [gateway, bare] = [results.gateway[count].at(-1)!, results.bare[count].at(-1)!];
      console.log(`run ${run}, ${count} connections: gateway ${figure(gateway)} MB, bare ${figure(bare)} MB`);
    }
  }
  await report(results);
} finally {
  await postgres.destroy();
  await simulator.stop();
  await rm(dir, { recursive: true, force: true });
}

function settings(dataDir: string, address: { wsUrl: string; noiseRootKey: string }): Record<string, string> {
  return {
    PORT: '0',
    SUPABASE_LOCAL_PORT: '0',
    DATABASE_URL: postgres.url,
    DATA_DIR: dataDir,
    LOG_DIR: join(dir, 'logs'),
    WHATSAPP_WS_URL: address.wsUrl,
    WHATSAPP_NOISE_ROOT_KEY: address.noiseRootKey,
    WHATSAPP_VERSION: '2.3000.1035194821',
    MAX_CONNECTIONS: '1000',
    HTTP_RATE_PER_MINUTE: '10000000',
  };
}

async function startGateway(dataDir: string): Promise<{ remote: Remote<GatewayApi>; api: ApiClient }> {
  const remote = new Remote<GatewayApi>(new URL('./gateway-process.ts', import.meta.url), [], NODE_FLAGS);
  const { url } = await remote.call('start', settings(dataDir, await simulator.call('address')));
  return { remote, api: new ApiClient(url) };
}

function dirOf(count: number): string {
  return join(dir, `gateway-${count}`);
}

/** Pairs up to each count and puts a copy of the journal aside. */
async function prepareGateway(): Promise<void> {
  const { remote, api } = await startGateway(join(dir, 'pairing'));
  let paired = 0;
  for (const count of COUNTS) {
    for (; paired < count; paired++) await pair(api, simulator, phone(1, paired));
    await mkdir(dirOf(count), { recursive: true });
    await copyJournal(join(dir, 'pairing'), dirOf(count));
  }
  await remote.stop();
}

async function measureGateway(count: number): Promise<number> {
  const { remote, api } = await startGateway(dirOf(count));
  const deadline = Date.now() + READY_DEADLINE_MS;
  for (;;) {
    const status = await api.get<{ connections: { ready: number } }>('/api/whatsapp-bootstrap/status');
    if (status.connections.ready === count) break;
    if (Date.now() > deadline) throw new Error(`${status.connections.ready} of ${count} connections are ready`);
    await sleep(100);
  }
  await sleep(REST_MS);
  const { rssAnonMb } = await remote.call('usage');
  await remote.stop();
  return rssAnonMb ?? NaN;
}

function bare(count: number): BareContestant {
  const phones = Array.from({ length: count }, (_, index) => phone(2, index));
  return new BareContestant('bare, multi-file', phones, simulator, join(dir, 'multi-file'));
}

async function prepareBare(): Promise<void> {
  const all = bare(Math.max(...COUNTS));
  await all.connect();
  // The credentials are written after the last event.
  await sleep(2_000);
  await all.stop();
}

async function measureBare(count: number): Promise<number> {
  const contestant = bare(count);
  await contestant.connect();
  await sleep(REST_MS);
  const { rssAnonMb } = await contestant.usage();
  await contestant.stop();
  return rssAnonMb ?? NaN;
}

async function report(results: Record<'gateway' | 'bare', Record<number, number[]>>): Promise<void> {
  const [low, high] = [COUNTS.at(-2)!, COUNTS.at(-1)!];
  const perConnection = (name: 'gateway' | 'bare'): Spread =>
    spread(results[name][high]!.map((total, run) => (total - results[name][low]![run]!) / (high - low)));
  const rows = (['gateway', 'bare'] as const).map((name) => [
    name,
    ...COUNTS.map((count) => figure(spread(results[name][count]!).median)),
    `${figure(perConnection(name).median)} (${figure(perConnection(name).min)}–${figure(perConnection(name).max)})`,
  ]);
  const head = ['RssAnon, MB', ...COUNTS.map((count) => `${count} connections`), `a connection (${high} − ${low})`];
  const about = `${info.at.slice(0, 10)}, Node ${info.node}, ${RUNS} run(s) each, medians; the bar is 0.5 MB a connection.`;
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
