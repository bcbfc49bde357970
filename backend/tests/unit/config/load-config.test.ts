import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config/load-config.js';
import { renderEnvExample, renderSettingsTable } from '../../../src/config/settings-docs.js';
import { SETTINGS } from '../../../src/config/settings.js';
import { CRASH_POINTS } from '../../../src/lib/crash-points.js';
import { isGatewayError } from '../../../src/lib/errors.js';

const KEY = 'a-key-of-16-chars';
const NOISE = 'ab'.repeat(32);
const backend = fileURLToPath(new URL('../../../', import.meta.url));
const jwtOf = (role: string) =>
  ['{"alg":"HS256"}', JSON.stringify({ role }), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
let dir: string;
let emptyFile: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sentinela-config-'));
  emptyFile = join(dir, 'empty.env');
  writeFileSync(emptyFile, '');
});
afterAll(() => rmSync(dir, { recursive: true }));

const load = (env: NodeJS.ProcessEnv) => loadConfig(env, { envFile: emptyFile });

function problemsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    load(env);
    return [];
  } catch (error) {
    if (!isGatewayError(error, 'BAD_CONFIGURATION')) throw error;
    return error.details as string[];
  }
}

test.each(['sb_secret_abcdefghijklmnopqrst', jwtOf('service_role'), KEY, 'a.b.c-not-a-jwt-at-all'])(
  'the service key %s is taken',
  (key) => expect(problemsOf({ SUPABASE_URL: 'https://a.b', SUPABASE_SERVICE_ROLE_KEY: key })).toEqual([]),
);

test('a database URL that cannot be used ends the start, its foreign parameters and an unchecked certificate are warned about, without a value', () => {
  const bad = problemsOf({ DATABASE_URL: 'postgres://u:geheim@h/d?sslmode=geheim&connect_timeout=geheim' });
  expect(bad).toEqual([
    'DATABASE_URL is not usable: its parameter sslmode must be one of disable, allow, prefer, require, verify-ca, verify-full, no-verify; its parameter connect_timeout must be a number of seconds',
  ]);
  const about = (query: string, host = 'h') =>
    load({ DATABASE_URL: `postgres://u:geheim@${host}/d${query}` }).warnings.filter((text) => /DATABASE/.test(text));
  expect(about('?sslmode=verify-full')).toEqual([]);
  expect(about('?schema=geheim&channel_binding=require')).toEqual([
    'DATABASE_URL: left out what has no meaning for this gateway: schema, channel_binding (docs/own-postgres.md)',
  ]);
  expect(about('?sslmode=require')).toEqual([expect.stringContaining('does not check')]);
  expect(about('?sslmode=require', 'localhost')).toEqual([]);
  expect(about('?sslmode=require&sslrootcert=/ca.pem')).toEqual([]);
});

