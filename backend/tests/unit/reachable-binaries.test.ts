import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { reachableBinaries } from '../../src/supabase/local/reachable-binaries.js';

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };

/** mkdtemp makes a folder that only its owner may enter, as /root is. */
async function privatePrograms() {
  const root = await mkdtemp(join(tmpdir(), 'programs-'));
  const bin = join(root, 'native', 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'postgres'), 'program');
  return { root, binaries: { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb') } };
}

test('programs stay where they are when Postgres runs as ourselves', async () => {
  const { root, binaries } = await privatePrograms();
  expect(await reachableBinaries(binaries, null)).toBe(binaries);
  await rm(root, { recursive: true });
});

(isRoot ? test : test.skip)(
  'as root, programs in a private folder are copied to where their user can run them',
  async () => {
    const { root, binaries } = await privatePrograms();
    const copied = await reachableBinaries(binaries, NOBODY);
    expect(copied.postgres).not.toBe(binaries.postgres);
    expect(await readFile(copied.postgres, 'utf8')).toBe('program');
    expect(await reachableBinaries(binaries, NOBODY)).toEqual(copied);
    await rm(dirname(dirname(copied.postgres)), { recursive: true });
    await rm(root, { recursive: true });
  },
);
