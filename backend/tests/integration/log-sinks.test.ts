import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { program } from '../support/installation.js';
import { until } from '../support/until.js';

let dir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sentinela-sinks-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  rmSync(dir, { recursive: true, force: true });
});

const logs = () => join(dir, 'logs');
const combined = () =>
  existsSync(join(logs(), 'combined.log')) ? readFileSync(join(logs(), 'combined.log'), 'utf8') : '';
const count = (text: string) => combined().split(text).length - 1;

async function logging(lines: number, stdout: 'pipe' | number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [await program('tests/support/logging-child')], {
    env: { PATH: process.env['PATH'], TEST_DIR: logs(), TEST_LINES: String(lines) },
    stdio: ['pipe', stdout, 'pipe'],
  });
  children.push(child);
  return child;
}

const result = () =>
  until('the result', () => {
    const file = `${logs()}.result.json`;
    if (!existsSync(file)) return null;
    return JSON.parse(readFileSync(file, 'utf8') || 'null') as { uncaught: number; rss: number } | null;
  });

async function ended(child: ChildProcess): Promise<number | null> {
  const exited = once(child, 'exit');
  child.stdin?.end();
  return ((await exited) as [number | null])[0];
}

test('closed standard output and error stop nobody: one line says so, and every other line is in the file', async () => {
  const child = await logging(2_000, 'pipe');
  child.stdout?.destroy();
  child.stderr?.destroy();
  expect((await result()).uncaught).toBe(0);
  expect(await ended(child)).toBe(0);
  expect(count('a line of the log')).toBe(2_000);
  expect(count('log lines are left out')).toBe(1);
  expect(combined()).toMatch(/"sink":"console".*EPIPE/);
}, 60_000);

test('a reader that does not read holds nobody up and costs no memory; when it reads again, it is told what is missing', async () => {
  const child = await logging(100_000, 'pipe');
  child.stdout?.pause();
  const { rss, uncaught } = await result();
  expect(uncaught).toBe(0);
  // 100,000 lines are 20 MB, and as strings and buffers in a queue several times that.
  expect(rss).toBeLessThan(200e6);
  await until('the report', () => count('log lines are left out') === 1);
  let read = '';
  child.stdout?.on('data', (bytes: Buffer) => (read += bytes.toString())).resume();
  const lost = await until('the news on the console', () => /log lines are written again .*lost=(\d+)/.exec(read)?.[1]);
  expect(Number(lost)).toBeGreaterThan(0);
  child.stdin?.write('x');
  await until('a line after it', () => read.includes('one more'));
  expect(read.split('a line of the log').length - 1 + Number(lost)).toBe(100_000);
  expect(await ended(child)).toBe(0);
  expect(count('a line of the log')).toBe(100_000);
}, 90_000);

test('standard output on a full device is left out, with one line', async () => {
  const full = openSync('/dev/full', 'w');
  const child = await logging(2_000, full);
  closeSync(full);
  expect((await result()).uncaught).toBe(0);
  expect(await ended(child)).toBe(0);
  expect(count('a line of the log')).toBe(2_000);
  expect(count('log lines are left out')).toBe(1);
  expect(combined()).toMatch(/"sink":"console".*ENOSPC/);
}, 60_000);

const mountable =
  process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
const onDisk = mountable ? test : test.skip;

onDisk(
  'a full disk under the log folder is said once on the console; with room again the file goes on, line by line',
  async () => {
    const disk = join(dir, 'logs');
    execFileSync('mkdir', [disk]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
    try {
      const child = await logging(5_000, 'pipe');
      let read = '';
      child.stdout?.on('data', (bytes: Buffer) => (read += bytes.toString()));
      expect((await result()).uncaught).toBe(0);
      await until('the report', () => read.includes('log lines are left out'));
      expect(read).toMatch(/sink="combined"/);
      expect(read).toContain('ENOSPC');
      // Each file once; the news of the first goes to the other, for which there may be no room either.
      const left = read.split('\n').filter((line) => line.includes('log lines are left out'));
      expect(left.filter((line) => line.includes('sink="combined"'))).toHaveLength(1);
      expect(left.filter((line) => line.includes('sink="error"')).length).toBeLessThanOrEqual(1);
      // Emptied by a person: the file is short again.
      writeFileSync(join(disk, 'combined.log'), '');
      await until('the news', () => {
        child.stdin?.write('x');
        return count('log lines are written again') > 0;
      });
      expect(await ended(child)).toBe(0);
      for (const line of combined()
        .split('\n')
        .filter((each) => each.includes('one more')))
        expect(() => void JSON.parse(line)).not.toThrow();
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  },
  60_000,
);
