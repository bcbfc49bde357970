import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import sharp from 'sharp';
import { silentOgg } from './silent-ogg.js';
import { stripedPng } from './striped-png.js';

/** A user of the documentation's lines. */
const USER = '11111111-1111-4111-8111-111111111111';

/** The variables of the documentation's lines, in a form that a shell reads. */
export const VARIABLES_FILE = 'demo.env.sh';

/** Puts into a folder what the documentation's curl lines take from theirs: files to send, and their variables. */
export async function writeCurlFolder(dir: string, variables: Record<string, string>): Promise<void> {
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  const files: [string, string | Buffer][] = [
    ['nota.pdf', '%PDF-1.4\n'],
    ['voz.ogg', silentOgg()],
    ['figurinha.webp', await sharp(stripedPng(512, 512)).webp().toBuffer()],
    [VARIABLES_FILE, exports.join('')],
  ];
  for (const [name, content] of files) await writeFile(join(dir, name), content);
}

/** Keys for the documentation's lines, and the token of a user. The demo's gateway has no root key: it takes any text for one. */
export async function credentials(database: {
  url: string;
  serviceRoleKey: string;
  jwtSecret: string | null;
}): Promise<Record<string, string>> {
  const token = await new SignJWT({ role: 'authenticated' })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(USER)
    .setIssuedAt()
    .setExpirationTime('1d')
    .sign(Buffer.from(database.jwtSecret ?? ''));
  return {
    API_KEY: 'demo',
    TOKEN: token,
    SUPABASE_LOCAL_URL: database.url,
    SUPABASE_SERVICE_ROLE_KEY: database.serviceRoleKey,
  };
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
