import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

interface Locked {
  packages: Record<string, { license?: string; dev?: boolean; link?: boolean }>;
}

/** What may be in an installation. A new one is a decision: it belongs here only when README and NOTICE stay true. */
const ALLOWED = new Set([
  ...['MIT', 'ISC', 'Apache-2.0', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'Unlicense', 'CC0-1.0'],
  ...['(MIT OR CC0-1.0)', 'MIT OR Apache-2.0', 'Apache-2.0 OR MIT', 'Python-2.0', 'PostgreSQL', 'MIT-0'],
]);
/** Packages beyond those, with what the lock file says of them. */
const NAMED: [RegExp, string[]][] = [
  [/^libsignal$/, ['GPL-3.0']],
  // Prebuilt libvips, a library of its own beside sharp.
  [
    /^@img\/sharp-/,
    ['LGPL-3.0-or-later', 'Apache-2.0 AND LGPL-3.0-or-later', 'Apache-2.0 AND LGPL-3.0-or-later AND MIT'],
  ],
  // Their package.json has the old form; MIT, MIT and Apache-2.0 by their licence files.
  [/^(busboy|streamsearch|qrcode-terminal)$/, ['none']],
];

test('no package of an installation has a licence that nobody has looked at', () => {
  const { packages } = JSON.parse(read('backend/package-lock.json')) as Locked;
  const installed = Object.entries(packages).filter(([path, { dev, link }]) => path !== '' && !dev && !link);
  const unknown = installed
    .map(([path, { license }]) => [path.slice(path.lastIndexOf('node_modules/') + 13), license ?? 'none'] as const)
    .filter(
      ([name, license]) =>
        !ALLOWED.has(license) && !NAMED.some(([who, what]) => who.test(name) && what.includes(license)),
    );
  expect(unknown).toEqual([]);
});

test('a distributed build is said to be under GPL-3.0-only wherever people look', () => {
  for (const path of ['README.md', 'README.pt-BR.md', 'NOTICE']) expect(read(path)).toContain('GPL-3.0-only');
  expect(read('deploy/docker/Dockerfile')).toContain('image.licenses="GPL-3.0-only"');
});
