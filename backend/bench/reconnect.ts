import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type { SimulatorApi } from './simulator-process.js';
import { BareContestant } from './stage/contestants.js';
import { Daemon } from './stage/daemon.js';
import { ExternalPostgres, freePort } from './stage/external-postgres.js';
import { ReconnectStage } from './stage/reconnect-stage.js';
import { Remote } from './stage/remote.js';
import { machine, noise, saveResults, table } from './stage/report.js';
import { figure } from './stage/statistics.js';

/**
 * `npm run bench:reconnect [-- --long] [--only name]`: how fast connections that died are back, with real sockets
 * against the simulator. `--long` adds the outage of ten minutes. Exits 1 when a bar is missed.
 */
const { values } = parseArgs({
  options: { long: { type: 'boolean', default: false }, only: { type: 'string' } },
});

const TWENTY = Array.from({ length: 20 }, (_, index) => String(5_511_930_000_000 + index));
const FIFTY = Array.from({ length: 50 }, (_, index) => String(5_511_931_000_000 + index));
const FIFTY_BARE = Array.from({ length: 50 }, (_, index) => String(5_511_932_000_000 + index));
const run = promisify(execFile);
const BACKEND = fileURLToPath(new URL('..', import.meta.url));
const SECOND = 1_000;
const MINUTE = 60_000;

interface Measured {
  what: string;
  value: number;
  unit: string;
  bar: number;
}
const measured: Measured[] = [];
const note = (what: string, value: number, unit: string, bar: number) => {
  measured.push({ what, value, unit, bar });
  console.log(`${what}: ${figure(value)} ${unit} (bar ${figure(bar)})`);
};

const here = machine();
const dir = await mkdtemp(join(tmpdir(), 'sentinela-reconnect-'));
await chmod(dir, 0o711);
const simulator = new Remote<SimulatorApi>(new URL('./simulator-process.ts', import.meta.url));
const postgres = await ExternalPostgres.create(dir);

const SCENES: Record<string, () => Promise<void>> = {
  closes: () => withTwenty('closes', closes),
  forced: () => withTwenty('forced', forced),
  killed: () => withTwenty('killed', killed),
  restore: restoreFifty,
};
try {
  for (const [name, scene] of Object.entries(SCENES)) {
    if (values.only === undefined || values.only === name) await scene();
  }
} finally {
  await simulator.stop();
  await postgres.destroy();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}
const verdict = ({ value, bar }: Measured) => (value <= bar ? 'met' : 'missed');
const rows = measured.map((each) => [
  each.what,
  `${figure(each.value)} ${each.unit}`,
  `≤ ${figure(each.bar)} ${each.unit}`,
  verdict(each),
]);
console.log(`\n${here.at.slice(0, 10)}, Node ${here.node}, ${here.cores} cores, ${noise(here)}.\n`);
console.log(table([['', 'measured', 'bar', ''], ...rows]));
if (values.only === undefined)
  console.log(await saveResults('reconnect', { machine: here, long: values.long, measured }));
process.exitCode = measured.every((each) => verdict(each) === 'met') ? 0 : 1;

async function withTwenty(name: string, scene: (stage: ReconnectStage) => Promise<void>): Promise<void> {
  const stage = new ReconnectStage(simulator, postgres, await folder(name), TWENTY);
  await stage.start();
  await stage.pairAll();
  try {
    await scene(stage);
  } finally {
    await stage.stop();
  }
}

async function closes(stage: ReconnectStage): Promise<void> {
  await plainCloses(stage);
  await refusals(stage);
  await outage(stage, MINUTE, 5 * SECOND, 'down 60 s');
  await blackHole(stage);
  await wedge(stage);
  if (values.long) await outage(stage, 10 * MINUTE, 20 * SECOND, 'down 10 min');
}

/** Each code that WhatsApp closes with and means "come again": all at once. */
async function plainCloses(stage: ReconnectStage): Promise<void> {
  const closes: [string, () => Promise<unknown>][] = [
    ['close frame', () => simulator.call('close', TWENTY)],
    ['TCP reset', () => simulator.call('reset', TWENTY)],
    ...[515, 428, 500, 503].map((code): [string, () => Promise<unknown>] => [
      `stream error ${code}`,
      () => simulator.call('streamErrors', TWENTY, code),
    ]),
  ];
  for (const [name, close] of closes) {
    const before = await stage.logins();
    await close();
    note(`${name}: all 20 ready again`, await stage.untilBack(before), 'ms', 1_500);
    // Otherwise the next close is the second in a row, and waits.
    await stage.gateway.call('forceReconnects', 1);
  }
}

/** Each code that means "not now" or "never again": the right state for all, and no knocking. */
async function refusals(stage: ReconnectStage): Promise<void> {
  const states: [number, string][] = [
    [402, 'banned'],
    [405, 'outdated'],
    [409, 'conflict'],
    [440, 'conflict'],
    [411, 'error'],
  ];
  for (const [code, estado] of states) {
    await simulator.call('failLogins', TWENTY, code, 2);
    await simulator.call('streamErrors', TWENTY, code);
    note(`${code}: all 20 ${estado}`, await stage.until(estado), 'ms', 1_500);
    const opened = (await simulator.call('counts'))['socket.opened'] ?? 0;
    await sleep(5 * SECOND);
    const tries = ((await simulator.call('counts'))['socket.opened'] ?? 0) - opened;
    // Out of date: one more try with the version that WhatsApp wants now.
    note(`${code}: sockets opened in the 5 s after`, tries, '', code === 405 ? TWENTY.length : 0);
    await simulator.call('forgetLoginFailures');
    await stage.gateway.call('forceReconnects', 1);
  }
}

