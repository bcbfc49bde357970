import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DatabaseFailure } from '../../src/supabase/database-failure.js';
import { aTestDatabase, type TestDatabase } from '../support/database.js';
import { aMessage, aPerson, aSession } from '../support/eventos.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await aTestDatabase();
});
afterAll(() => database.close());

const post = (body: string, apikey?: string) =>
  fetch(`${database.url}/rest/v1/rpc/registrar_eventos`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(apikey && { apikey }) },
    body,
  });

test('results come back in the order of the batch, with the types PostgREST gives', async () => {
  const session = aSession();
  const chat = aPerson();
  const results = await database.service.registrarEventos([
    session,
    aMessage(session.sessao, chat),
    aMessage(session.sessao, chat),
  ]);
  expect(results.map(({ indice, resultado }) => [indice, resultado])).toEqual([
    [0, 'inserida'],
    [1, 'inserida'],
    [2, 'inserida'],
  ]);
  expect(results[1]).toMatchObject({ atendimento_novo: true, atendimento_status: 'AGUARDANDO', unidos: null });
  expect(results[2]).toMatchObject({ atendimento_novo: false, atendimento_id: results[1]!.atendimento_id });
});

test('nobody writes without the service role key', async () => {
  for (const key of [undefined, 'wrong', database.anonKey]) {
    const { status } = await post('{"lote":[]}', key);
    expect([key, status >= 400 && status < 500]).toEqual([key, true]);
  }
});

test('a bad item is told by its SQLSTATE, and nothing of its batch is stored', async () => {
  const session = aSession();
  const good = aMessage(session.sessao, aPerson());
  const bad = { ...aMessage(session.sessao, aPerson()), timestamp: 'yesterday-ish' };
  const failure = await database.service.registrarEventos([session, good, bad]).catch((error: unknown) => error);
  expect(failure).toMatchObject({ retryClass: 'dead', sqlstate: '22007' } satisfies Partial<DatabaseFailure>);
  const rows = await database.sql`select id from whatsapp_mensagens where id = ${good.id}`;
  expect(rows).toHaveLength(0);
});

test('what is no JSON is a 400', async () => {
  const answer = await post('{"lote":[', database.serviceRoleKey);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code: '22P02' });
});

test('a missing function pauses the queue instead of parking what waits', async () => {
  await database.sql`alter function public.registrar_eventos(jsonb) rename to registrar_eventos_antiga`;
  try {
    const failure = await database.service.registrarEventos([aSession()]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ retryClass: 'pause', code: 'SCHEMA_OUTDATED' } satisfies Partial<DatabaseFailure>);
  } finally {
    await database.sql`alter function public.registrar_eventos_antiga(jsonb) rename to registrar_eventos`;
  }
});