describe('one setting', () => {
  test.each([
    ['MAX_CONNECTIONS', 'ten', 'MAX_CONNECTIONS must be a positive integer (got "ten")'],
    ['MAX_CONNECTIONS', '0', 'MAX_CONNECTIONS must be a positive integer (got "0")'],
    ['MAX_CONNECTIONS', '-1', 'MAX_CONNECTIONS must be a positive integer (got "-1")'],
    ['PORT', '70000', 'PORT must be a port number from 0 to 65535 (0 takes a free one) (got "70000")'],
    ['RECONNECT_DELAY_MS', '1s', 'RECONNECT_DELAY_MS must be a number of milliseconds from 1 to 2147483647 (got "1s")'],
    [
      'RECONNECT_DELAY_MS',
      '3e9',
      'RECONNECT_DELAY_MS must be a number of milliseconds from 1 to 2147483647 (got "3e9")',
    ],
    ['HOST', 'http://x', 'HOST must be an IP address or a host name (got "http://x")'],
    ['SUPABASE_URL', 'abc.supabase.co', 'SUPABASE_URL must be an http:// or https:// URL (got "abc.supabase.co")'],
    ['WHATSAPP_WS_URL', 'http://x', 'WHATSAPP_WS_URL must be a ws:// or wss:// URL (got "http://x")'],
    [
      'DEFAULT_OWNER_ID',
      'x'.repeat(201),
      `DEFAULT_OWNER_ID must be a UUID, or another text of 1 to 200 characters (got "${'x'.repeat(100)}")`,
    ],
    ['LOG_LEVEL', 'verbose', 'LOG_LEVEL must be one of error, warn, info, debug (got "verbose")'],
    ['NODE_ENV', 'prod', 'NODE_ENV must be one of development, production, test (got "prod")'],
    ['ALLOW_FOREIGN_WHATSAPP_SERVER', 'yes', 'ALLOW_FOREIGN_WHATSAPP_SERVER must be true or false (got "yes")'],
    [
      'CRASH_AT',
      'after:lunch:1',
      `CRASH_AT must be one of ${CRASH_POINTS.join(', ')}, a colon and a number from 1 (got "after:lunch:1")`,
    ],
    [
      'WHATSAPP_VERSION',
      '3.1',
      'WHATSAPP_VERSION must be a WhatsApp Web version such as 2.3000.1023456789 (got "3.1")',
    ],
  ])('%s=%s is refused with the key, the value and the fix', (key, value, problem) => {
    expect(problemsOf({ [key]: value })).toEqual([problem]);
  });

  test.each(['API_KEY', 'SUPABASE_SERVICE_ROLE_KEY', 'DATABASE_URL', 'SESSION_ENCRYPTION_KEY'])(
    'a bad %s is named but never printed',
    (key) => {
      const [problem] = problemsOf({ [key]: 'geheim ' + 'x' });
      expect(problem).toMatch(new RegExp(`^${key} must .* \\(got \\[redacted\\], 8 characters\\)$`));
    },
  );

  test.each(['http://localhost:5173/', 'localhost:5173', 'http://a.b/path', 'http://a.b,,http://c.d'])(
    'CORS_ORIGIN=%s is no list of origins',
    (value) => expect(problemsOf({ CORS_ORIGIN: value })).toHaveLength(1),
  );
});

test('all problems are told at once', () => {
  expect(problemsOf({ PORT: 'x', MAX_CONNECTIONS: 'y', LOG_LEVEL: 'z' })).toHaveLength(3);
});