async function outage(stage: ReconnectStage, ms: number, barMs: number, name: string): Promise<void> {
  const before = await stage.logins();
  await simulator.call('refuse', true);
  await simulator.call('reset', TWENTY);
  const tries = await stage.gateway.call('countTries', ms);
  await simulator.call('refuse', false);
  note(`${name}: all 20 back after its return`, await stage.untilBack(before), 'ms', barMs);
  note(`${name}: login attempts a minute, the busiest connection`, tries, '', 12);
  await stage.gateway.call('forceReconnects', 1);
}

async function blackHole(stage: ReconnectStage): Promise<void> {
  const before = await stage.logins();
  await simulator.call('blackHole', TWENTY);
  note('black-holed sockets: all 20 logged in anew', await stage.untilBack(before), 'ms', 45 * SECOND);
  await stage.gateway.call('forceReconnects', 1);
}

async function wedge(stage: ReconnectStage): Promise<void> {
  const [phone] = TWENTY;
  await stage.gateway.call('wedgeNext');
  await simulator.call('message', phone!, 'preso');
  const startedAt = performance.now();
  const steps = async () =>
    (await stage.gateway.call('watchdog')).connections.find(({ connectionId }) => connectionId === phone)!.steps;
  const noticed = await stage.untilTrue('the wedge to be noticed', 3 * MINUTE, async () =>
    (await steps()).some(({ reasons }) => reasons.includes('STUCK_STANZA')),
  );
  note('wedge: noticed', noticed, 'ms', 90 * SECOND);
  await stage.untilTrue('a new socket', 3 * MINUTE, async () =>
    (await steps()).some(({ step }) => step === 'reconnect'),
  );
  await stage.until('ready');
  note('wedge: mended', performance.now() - startedAt, 'ms', 120 * SECOND);
}

/** The compiled daemon, as `npm start` runs it: SIGKILL, then from the start of the process to sockets that are open. */
async function killed(stage: ReconnectStage): Promise<void> {
  await stage.stop();
  await run('npm', ['run', 'build'], { cwd: BACKEND });
  const settings = { ...(await stage.settings()), NODE_ENV: 'production', ALLOW_FOREIGN_WHATSAPP_SERVER: 'true' };
  const port = await freePort();
  const loggedIn = async (daemon: Daemon, before: number[], least: number) => {
    const since = performance.now();
    while ((await stage.logins()).filter((count, index) => count > before[index]!).length < least) {
      if (performance.now() - since > MINUTE) throw new Error(`no login a minute after ${daemon.url}`);
      await sleep(5);
    }
  };
  const counts = await stage.logins();
  const first = await Daemon.start(settings, port);
  await loggedIn(first, counts, TWENTY.length);
  await sleep(2 * SECOND);
  await first.kill();
  const before = await stage.logins();
  const startedAt = performance.now();
  const starting = Daemon.start(settings, port);
  while (!(await stage.logins()).some((count, index) => count > before[index]!)) await sleep(5);
  note('kill -9, start: a socket open again', performance.now() - startedAt, 'ms', 2 * SECOND);
  const second = await starting;
  await loggedIn(second, before, TWENTY.length);
  console.log(`  (all 20 logged in after ${figure(performance.now() - startedAt)} ms)`);
  await second.stop();
  await stage.start();
  await stage.until('ready');
}

async function forced(stage: ReconnectStage): Promise<void> {
  await stage.gateway.call('forceReconnects', 5);
  // Baileys' own timers (queries, uploads) hold a socket that has ended for up to a minute.
  await sleep(75 * SECOND);
  const before = await stage.gateway.call('footprint');
  await stage.gateway.call('forceReconnects', 50);
  await sleep(75 * SECOND);
  const after = await stage.gateway.call('footprint');
  note('1,000 forced reconnects: heap growth', after.heapMb - before.heapMb, 'MB', 10);
  note('1,000 forced reconnects: more handles', after.handles - before.handles, '', 0);
}

/** From the moment the gateway runs to all 50 ready, against bare Baileys with the same 50 in the same run. */
async function restoreFifty(): Promise<void> {
  const bare = new BareContestant('bare', FIFTY_BARE, simulator, 'memory');
  await bare.connect();
  const bareMs = await bare.restore();
  await bare.stop();
  const stage = new ReconnectStage(simulator, postgres, await folder('fifty'), FIFTY);
  await stage.start();
  await stage.pairAll();
  await stage.stop();
  const before = await stage.logins();
  try {
    await stage.start();
    const gatewayMs = await stage.gateway.call('restoredAfter');
    await stage.untilBack(before);
    note('50 restored, bare Baileys', bareMs, 'ms', Infinity);
    note('50 restored, gateway', gatewayMs, 'ms', 1.5 * bareMs);
  } finally {
    await stage.stop();
  }
}

async function folder(name: string): Promise<string> {
  const path = join(dir, name);
  await mkdir(path, { mode: 0o711 });
  return path;
}
