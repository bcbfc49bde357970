import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Simulator } from '../../src/simulator/index.js';
import { isAlive, readPostmaster } from '../../src/supabase/local/postmaster.js';
import { Daemon } from '../support/daemon.js';
import { until } from '../support/until.js';

const SOON = { EMBEDDED_DATABASE_ORPHAN_MS: '4000' };
const daemons: Daemon[] = [];
let dir: string;
let simulator: Simulator;

beforeAll(async () => {
  simulator = await Simulator.start();
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sentinela-orphan-'));
  // As root, the embedded Postgres runs as somebody else, who must get there.
  await chmod(dir, 0o711);
});
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await daemon.end('SIGTERM');
  await rm(dir, { recursive: true, force: true });
}, 30_000);
afterAll(() => simulator.stop());

const cluster = () => join(dir, 'sessions', 'postgres');
const aDaemon = async (env: Record<string, string>) => {
  const daemon = await Daemon.spawn(dir, simulator, env);
  daemons.push(daemon);
  await daemon.ready();
  return { daemon, postmaster: (await readPostmaster(cluster()))!.pid, watcher: await watcherPid() };
};
const watcherPid = async () => Number(await readFile(join(cluster(), 'sentinela.watcher'), 'utf8'));

test('the Postgres of a gateway that was killed and does not come back ends in order, and so does its watcher', async () => {
  const { daemon, postmaster, watcher } = await aDaemon(SOON);
  await daemon.end('SIGKILL');
  expect(isAlive(postmaster)).toBe(true);
  await until('the end of Postgres', () => !isAlive(postmaster));
  // In order: it took its file away.
  expect(await readPostmaster(cluster())).toBeNull();
  await until('the end of the watcher', () => !isAlive(watcher));
}, 90_000);

test('a gateway that comes back keeps its Postgres, and its watcher', async () => {
  const first = await aDaemon(SOON);
  await first.daemon.end('SIGKILL');
  const second = await aDaemon(SOON);
  expect([second.postmaster, second.watcher]).toEqual([first.postmaster, first.watcher]);
  // Well beyond the time after which it would have ended.
  const looks = 8;
  for (let seen = new Set<string>(); seen.size < looks;)
    await until('the next lease', async () => {
      const lease = await readFile(join(cluster(), 'sentinela.lease'), 'utf8');
      return !seen.has(lease) && seen.add(lease);
    });
  expect(isAlive(first.postmaster)).toBe(true);
  expect(await second.daemon.end('SIGTERM')).toBe(0);
  await until('nothing to be left', () => !isAlive(first.postmaster) && !isAlive(first.watcher));
}, 90_000);

test('a Postgres whose data directory was removed with its gateway ends, and a new gateway begins anew there', async () => {
  const { daemon, postmaster, watcher } = await aDaemon(SOON);
  await daemon.end('SIGKILL');
  await rm(join(dir, 'sessions'), { recursive: true, force: true });
  const again = await aDaemon({});
  expect(again.postmaster).not.toBe(postmaster);
  await until('the end of the old one', () => !isAlive(postmaster) && !isAlive(watcher));
  expect(isAlive(again.postmaster)).toBe(true);
}, 90_000);

test('the watcher knows no secret of the gateway', async () => {
  const { watcher } = await aDaemon({ API_KEY: 'uma-chave-que-ninguem-sabe-0123456789' });
  const environment = spawnSync('cat', [`/proc/${watcher}/environ`], { encoding: 'utf8' }).stdout;
  expect(environment).not.toContain('API_KEY');
  expect(execFileSync('ps', ['-o', 'args=', '-p', `${watcher}`], { encoding: 'utf8' })).toContain('orphan-watch');
}, 90_000);
