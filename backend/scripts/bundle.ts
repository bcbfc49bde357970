import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { EXTERNAL } from './external-packages.js';
import { writeNotices } from './third-party-notices.js';

/**
 * `src/` and most of what it depends on → `dist/`: a daemon that was killed has to load 1,300 small files before it opens its
 * first socket, and half of that time goes with the files (docs/adr/0018). Same code, same order, nothing minified.
 * Tests have it put elsewhere (`--outdir`), with programs of their own beside the gateway's.
 */
const ENTRIES = [
  ...['main', 'backup', 'restore', 'db-migrate', 'keys', 'migrate-whatsapp', 'test-whatsapp', 'import-session'],
  'supabase/local/api-worker',
].map((entry) => `src/${entry}`);

/** CommonJS packages ask for `require` and their folder, which ES modules do not have. */
const COMMONJS = [
  "import { createRequire as requireOf } from 'node:module';",
  "import { dirname as folderOf } from 'node:path';",
  "import { fileURLToPath as pathOf } from 'node:url';",
  'const require = requireOf(import.meta.url);',
  'const __filename = pathOf(import.meta.url);',
  'const __dirname = folderOf(__filename);',
].join(' ');

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  options: { outdir: { type: 'string', default: `${root}dist` } },
  allowPositionals: true,
});
// Chunks have hashes in their names: those of an earlier build would stay.
await rm(values.outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: [...ENTRIES, ...positionals].map((entry) => ({ in: `${entry}.ts`, out: entry.replace(/^src\//, '') })),
  outdir: values.outdir,
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: Object.keys(EXTERNAL),
  banner: { js: COMMONJS },
  keepNames: true,
  logLevel: 'warning',
});
await writeNotices(root, values.outdir);
