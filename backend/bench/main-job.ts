import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type postgres from 'postgres';
import { ApiClient } from '../src/demo/api-client.js';
import type { SimulatorApi } from './simulator-process.js';
import { pair } from './stage/contestants.js';
import { Daemon, embeddedSql, trackCommits } from './stage/daemon.js';
import { ExternalPostgres, freePort } from './stage/external-postgres.js';
import { Remote } from './stage/remote.js';
import { machine, noise, putIntoDocument, saveResults, table } from './stage/report.js';
import { commitTimes, databaseFacts, disorder } from './stage/rows.js';
import { figure, percentiles, shown, spread, type Spread } from './stage/statistics.js';

/**
 * `npm run bench [-- --quick] [--dry] [--skip-install]`: what somebody who uses the gateway waits for. A message's way
 * into a row on an idle system, the start of the daemon, the demo, the size of the installation, and whether 2,000
 * messages of 20 customers at full speed are 2,000 rows in the right order. `--dry` writes no files.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
    'skip-install': { type: 'boolean', default: false },
  },
});

const run = promisify(execFile);
const BACKEND = fileURLToPath(new URL('..', import.meta.url));
const PHONE = '5511944440000';
const CUSTOMERS = 20;
const IDLE = { messages: values.quick ? 30 : 100, everyMs: 100 };

interface Latency {
  receiptMs: { p50: number; p99: number };
  rowMs: { p50: number; p99: number };
}
interface Burst {
  rows: number;
  atendimentos: number;
  outOfOrder: number;
  doubled: number;
  perSecond: number;
}
interface ModeResults {
  readyMs: Spread;
  latency: Latency;
  burst: Burst;
}

const here = machine();
const dir = await mkdtemp(join(tmpdir(), 'sentinela-bench-'));
await chmod(dir, 0o711);
await run('npm', ['run', 'build'], { cwd: BACKEND });
const simulator = new Remote<SimulatorApi>(new URL('./simulator-process.ts', import.meta.url));
const external = await ExternalPostgres.create(dir);
let modes: Record<'embedded' | 'external', ModeResults>;
try {
  modes = {
    embedded: await measureMode('embedded', PHONE, {}),
    external: await measureMode('external', `${PHONE}1`, { DATABASE_URL: external.url }),
  };
} finally {
  await simulator.stop();
  await external.destroy();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}
const demoMs = await timed(() => run('npm', ['run', 'demo', '--', '--once'], { cwd: BACKEND }));
const installedMb = values['skip-install'] ? null : await installedSize();

const text = [`${here.at.slice(0, 10)}, Node ${here.node}, ${here.cores} cores, ${noise(here)}.`, bars()].join('\n\n');
console.log(`\n${text}\n`);
if (!values.dry) {
  console.log(await saveResults('main-job', { machine: here, modes, demoMs, installedMb }));
  await putIntoDocument('bench', text);
}
const whole = Object.values(modes).every(({ burst }) => isWhole(burst));
process.exitCode = whole ? 0 : 1;

async function measureMode(
  name: 'embedded' | 'external',
  phone: string,
  database: Record<string, string>,
): Promise<ModeResults> {
  const dataDir = join(dir, name, 'sessions');
  await mkdir(join(dir, name), { mode: 0o711 });
  const { wsUrl, noiseRootKey } = await simulator.call('address');
  const settings = {
    DATA_DIR: dataDir,
    LOG_DIR: join(dir, name, 'logs'),
    WHATSAPP_WS_URL: wsUrl,
    WHATSAPP_NOISE_ROOT_KEY: noiseRootKey,
    ALLOW_FOREIGN_WHATSAPP_SERVER: 'true',
    NODE_ENV: 'production',
    ...database,
  };
  const port = await freePort();
  const start = () => Daemon.start(settings, port);
  // The first start makes the database; measured is what follows.
  await (await start()).stop();
  if (name === 'embedded') await trackCommits(dataDir);
  const readyMs: number[] = [];
  for (let times = 0; times < (values.quick ? 3 : 11); times++) {
    const daemon = await start();
    readyMs.push(daemon.readyAfterMs);
    await daemon.stop();
  }
  const daemon = await start();
  const sql = name === 'embedded' ? await embeddedSql(dataDir) : external.sql;
  try {
    await databaseFacts(sql);
    await pair(new ApiClient(daemon.url), simulator, phone);
    await measureBurst(sql, phone, 400);
    const latency = await measureIdle(sql, phone);
    const burst = await measureBurst(sql, phone, 2000);
    return { readyMs: spread(readyMs), latency, burst };
  } finally {
    if (sql !== external.sql) await sql.end();
    await daemon.stop();
  }
}

/** One message at a time into an idle system. */
async function measureIdle(sql: postgres.Sql, phone: string): Promise<Latency> {
  const sent = await simulator.call('steady', { phone, customers: CUSTOMERS, ...IDLE, label: 'idle' });
  const ids = sent.map(({ id }) => id);
  await untilRows(sql, ids);
  const committed = await commitTimes(sql, ids);
  return {
    receiptMs: percentiles(sent.map(({ sentAt, receiptedAt }) => receiptedAt - sentAt)),
    rowMs: percentiles(sent.map(({ id, sentAt }) => committed.get(id)! - sentAt)),
  };
}