describe('settings that belong together', () => {
  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    [
      'an anon key where the service key belongs',
      { SUPABASE_URL: 'https://a.b', SUPABASE_SERVICE_ROLE_KEY: jwtOf('anon') },
      /^SUPABASE_SERVICE_ROLE_KEY must be a key of the role service_role \(got one of anon\)/,
    ],
    [
      'a user token where the service key belongs',
      { SUPABASE_URL: 'https://a.b', SUPABASE_SERVICE_ROLE_KEY: jwtOf('authenticated') },
      /^SUPABASE_SERVICE_ROLE_KEY must .*got one of authenticated/,
    ],
    [
      'a publishable key where the service key belongs',
      { SUPABASE_URL: 'https://a.b', SUPABASE_SERVICE_ROLE_KEY: 'sb_publishable_abcdefghijklmnop' },
      /^SUPABASE_SERVICE_ROLE_KEY must .*got one of anon/,
    ],
    [
      'a service key where browsers get one',
      { SUPABASE_ANON_KEY: 'sb_secret_abcdefghijklmnopqrst' },
      /^SUPABASE_ANON_KEY must be a key for browsers/,
    ],
    ['a Supabase project without its key', { SUPABASE_URL: 'https://a.b' }, /^SUPABASE_SERVICE_ROLE_KEY must be set/],
    ['an open port without a key', { HOST: '0.0.0.0' }, /^API_KEY must be set when HOST is not loopback/],
    ['an open IPv6 port without a key', { HOST: '::' }, /^API_KEY must be set/],
    ['a host that only looks like loopback', { HOST: '127.0.0.1.evil.example' }, /^API_KEY must be set/],
    ['any origin without a key', { CORS_ORIGIN: '*' }, /^CORS_ORIGIN must be a list of origins/],
    ['a foreign server without its key', { WHATSAPP_WS_URL: 'ws://x' }, /^WHATSAPP_NOISE_ROOT_KEY must be set/],
    ['a foreign key without its server', { WHATSAPP_NOISE_ROOT_KEY: NOISE }, /^WHATSAPP_WS_URL must be set/],
    [
      'a foreign server in production',
      { NODE_ENV: 'production', WHATSAPP_WS_URL: 'ws://x', WHATSAPP_NOISE_ROOT_KEY: NOISE },
      /^ALLOW_FOREIGN_WHATSAPP_SERVER must be true/,
    ],
    ['a planned crash in production', { NODE_ENV: 'production', CRASH_AT: 'after:send:2' }, /^CRASH_AT must be unset/],
    [
      'a driver that is not there',
      { INSTANCE_DRIVER: 'waha', EVOLUTION_API_URL: 'http://evo:8080', EVOLUTION_API_KEY: 'k' },
      /^INSTANCE_DRIVER must be baileys or evolution \(got "waha"\)/,
    ],
    ['instances on a server that is unknown', { INSTANCE_DRIVER: 'evolution' }, /^EVOLUTION_API_URL must be set/],
  ])('%s is refused', (_name, env, problem) => {
    expect(problemsOf(env)).toEqual([expect.stringMatching(problem)]);
  });

  test('new instances go to the Evolution server that is set, unless something else is said', () => {
    const server = { EVOLUTION_API_URL: 'http://evo:8080', EVOLUTION_API_KEY: 'your-api-key' };
    expect(load({}).instanceDriver).toBe('baileys');
    // Keys of other servers are as long as those servers want them.
    expect(load(server)).toMatchObject({ instanceDriver: 'evolution', evolution: { serverKey: 'your-api-key' } });
    expect(load({ ...server, INSTANCE_DRIVER: 'baileys' }).instanceDriver).toBe('baileys');
    expect(problemsOf({ ...server, EVOLUTION_API_KEY: 'two words' })).toEqual([
      expect.stringMatching(/^EVOLUTION_API_KEY must be 1 to 512 visible .* \(got \[redacted\], 9 characters\)$/),
    ]);
  });

  test.each<[NodeJS.ProcessEnv, { url: string; origins: string[] }]>([
    [{ WEBHOOK_URL: 'https://a.b' }, { url: 'https://a.b', origins: ['http://localhost:5173'] }],
    [
      { WEBHOOK_URL: 'https://a.b/x/api/webhook/evolution' },
      { url: 'https://a.b/x', origins: ['http://localhost:5173'] },
    ],
    [{ WEBHOOK_URL: 'https://a.b/api/webhook/' }, { url: 'https://a.b', origins: ['http://localhost:5173'] }],
    [
      { FRONTEND_URL: 'https://crm.a.b/, http://localhost:3000/login' },
      { url: 'http://127.0.0.1:3001', origins: ['https://crm.a.b', 'http://localhost:3000'] },
    ],
    [
      { PUBLIC_URL: 'https://a.b', WEBHOOK_URL: 'https://a.b' },
      { url: 'https://a.b', origins: ['http://localhost:5173'] },
    ],
  ])('the names of other systems count: %j', (env, { url, origins }) => {
    const config = load(env);
    expect([config.media.publicUrl, config.http.corsOrigins, config.warnings]).toEqual([url, origins, []]);
  });

  test('beside our own name the other one is ignored, and that is said', () => {
    const envFile = join(dir, 'both.env');
    writeFileSync(envFile, 'PUBLIC_URL=https://ours.b\nCORS_ORIGIN=https://ours.c\nFRONTEND_URL=https://theirs.c\n');
    const config = loadConfig({ WEBHOOK_URL: 'https://theirs.b' }, { envFile });
    expect([config.media.publicUrl, config.http.corsOrigins]).toEqual(['https://ours.b', ['https://ours.c']]);
    expect(config.warnings).toEqual([
      expect.stringContaining('FRONTEND_URL is ignored because CORS_ORIGIN is set'),
      expect.stringContaining('WEBHOOK_URL is ignored because PUBLIC_URL is set'),
    ]);
  });

  test('what is wrong with it is told by the name that was used', () => {
    expect(problemsOf({ WEBHOOK_URL: 'a.b' })).toEqual([expect.stringMatching(/^WEBHOOK_URL must be an http/)]);
    expect(problemsOf({ FRONTEND_URL: 'crm' })).toEqual([expect.stringMatching(/^FRONTEND_URL must be a comma/)]);
  });

  test('a planned crash is taken in tests, with a warning', () => {
    const config = load({ NODE_ENV: 'test', CRASH_AT: 'after:journal:17' });
    expect(config.crashAt).toEqual({ point: 'after:journal', nth: 17 });
    expect(config.warnings).toEqual([expect.stringContaining('after:journal, time 17')]);
  });

  test('an open port with a key is taken', () => {
    expect(load({ HOST: '0.0.0.0', API_KEY: KEY, CORS_ORIGIN: '*' }).http).toMatchObject({ apiKey: KEY });
  });

  test('a foreign server is taken with a warning that names it', () => {
    const config = load({ WHATSAPP_WS_URL: 'ws://127.0.0.1:9', WHATSAPP_NOISE_ROOT_KEY: NOISE });
    expect(config.whatsapp).toMatchObject({ foreign: true, noiseRootKey: Buffer.from(NOISE, 'hex') });
    expect(config.warnings).toEqual([expect.stringContaining('ws://127.0.0.1:9')]);
  });
});

