import { readFileSync } from 'node:fs';

interface PackageJson {
  version: string;
}

/** The version in package.json, which lies beside both `src` and `dist`. */
export const VERSION = (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as PackageJson)
  .version;
