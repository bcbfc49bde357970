import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { randomUUID } from 'node:crypto';
import ws from 'ws';
import { isGatewayError } from '../../src/lib/errors.js';
import { silentLog } from '../../src/lib/log.js';
import { systemClock } from '../../src/lib/clock.js';
import { applyMigrations, listMigrations, MIGRATIONS_DIR } from '../../src/supabase/migrations.js';
import type { DatabaseSchema } from '../../src/supabase/rows.js';
import { SupabaseWhatsAppService } from '../../src/supabase/supabase-whatsapp-service.js';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { aTestDatabase, aUserToken, type TestDatabase } from '../support/database.js';
import { aMessage, aPerson, aSession } from '../support/eventos.js';

type Client = SupabaseClient<DatabaseSchema>;
let db: TestDatabase;
const ownerA = randomUUID();
const ownerB = randomUUID();
const company = randomUUID();
beforeAll(async () => {
  db = await aTestDatabase();
  const [a, b] = [aSession({ owner_id: ownerA }), aSession({ owner_id: ownerB, company_id: company })];
  await db.service.registrarEventos([a, b]);
  await db.service.registrarEventos([
    ...Array.from({ length: 5 }, () => aMessage(a.sessao, aPerson())),
    ...Array.from({ length: 3 }, () => aMessage(b.sessao, aPerson())),
  ]);
});
afterAll(() => db?.close());

function client(key: string, token?: string): Client {
  return createClient<DatabaseSchema>(db.url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: ws as never },
    ...(token ? { global: { headers: { Authorization: `Bearer ${token}` } } } : {}),
  });
}
const user = (sub: string, claims = {}) => client(db.anonKey, aUserToken(db.jwtSecret, sub, claims));
const count = async (as: Client, table: string) => (await as.from(table).select('id')).data?.length;

describe('row level security', () => {
  test.each(['whatsapp_atendimentos', 'whatsapp_mensagens', 'whatsapp_contatos'])(
    'in %s a user sees their own rows and no others',
    async (table) => {
      // The number itself is a contato too.
      const [own, others] = table === 'whatsapp_contatos' ? [6, 4] : [5, 3];
      expect(await count(user(ownerA), table)).toBe(own);
      expect(await count(user(ownerB), table)).toBe(others);
      expect(await count(user(randomUUID()), table)).toBe(0);
    },
  );

  test('a company of app_metadata shows its rows, one of user_metadata does not', async () => {
    const member = user(randomUUID(), { app_metadata: { company_ids: [company] } });
    expect(await count(member, 'whatsapp_mensagens')).toBe(3);
    const pretender = user(randomUUID(), { user_metadata: { company_ids: [company] } });
    expect(await count(pretender, 'whatsapp_mensagens')).toBe(0);
    const strange = user('not-a-uuid', { app_metadata: { company_ids: 'x' } });
    expect(await count(strange, 'whatsapp_mensagens')).toBe(0);
  });

  test('anon sees nothing', async () => {
    const { data, error } = await client(db.anonKey).from('whatsapp_mensagens').select('id');
    expect(data ?? []).toEqual([]);
    expect(error?.code).toBe('42501');
  });

  test('a user may set status, priority, tags, notes, agent and lida; the unread counter follows', async () => {
    const a = user(ownerA);
    const mine = await a.from('whatsapp_atendimentos').select('id').limit(1).single<{ id: string }>();
    const id = mine.data?.id ?? '';
    const changes = { status: 'EM_ATENDIMENTO', prioridade: 3, tags: ['vip'], observacoes: 'ok', atendente_id: ownerA };
    expect((await a.from('whatsapp_atendimentos').update(changes).eq('id', id).select('*')).data).toMatchObject([
      changes,
    ]);
    expect((await a.from('whatsapp_mensagens').update({ lida: true }).eq('atendimento_id', id)).error).toBeNull();
    expect((await a.from('whatsapp_atendimentos').select('nao_lidas').eq('id', id)).data).toEqual([{ nao_lidas: 0 }]);
  });

  test.each([
    ['whatsapp_atendimentos', { numero_cliente: '1' }],
    ['whatsapp_atendimentos', { owner_id: randomUUID() }],
    ['whatsapp_mensagens', { conteudo: 'x' }],
    ['whatsapp_contatos', { nome: 'x' }],
    ['whatsapp_sessions', { status: 'error' }],
  ])('a user may not change %s %j', async (table, changes) => {
    const { error } = await user(ownerA).from(table).update(changes).eq('owner_id', ownerA);
    expect(error?.code).toBe('42501');
  });

  test("a user cannot touch another's rows, insert or delete", async () => {
    const a = user(ownerA);
    const theirs = await a.from('whatsapp_atendimentos').update({ prioridade: 9 }).eq('owner_id', ownerB).select('id');
    expect(theirs.data).toEqual([]);
    expect((await a.from('whatsapp_mensagens').delete().eq('owner_id', ownerA)).error?.code).toBe('42501');
    expect((await a.from('whatsapp_sessions').insert({ owner_id: ownerA, session_name: 'x' })).error?.code).toBe(
      '42501',
    );
  });

  test.each([
    ['a user', () => user(ownerA)],
    ['anon', () => client(db.anonKey)],
  ])('%s may not write events', async (_, as) => {
    const { error } = await as().rpc('registrar_eventos', { lote: [] });
    expect(error?.code).toBe('42501');
  });
});

