import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SignJWT } from 'jose';
import type { SocketClientsApi } from './socket-clients-process.js';
import type { SocketServerApi } from './socket-server-process.js';
import { Remote } from './stage/remote.js';
import { machine, noise, putIntoDocument, saveResults, table } from './stage/report.js';
import { figure, percentiles, shown, spread } from './stage/statistics.js';

/**
 * `npm run bench:websocket [-- --quick] [--rounds 9] [--seconds 10] [--dry]`: 1,000 clients in rooms of 10, 100 events a
 * second, one room each; a bare socket.io server and the gateway in turn, their clients in processes of their own.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    dry: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 3 : 9));
const seconds = Number(values.seconds ?? (values.quick ? 5 : 10));
const CLIENTS = 1000;
const ROOM = 10;
const PER_SECOND = 100;
/** p99 of ours to p99 of bare socket.io. */
const BAR = 2;

/** A server with its clients. */
interface Contestant {
  name: string;
  server: Remote<SocketServerApi>;
  clients: Remote<SocketClientsApi>;
}

/** One round of one contestant; latencies in ms from the call that tells an event to a client's listener. */
interface Round {
  p50: number;
  p99: number;
  /** CPU of the server's process for one delivered message. */
  cpuMsPerMessage: number;
  rssAnonMb: number | null;
  heard: number;
  expected: number;
}

const here = machine();
const owners = Array.from({ length: CLIENTS / ROOM }, (): string => randomUUID());
const secret = randomBytes(32).toString('hex');
const dir = await mkdtemp(join(tmpdir(), 'sentinela-bench-'));
// Postgres runs as another user when we are root.
await chmod(dir, 0o711);
const contestants: Contestant[] = ['bare socket.io', 'gateway'].map((name) => ({
  name,
  server: new Remote<SocketServerApi>(new URL('./socket-server-process.ts', import.meta.url)),
  clients: new Remote<SocketClientsApi>(new URL('./socket-clients-process.ts', import.meta.url)),
}));
const [bare, gateway] = contestants as [Contestant, Contestant];
const results = new Map<string, Round[]>(contestants.map(({ name }) => [name, []]));

try {
  const everybody = owners.flatMap((owner) => Array<string>(ROOM).fill(owner));
  await bare.clients.call(
    'connect',
    await bare.server.call('startBare'),
    everybody.map((room) => ({ room })),
  );
  const tokens = new Map(await Promise.all(owners.map(async (owner) => [owner, await tokenOf(owner)] as const)));
  await gateway.clients.call(
    'connect',
    await gateway.server.call('startGateway', settings()),
    everybody.map((owner) => ({ token: tokens.get(owner)! })),
  );
  for (const each of contestants) await measure(each, 2);
  for (let round = 0; round < rounds; round++) {
    for (const each of contestants) results.get(each.name)!.push(await measure(each, seconds));
  }
} finally {
  await Promise.all(contestants.flatMap(({ server, clients }) => [server.stop(), clients.stop()]));
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}

const complete = [...results.values()].flat().every(({ heard, expected }) => heard === expected);
const ratio = median(gateway, 'p99') / median(bare, 'p99');
const text = report();
console.log(`\n${text}\n`);
if (!values.dry) {
  const setup = { clients: CLIENTS, room: ROOM, perSecond: PER_SECOND, rounds, seconds };
  console.log(await saveResults('websocket', { machine: here, setup, ratio, results: Object.fromEntries(results) }));
  await putIntoDocument('bench:websocket', text);
}
process.exitCode = complete && ratio <= BAR ? 0 : 1;

async function measure({ server, clients }: Contestant, duration: number): Promise<Round> {
  await clients.call('forget');
  const { told, cpuMs, rssAnonMb } = await server.call('tell', owners, PER_SECOND, duration);
  const expected = told.length * ROOM;
  const { n, at } = await clients.call('heard', expected);
  const { p50, p99 } = percentiles(at.map((time, index) => time - told[n[index]!]!));
  const cpuMsPerMessage = cpuMs / expected;
  return { p50, p99, cpuMsPerMessage, rssAnonMb, heard: n.length, expected };
}

function median({ name }: Contestant, what: 'p50' | 'p99'): number {
  return spread(results.get(name)!.map((round) => round[what])).median;
}

function report(): string {
  const all = (name: string, what: keyof Round) => results.get(name)!.map((round) => round[what] ?? NaN);
  const head = ['', 'told → client p50 ms', 'p99 ms', 'CPU ms/message', 'RssAnon MB', 'heard'];
  const rows = contestants.map(({ name }) => {
    const heard = all(name, 'heard').reduce((sum, each) => sum + each, 0);
    const expected = all(name, 'expected').reduce((sum, each) => sum + each, 0);
    const spreads = (['p50', 'p99', 'cpuMsPerMessage'] as const).map((w) => shown(spread(all(name, w))));
    return [name, ...spreads, figure(Math.max(...all(name, 'rssAnonMb'))), `${heard} of ${expected}`];
  });
  const p50 = median(gateway, 'p50') / median(bare, 'p50');
  return [
    `${here.at.slice(0, 10)}, Node ${here.node}, ${here.cores} cores, ${noise(here)}.`,
    `**${CLIENTS} clients in rooms of ${ROOM}, ${PER_SECOND} events/s, ${rounds} × ${seconds} s in turn.**`,
    table([head, ...rows]),
    `p99: ${figure(ratio)} × bare (bar ≤ ${BAR}: ${ratio <= BAR ? 'met' : 'missed'}); p50: ${figure(p50)} × bare.`,
  ].join('\n\n');
}

function settings(): Record<string, string> {
  return {
    ...{ NODE_ENV: 'test', PORT: '0', SUPABASE_LOCAL_PORT: '0', API_KEY: randomBytes(16).toString('hex') },
    ...{ DATA_DIR: join(dir, 'sessions'), LOG_DIR: join(dir, 'logs'), SUPABASE_JWT_SECRET: secret },
    // No socket is opened here; pinned, so that nothing asks the network for the current one.
    ...{ WHATSAPP_VERSION: '2.3000.1035194821', PATH: process.env['PATH'] ?? '' },
  };
}

function tokenOf(owner: string): Promise<string> {
  const jwt = new SignJWT({ role: 'authenticated' }).setProtectedHeader({ alg: 'HS256' }).setSubject(owner);
  return jwt.setExpirationTime('2h').sign(Buffer.from(secret));
}
