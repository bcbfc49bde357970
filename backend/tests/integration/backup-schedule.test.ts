import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KeptBackups } from '../../src/backup/keep-backups.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { loadConfig } from '../../src/config/load-config.js';
import { silentLog } from '../../src/lib/log.js';
import { systemClock } from '../../src/lib/clock.js';
import { aGateway, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sentinela-schedule-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const backupsIn = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('Z.tar.gz')).sort();
const kept = (folder: string, now: () => number = () => Date.now()) =>
  new KeptBackups({
    ...{ dataDir: gateway.dataDir, embedded: false, version: '0.0.0', folder, keep: 2, log: silentLog },
    clock: { ...systemClock, now },
  });

test('a running gateway backs itself up by schedule, and what it made can be restored', async () => {
  const folder = join(dir, 'made');
  const { id } = await gateway.aPairedConnection();
  await gateway.restart({ BACKUP_DIR: folder, BACKUP_EVERY_MS: '1200', BACKUP_KEEP: '2' });
  const first = await until('a backup', async () => (await backupsIn(folder).catch(() => []))[0]);
  await until('the first one to give way', async () => {
    const there = await backupsIn(folder);
    return there.length === 2 && !there.includes(first);
  });
  const metrics = await fetch(`${gateway.parts.http.address().url}/metrics`).then((answer) => answer.text());
  expect(metrics).toMatch(/sentinela_copy_last_success_seconds\{kind="backup"\} [1-9]/);
  expect(metrics).toContain('sentinela_copy_failing{kind="backup"} 0');
  await gateway.stop();
  const newest = (await backupsIn(folder)).at(-1)!;
  expect((await stat(join(folder, newest))).mode & 0o777).toBe(0o600);
  const { connections } = await restoreBackup({
    ...{ dataDir: join(dir, 'restored'), from: join(folder, newest), encryptionKey: null, journalMaxBytes: 1 << 30 },
    ...{ embedded: false, force: false, log: silentLog },
  });
  expect(connections).toContain(id);
  await gateway.start();
}, 60_000);

test('a backup that fails is told once, shown, and takes no old one away', async () => {
  const folder = join(dir, 'unusable');
  await writeFile(folder, 'a file');
  await gateway.stop();
  await gateway.start({ BACKUP_DIR: folder, BACKUP_EVERY_MS: '50' });
  const alerts: string[] = [];
  gateway.parts.events.on('alert', ({ code, message }) => void (code === 'BACKUP_FAILED' && alerts.push(message)));
  const statuses = () => gateway.parts.copies.statuses().find(({ kind }) => kind === 'backup');
  await until('the failure', () => alerts.length > 0);
  const stats = await gateway.http.get<{ copies: object[] }>('/api/whatsapp-bootstrap/stats');
  expect(verdict(stats)).toBe('200');
  expect(stats.body.copies).toContainEqual(expect.objectContaining({ kind: 'backup', failing: true, lastAt: null }));
  expect(statuses()?.error).toContain('unusable');
  await rm(folder);
  await until('it to work', () => statuses()?.error === null && statuses()?.lastAt !== null);
  expect(alerts).toHaveLength(1);
  await gateway.restart();
}, 60_000);

test('old backups go after a good new one only, and nothing else in the folder is touched', async () => {
  const folder = join(dir, 'kept');
  await mkdir(folder);
  const foreign = ['sentinela-notes.tar.gz', 'sentinela-2020-01-01.tar.gz', 'other.tar.gz'];
  for (const name of foreign) await writeFile(join(folder, name), '');
  const days = [1, 2, 3].map((day) => `sentinela-2026-01-0${day}T00-00-00Z.tar.gz`);
  for (const name of days) await writeFile(join(folder, name), '');
  const backups = kept(folder);
  expect(backups.lastAt()).toBe(Date.parse('2026-01-03T00:00:00Z'));
  const journalless = new KeptBackups({
    ...{ dataDir: dir, embedded: false, version: '0.0.0', folder, keep: 1, clock: systemClock, log: silentLog },
  });
  await expect(journalless.make()).rejects.toBeDefined();
  expect(await readdir(folder)).toEqual(expect.arrayContaining([...foreign, ...days]));
  await backups.make();
  await backups.removeOld();
  const left = await readdir(folder);
  expect(left).toEqual(expect.arrayContaining([...foreign, days[2]]));
  for (const gone of [days[0], days[1]]) expect(left).not.toContain(gone);
});

test('a folder for backups in the data directory is refused, however it is spelt', async () => {
  await writeFile(join(dir, 'env'), '');
  for (const inside of ['/srv/dados', '/srv/dados/backup', '/srv/outra/../dados/x/', '/srv/dados/..backup']) {
    const load = () => loadConfig({ DATA_DIR: '/srv/dados', BACKUP_DIR: inside }, { envFile: join(dir, 'env') });
    expect(load).toThrow('BACKUP_DIR must not be in DATA_DIR');
  }
  for (const beside of ['/srv/dados-backup', '/srv', '/backup']) {
    const env = { DATA_DIR: '/srv/dados', BACKUP_DIR: beside };
    expect(loadConfig(env, { envFile: join(dir, 'env') }).backup?.dir).toBe(beside);
  }
  await symlink(gateway.dataDir, join(dir, 'link'));
  await expect(kept(join(dir, 'link', 'media-out')).make()).rejects.toMatchObject({ code: 'BAD_CONFIGURATION' });
});