describe('the configuration', () => {
  test('needs no setting at all, and resolves folders against the package, not the current folder', () => {
    const config = load({});
    expect(config).toMatchObject({
      nodeEnv: 'development',
      http: { host: '127.0.0.1', port: 3001, apiKey: null, corsOrigins: ['http://localhost:5173'] },
      database: { mode: 'embedded', localPort: 54321 },
      dataDir: join(backend, 'sessions'),
      logDir: join(backend, 'logs'),
      maxConnections: 10,
      sendExpiryMs: 86_400_000,
      whatsapp: { wsUrl: null, foreign: false, version: null },
    });
    expect(isAbsolute(config.dataDir)).toBe(true);
  });

  test.each<[string, NodeJS.ProcessEnv]>([
    ['supabase', { SUPABASE_URL: 'https://a.b', SUPABASE_SERVICE_ROLE_KEY: KEY, DATABASE_URL: 'postgres://h/d' }],
    ['postgres', { DATABASE_URL: 'postgresql://u:p@h/d' }],
    ['embedded', { DATABASE_URL: '' }],
  ])('chooses the database mode %s', (mode, env) => {
    expect(load(env).database.mode).toBe(mode);
  });

  test('takes the environment before the file and the file before the default, and warns of unknown keys', () => {
    const envFile = join(dir, 'some.env');
    writeFileSync(envFile, 'PORT=4000\nMAX_CONNECTIONS="7"\nMAX_CONECTIONS=8\nWHATSAPP_VERSION=2.3000.1023456789\n');
    const config = loadConfig({ PORT: '5000' }, { envFile });
    expect([config.http.port, config.maxConnections, config.reconnectDelayMs]).toEqual([5000, 7, 1000]);
    expect(config.whatsapp.version).toEqual([2, 3000, 1023456789]);
    expect(config.warnings).toEqual([expect.stringMatching(/^MAX_CONECTIONS /)]);
  });

  test('asks for the file that was named', () => {
    expect(() => loadConfig({}, { envFile: join(dir, 'absent.env') })).toThrow(/absent\.env must be a readable file/);
  });

  test('is frozen through and through', () => {
    const config = load({});
    expect(() => Object.assign(config.http, { port: 1 })).toThrow(TypeError);
    expect(() => (config.http.corsOrigins as string[]).push('x')).toThrow(TypeError);
  });

  test('shows no secret when it is printed or stringified', () => {
    const config = load({ API_KEY: KEY, DATABASE_URL: 'postgres://u:geheim@h/d' });
    for (const text of [JSON.stringify(config), inspect(config, { depth: 9 })]) {
      expect(text).not.toMatch(new RegExp(`${KEY}|geheim`));
      expect(text).toContain('[redacted]');
    }
  });
});

describe('the texts for operators', () => {
  test('.env.supabase.example is what the settings say', () => {
    expect(readFileSync(join(backend, '.env.supabase.example'), 'utf8')).toBe(renderEnvExample());
  });

  test('.env.supabase.example with every default filled in is a valid file', () => {
    const envFile = join(dir, 'example.env');
    writeFileSync(envFile, renderEnvExample().replace(/^# (?=[A-Z_]+=)/gm, ''));
    expect(loadConfig({}, { envFile }).warnings).toEqual([]);
  });

  test('the table names every setting', () => {
    for (const key of Object.keys(SETTINGS)) expect(renderSettingsTable()).toContain(`| \`${key}\` |`);
  });
});
