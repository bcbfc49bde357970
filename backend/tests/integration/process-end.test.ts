import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { PACKAGE_DIR } from '../../src/lib/package-dir.js';
import { program } from '../support/installation.js';
import { NpmProgram } from '../support/npm-program.js';

const started: NpmProgram[] = [];
afterEach(async () => {
  for (const each of started.splice(0)) await each.dispose();
}, 30_000);

type Script = 'start' | 'dev' | 'demo';
const READY: Record<Script, string> = { start: 'gateway started', dev: 'gateway started', demo: 'até Ctrl-C' };

async function run(script: Script): Promise<NpmProgram> {
  // `npm start` runs what was built; the others the source.
  const cwd = script === 'start' ? join(await program('main'), '../..') : PACKAGE_DIR;
  const npm = new NpmProgram(script === 'start' ? ['start'] : ['run', script], cwd);
  started.push(npm);
  return npm;
}

type Way = [signal: NodeJS.Signals, to: 'npm' | 'group', times: number];

describe('a request to end leaves no process and no temporary folder', () => {
  const after: [Script, ...Way][] = [
    ['start', 'SIGTERM', 'npm', 1],
    ['start', 'SIGHUP', 'npm', 1],
    ['start', 'SIGINT', 'group', 2],
    ['dev', 'SIGTERM', 'group', 2],
    ['demo', 'SIGHUP', 'group', 1],
  ];
  test.each(after)(
    'npm %s, when it runs: %s to %s, %i times',
    async (script, signal, to, times) => {
      const npm = await run(script);
      await npm.says(READY[script]);
      for (let n = 0; n < times; n++) npm.kill(signal, to);
      await npm.gone();
      expect(npm.leftovers()).toEqual([]);
    },
    90_000,
  );

  const during: [Script, ...Way][] = [
    ['start', 'SIGTERM', 'group', 1],
    ['dev', 'SIGTERM', 'group', 1],
    ['demo', 'SIGINT', 'group', 2],
    ['demo', 'SIGHUP', 'npm', 1],
  ];
  test.each(during)(
    'npm %s, while its database starts: %s to %s, %i times',
    async (script, signal, to, times) => {
      const npm = await run(script);
      await npm.isOpeningDatabase();
      for (let n = 0; n < times; n++) npm.kill(signal, to);
      await npm.gone();
      expect(npm.leftovers()).toEqual([]);
    },
    90_000,
  );
});

test('a demo whose output nobody reads any more (`npm run demo | head`) ends and leaves nothing', async () => {
  const npm = await run('demo');
  await npm.says('Sentinela');
  npm.closeOutput();
  await npm.gone();
  expect(npm.leftovers()).toEqual([]);
}, 90_000);

test('every program of package.json takes signals itself: no shell and no wrapper of tsx stands in between', () => {
  const { scripts } = JSON.parse(readFileSync(`${PACKAGE_DIR}package.json`, 'utf8')) as {
    scripts: Record<string, string>;
  };
  const programs = Object.entries(scripts).filter(
    ([, script]) => /\b(src|dist)\//.test(script) && !/\bnpm\b/.test(script),
  );
  expect(programs.length).toBeGreaterThan(8);
  for (const [name, script] of programs)
    if (!name.startsWith('check:')) expect(script).toMatch(/^([A-Z_]+=\S+ )?exec node /);
});
