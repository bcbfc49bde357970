import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onceARun } from './once-a-run.js';

const run = promisify(execFile);
const PACKAGE_DIR = fileURLToPath(new URL('../../', import.meta.url));
/** What tests start besides the gateway's own programs. */
const CHILDREN = [
  'tests/integration/journal-child',
  'tests/support/breakable-daemon',
  'tests/support/logging-child',
  'src/simulator/run',
];

/**
 * A program of the gateway as it is shipped: a folder with package.json, migrations, dependencies and what
 * `npm run build` makes of the sources that are here now. A start from source costs three times as much, and tests start
 * many. Made once a run, beside whatever stands in `dist`.
 * @param name as in `dist`: `main`, `supabase/local/api-worker`; or one of CHILDREN
 * @returns the path of its .js file
 */
export async function program(name: string): Promise<string> {
  const dir = await onceARun('installation', install);
  return join(dir, 'dist', `${name}.js`);
}

async function install(runDir: string): Promise<string> {
  const dir = join(runDir, 'installation');
  await mkdir(dir, { mode: 0o711 });
  for (const shared of ['package.json', 'supabase', 'node_modules'])
    await symlink(join(PACKAGE_DIR, shared), join(dir, shared));
  const bundle = ['--import', 'tsx', 'scripts/bundle.ts', '--outdir', join(dir, 'dist'), ...CHILDREN];
  await run(process.execPath, bundle, { cwd: PACKAGE_DIR });
  return dir;
}
