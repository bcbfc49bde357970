import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient } from '@supabase/supabase-js';
import { randomUUID } from 'node:crypto';
import ws from 'ws';
import { aTestDatabase, aUserToken, type TestDatabase } from '../support/database.js';
import { aMessage, aPerson, aSession } from '../support/eventos.js';

let db: TestDatabase;
let session: ReturnType<typeof aSession>;
const owner = randomUUID();
beforeAll(async () => {
  db = await aTestDatabase();
  session = aSession({ owner_id: owner });
  await db.service.registrarEventos([session]);
});
afterAll(() => db?.close());

const supabase = (key: string, token?: string) =>
  createClient(db.url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: ws as never },
    ...(token ? { global: { headers: { Authorization: `Bearer ${token}` } } } : {}),
  });
const service = () => supabase(db.serviceRoleKey);
const user = () => supabase(db.anonKey, aUserToken(db.jwtSecret, owner));

async function anAtendimento(): Promise<string> {
  const [written] = await db.service.registrarEventos([aMessage(session.sessao, aPerson())]);
  return written?.atendimento_id ?? '';
}

describe('the local API answers supabase-js as PostgREST does', () => {
  test('a value that a column does not allow is 400 with its code, for users and for the service key', async () => {
    const id = await anAtendimento();
    for (const client of [service(), user()]) {
      const { status, error } = await client.from('whatsapp_atendimentos').update({ status: 'x' }).eq('id', id);
      expect([status, error?.code, error?.message]).toEqual([400, '23514', expect.stringMatching(/check constraint/)]);
    }
  });

  test.each<[string, Record<string, unknown>, number, string]>([
    ['no number', { prioridade: 'x' }, 400, '22P02'],
    ['no such column', { nada: 1 }, 400, 'PGRST204'],
    ['what must not be null', { status: null }, 400, '23502'],
    ['a row that does not exist', { session_id: randomUUID() }, 409, '23503'],
  ])('%s: %j is %i %s', async (_, changes, status, code) => {
    const answer = await service()
      .from('whatsapp_atendimentos')
      .update(changes)
      .eq('id', await anAtendimento());
    expect([answer.status, answer.error?.code]).toEqual([status, code]);
  });

  test('times are ISO 8601, in rows and from functions', async () => {
    const id = await anAtendimento();
    const { data } = await service().from('whatsapp_atendimentos').select('*').eq('id', id).single<Row>();
    const times = ['created_at', 'updated_at', 'data_inicio', 'ultima_mensagem'].map((name) => data?.[name]);
    for (const time of times) expect(time).toMatch(ISO);
    const changed = await user().from('whatsapp_atendimentos').update({ prioridade: 2 }).eq('id', id).select('*');
    expect((changed.data?.[0] as Row)['updated_at']).toMatch(ISO);
  });
});

type Row = Record<string, unknown>;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/;

describe('a closed atendimento', () => {
  test.each([
    ['FINALIZADO', 'AGUARDANDO'],
    ['FINALIZADO', 'EM_ATENDIMENTO'],
    ['CANCELADO', 'AGUARDANDO'],
    ['CANCELADO', 'EM_ATENDIMENTO'],
  ])('%s is not opened again as %s, by a user or the service key: 409', async (closed, open) => {
    const id = await anAtendimento();
    expect((await user().from('whatsapp_atendimentos').update({ status: closed }).eq('id', id)).error).toBeNull();
    for (const client of [service(), user()]) {
      const { status, error } = await client.from('whatsapp_atendimentos').update({ status: open }).eq('id', id);
      expect([status, error?.code]).toEqual([409, 'PT409']);
    }
    const { data } = await service().from('whatsapp_atendimentos').select('status').eq('id', id).single<Row>();
    expect(data).toEqual({ status: closed });
  });

  test('still takes notes, tags and the other end', async () => {
    const id = await anAtendimento();
    const set = (changes: Row) => user().from('whatsapp_atendimentos').update(changes).eq('id', id);
    expect((await set({ status: 'FINALIZADO' })).error).toBeNull();
    expect((await set({ observacoes: 'ligou depois', tags: ['vip'], status: 'FINALIZADO' })).error).toBeNull();
    expect((await set({ status: 'CANCELADO' })).error).toBeNull();
  });
});

describe('what is not here says so', () => {
  test('a channel of Supabase Realtime is refused, never silently subscribed', async () => {
    const client = service();
    const changes = { event: '*', schema: 'public', table: 'whatsapp_mensagens' } as const;
    const state = await new Promise<string>((resolve) => {
      client
        .channel('rows')
        .on('postgres_changes', changes, () => undefined)
        .subscribe((reached) => resolve(reached));
    });
    await client.removeAllChannels();
    expect(state).toBe('CHANNEL_ERROR');
  });

  test('Storage', async () => {
    const { error } = await service().storage.listBuckets();
    expect(error?.message).toMatch(/no Storage here.*messages\/:id\/media/);
  });

  test('the admin interface of Auth, links and codes by mail', async () => {
    for (const asked of [
      service().auth.admin.listUsers(),
      supabase(db.anonKey).auth.resetPasswordForEmail('a@example.com'),
    ]) {
      expect((await asked).error?.message).toMatch(/not available here/);
    }
  });
});
