import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { fileLimitWarning, neededFiles, readFileLimit } from '../../src/bootstrap/file-limit.js';

const settings = {
  maxConnections: 10,
  realtime: { enabled: true, path: '/ws', maxClients: 2000, maxClientsPerIdentity: 200 },
};

test('a limit of open files that the settings exceed is noticed, with the number needed and where it is set', () => {
  const needed = neededFiles(settings);
  expect(fileLimitWarning(settings, needed)).toBeNull();
  expect(fileLimitWarning(settings, needed - 1)).toContain(`ulimit -n ${needed}`);
  expect(neededFiles({ ...settings, maxConnections: 200 })).toBeGreaterThan(needed);
  // A system that does not say it is not warned of.
  expect(fileLimitWarning(settings, null)).toBeNull();
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('the limit is the one that the process really has', () => {
  const file = new URL('../../src/bootstrap/file-limit.ts', import.meta.url).href;
  const code = `import(${JSON.stringify(file)}).then((it) => console.log(it.readFileLimit()))`;
  const run = `ulimit -n 300; exec "$0" --import tsx -e '${code}'`;
  expect(execFileSync('sh', ['-c', run, process.execPath], { encoding: 'utf8' })).toBe('300\n');
  expect(readFileLimit()).toBeGreaterThan(0);
});