async function measureBurst(sql: postgres.Sql, phone: string, messages: number): Promise<Burst> {
  await simulator.call('prepare', { phones: [phone], customers: CUSTOMERS, messages, label: 'full speed' });
  const { startedAt, ids } = await simulator.call('start');
  await untilRows(sql, ids);
  const committed = await commitTimes(sql, ids);
  const [counts] = await sql<{ rows: number; atendimentos: number }[]>`
    select count(*)::int as rows, count(distinct atendimento_id)::int as atendimentos
      from public.whatsapp_mensagens where whatsapp_id = any(${ids})`;
  const rows = counts?.rows ?? 0;
  return {
    rows,
    atendimentos: counts?.atendimentos ?? 0,
    outOfOrder: await disorder(sql, ids),
    doubled: rows - committed.size,
    perSecond: messages / ((Math.max(...committed.values()) - startedAt) / 1000),
  };
}

/** Gives up when nothing new comes for 10 s: then the figures say what is missing. */
async function untilRows(sql: postgres.Sql, ids: string[]): Promise<void> {
  let have = 0;
  let since = Date.now();
  while (have < ids.length && Date.now() - since < 10_000) {
    const before = have;
    have = (await commitTimes(sql, ids)).size;
    if (have > before) since = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** node_modules as a production server without the local database has it, in MB. */
async function installedSize(): Promise<number> {
  const target = await mkdtemp(join(tmpdir(), 'sentinela-install-'));
  try {
    for (const file of ['package.json', 'package-lock.json']) await copyFile(join(BACKEND, file), join(target, file));
    await run('npm', ['install', '--omit=dev', '--omit=optional', '--no-audit', '--no-fund'], { cwd: target });
    const { stdout } = await run('du', ['-sk', join(target, 'node_modules')]);
    return Number(stdout.split('\t')[0]) / 1024;
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function isWhole({ rows, atendimentos, outOfOrder, doubled }: Burst): boolean {
  return rows === 2000 && atendimentos === CUSTOMERS && outOfOrder === 0 && doubled === 0;
}

function bars(): string {
  const { embedded, external: own } = modes;
  const verdict = (met: boolean) => (met ? 'met' : 'missed');
  const latency = ({ rowMs, receiptMs }: Latency) =>
    `${figure(rowMs.p50)} ms (p99 ${figure(rowMs.p99)}; receipt ${figure(receiptMs.p50)})`;
  const burst = ({ rows, atendimentos, outOfOrder, doubled, perSecond }: Burst) =>
    `${rows} rows, ${atendimentos} atendimentos, ${outOfOrder} out of order, ${doubled} doubled, ${figure(perSecond)} rows/s`;
  const row = (what: string, measured: string, bar: string, met: boolean) => [what, measured, bar, verdict(met)];
  return table([
    ['', 'measured', 'bar', ''],
    row('message → row, idle, embedded', latency(embedded.latency), '≤ 25 ms', embedded.latency.rowMs.p50 <= 25),
    row('message → row, idle, external', latency(own.latency), '≤ 10 ms', own.latency.rowMs.p50 <= 10),
    row('start → ready, embedded', `${shown(embedded.readyMs)} ms`, '≤ 3,000 ms', embedded.readyMs.median <= 3000),
    row('start → ready, external', `${shown(own.readyMs)} ms`, '≤ 1,500 ms', own.readyMs.median <= 1500),
    row('`npm run demo -- --once`', `${figure(demoMs)} ms`, '≤ 30,000 ms', demoMs <= 30_000),
    row('node_modules, no optional ones', `${figure(installedMb)} MB`, '≤ 120 MB', (installedMb ?? 0) <= 120),
    row('2,000 messages, embedded', burst(embedded.burst), '2,000 rows, in order', isWhole(embedded.burst)),
    row('2,000 messages, external', burst(own.burst), '2,000 rows, in order', isWhole(own.burst)),
  ]);
}
