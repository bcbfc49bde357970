import { expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/lib/log.js';
import { migrate } from '../../src/supabase/migrate.js';
import { openDatabase } from '../../src/supabase/open-database.js';
import { listMigrations } from '../../src/supabase/migrations.js';

const settings = {
  mode: 'embedded' as const,
  supabaseUrl: null,
  serviceRoleKey: null,
  anonKey: null,
  jwtSecret: null,
  databaseUrl: null,
  localPort: 0,
};

test('db:migrate applies everything once', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sentinela-db-'));
  try {
    const all = (await listMigrations()).map((migration) => migration.versao);
    expect(await migrate({ settings, dataDir, log: silentLog })).toEqual(all);
    expect(await migrate({ settings, dataDir, log: silentLog })).toEqual([]);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}, 60_000);

test("db:migrate leaves a running gateway's database running", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sentinela-db-'));
  const database = await openDatabase({ settings, dataDir, log: silentLog });
  try {
    expect(await migrate({ settings, dataDir, log: silentLog })).toEqual([]);
    const headers = { apikey: database.serviceRoleKey };
    expect((await fetch(`${database.url}/rest/v1/whatsapp_schema?select=versao`, { headers })).status).toBe(200);
  } finally {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}, 60_000);

test('for a Supabase project without DATABASE_URL it names the command to use', async () => {
  const supabase = {
    ...settings,
    mode: 'supabase' as const,
    supabaseUrl: 'https://x.supabase.co',
    serviceRoleKey: 'k',
  };
  await expect(migrate({ settings: supabase, dataDir: '/nowhere', log: silentLog })).rejects.toMatchObject({
    code: 'BAD_CONFIGURATION',
    message: expect.stringContaining('npx supabase db push'),
  });
});