describe('keys', () => {
  test('a wrong key is 401', async () => {
    expect((await client('wrong').from('whatsapp_mensagens').select('id')).status).toBe(401);
    const service = new SupabaseWhatsAppService({
      host: { current: { url: db.url, serviceRoleKey: 'wrong' } },
      log: silentLog,
      clock: systemClock,
    });
    await expect(service.ping()).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      retryClass: 'pause',
      httpStatus: 401,
    });
    expect(service.state).toBe('paused');
    await service.stop();
  });

  test('a token of another secret, or an expired one, is refused', async () => {
    for (const token of [aUserToken('another', ownerA), aUserToken(db.jwtSecret, ownerA, { exp: 1 })]) {
      expect((await client(db.anonKey, token).from('whatsapp_mensagens').select('id')).status).toBe(401);
    }
  });

  test('an HS256 service_role JWT is a service key, as in older Supabase projects', async () => {
    const legacy = client(aUserToken(db.jwtSecret, ownerA, { role: 'service_role' }));
    expect(await count(legacy, 'whatsapp_mensagens')).toBe(8);
  });
});

describe('migrations', () => {
  test('run again change nothing', async () => {
    expect(await applyMigrations(db.sql)).toEqual([]);
    for (const { file } of await listMigrations())
      await db.sql.unsafe(await readFile(join(MIGRATIONS_DIR, file), 'utf8')).simple();
    expect(await count(user(ownerA), 'whatsapp_mensagens')).toBe(5);
    await expect(db.service.checkSchema()).resolves.toBeUndefined();
  });

  test('a missing one is named', async () => {
    const gone = await db.sql`delete from whatsapp_schema where versao = '20261121000700' returning *`;
    const error: unknown = await db.service.checkSchema().catch((e: unknown) => e);
    expect(isGatewayError(error, 'SCHEMA_OUTDATED')).toBe(true);
    expect(String(error)).toContain('20261121000700_registrar_eventos.sql');
    await db.sql`insert into whatsapp_schema ${db.sql(gone)}`;
  });
});

describe('reading', () => {
  test('pages of messages join without a gap or a repeat, in both directions', async () => {
    const session = aSession();
    const chat = aPerson();
    const sent = Array.from({ length: 25 }, (_, i) =>
      aMessage(session.sessao, chat, { timestamp: `2026-11-21T10:00:0${i % 3}Z` }),
    );
    const [, opened] = await db.service.registrarEventos([session, ...sent]);
    const id = opened?.atendimento_id ?? '';
    for (const direction of ['asc', 'desc'] as const) {
      const seen: unknown[] = [];
      let cursor: string | null = null;
      do {
        const page = await db.service.listMensagens(id, { limit: 4, cursor, direction });
        seen.push(...page.data.map((row) => [row['timestamp'], row['ordem']]));
        cursor = page.nextCursor;
      } while (cursor);
      const sorted = sent
        .map((m) => [m.timestamp.replace('Z', '.000Z'), m.ordem] as const)
        .sort((x, y) => x[0].localeCompare(y[0]) || x[1] - y[1]);
      expect(seen).toEqual(direction === 'asc' ? sorted : sorted.reverse());
    }
  });

  test('active atendimentos: latest first, by owner, company, session, status', async () => {
    const of = async (scope: { ownerId: string; companyIds: string[] } | null, more = {}) => {
      const page = await db.service.listAtendimentosAtivos({ limit: 100, ...more }, scope);
      return page.data.length;
    };
    expect(await of({ ownerId: ownerA, companyIds: [] })).toBe(5);
    expect(await of({ ownerId: ownerA, companyIds: [company] })).toBe(8);
    expect(await of({ ownerId: ownerA, companyIds: [] }, { status: 'EM_ATENDIMENTO' })).toBe(1);
    expect(await of(null, { sessao: 'none' })).toBe(0);
    const { data } = await db.service.listAtendimentosAtivos({ limit: 100 });
    const times = data.map((row) => row['ultima_mensagem'] as string);
    expect(times).toEqual([...times].sort().reverse());
    const paged = await db.service.listAtendimentosAtivos({ limit: 2 }, { ownerId: ownerA, companyIds: [] });
    const rest = await db.service.listAtendimentosAtivos(
      { limit: 9, cursor: paged.nextCursor },
      { ownerId: ownerA, companyIds: [] },
    );
    expect(new Set([...paged.data, ...rest.data].map((row) => row['id'])).size).toBe(5);
  });

  test("another owner's atendimento is not there", async () => {
    const { data } = await db.service.listAtendimentosAtivos({ limit: 1 }, { ownerId: ownerA, companyIds: [] });
    const id = data[0]?.['id'] as string;
    const scope = { ownerId: ownerB, companyIds: [] };
    await expect(db.service.listMensagens(id, { limit: 1 }, scope)).rejects.toMatchObject({
      code: 'ATENDIMENTO_NOT_FOUND',
    });
  });

  test.each(['x', Buffer.from('["a","b","c"]').toString('base64url'), Buffer.from('[]').toString('base64url')])(
    'a cursor that no list gave is a bad request: %s',
    async (cursor) => {
      await expect(db.service.listAtendimentosAtivos({ limit: 1, cursor })).rejects.toMatchObject({
        code: 'BAD_REQUEST',
      });
      await expect(db.service.listMensagens(randomUUID(), { limit: 1, cursor })).rejects.toMatchObject({
        code: 'BAD_REQUEST',
      });
    },
  );

  test('an id that is no UUID is a bad request, one that is nobody is not found', async () => {
    await expect(db.service.getAtendimento('../x')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(await db.service.getAtendimento(randomUUID())).toBeNull();
  });

  test('the self test leaves nothing behind', async () => {
    await db.service.selfTest();
    expect(await db.sql`select * from whatsapp_configuracoes`).toHaveLength(0);
    expect(await db.service.ping()).toBeGreaterThan(0);
  });

  test('a database that is gone is told once, and once when it is back', async () => {
    const heard: string[] = [];
    const gone = new SupabaseWhatsAppService({
      host: { current: { url: 'http://127.0.0.1:9', serviceRoleKey: 'k' } },
      log: silentLog,
      clock: systemClock,
    });
    gone.events.on('supabaseOffline', ({ state }) => heard.push(state));
    await expect(gone.ping()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryClass: 'retry' });
    await expect(gone.registrarEventos([aSession()])).rejects.toMatchObject({ retryClass: 'retry' });
    expect(heard).toEqual(['offline']);
    await gone.stop();
  });

  test('an address that answers 404 without a body is no success', async () => {
    const wrong = new SupabaseWhatsAppService({
      host: { current: { url: `${db.url}/nowhere`, serviceRoleKey: db.serviceRoleKey } },
      log: silentLog,
      clock: systemClock,
    });
    await expect(wrong.registrarEventos([aSession()])).rejects.toMatchObject({ name: 'DatabaseFailure' });
    await wrong.stop();
  });
});
