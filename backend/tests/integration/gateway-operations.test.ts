import { expect, test } from '@jest/globals';
import { aGateway, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const BASE = '/api/whatsapp-bootstrap';

interface Status {
  uptimeS: number;
  services: Record<string, { state: string; since: string; reason: string | null }>;
  connections: { total: number; ready: number; byStatus: Record<string, number> };
}

test('status tells the state of each service and of the connections', async () => {
  const { id } = await gateway.aPairedConnection();
  const { status, body } = await gateway.http.get<Status>(`${BASE}/status`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ success: true, version: expect.any(String), foreignServer: true });
  for (const name of ['supabase', 'integration', 'watchdog', 'bootstrap']) {
    expect(body.services[name]).toMatchObject({ state: 'running', reason: null });
  }
  expect(body.connections.byStatus['ready']).toBe(body.connections.ready);
  expect(body.connections.ready).toBeGreaterThan(0);
  await gateway.untilEstado(id, 'ready');
});

test('stats count what was accepted, sent and failed, and what waits', async () => {
  const { id } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  interface Stats {
    sends: Record<string, number>;
    queues: Record<string, number>;
    supabase: { reachable: boolean; responseMs: number };
    connections: { active: number };
  }
  const before = (await gateway.http.get<Stats>(`${BASE}/stats`)).body;
  await gateway.send(id, { to: ana.number, content: 'vai' });
  gateway.simulator.faults.errorAckNext(463);
  await gateway.send(id, { to: ana.number, content: 'não vai' });
  const after = (await gateway.http.get<Stats>(`${BASE}/stats`)).body;
  expect(after.sends['accepted']! - before.sends['accepted']!).toBe(2);
  expect(after.sends['sent']! - before.sends['sent']!).toBe(1);
  expect(after.sends['failed']! - before.sends['failed']!).toBe(1);
  expect(after.sends['successRate']).toBeGreaterThan(0);
  expect(after).toMatchObject({ supabase: { reachable: true }, queues: { deadLetters: 0, outboxUnfinished: 0 } });
  expect(after.connections.active).toBeGreaterThan(0);
});

test('the self test tries every part for real and leaves nothing behind', async () => {
  const { id } = await gateway.aPairedConnection();
  const sessions = (await gateway.crm.rows('whatsapp_sessions')).length;
  const { status, body } = await gateway.http.post<{ steps: { name: string; ok: boolean }[] }>(`${BASE}/test`);
  expect([status, body.steps.filter(({ ok }) => !ok)]).toEqual([200, []]);
  expect(body.steps.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['disk', 'database', 'queue', `connection:${id}`]),
  );
  expect(await gateway.crm.rows('whatsapp_sessions')).toHaveLength(sessions);
});

test('the self test names the step that failed', async () => {
  const { id, companion } = await gateway.aPairedConnection();
  gateway.simulator.faults.failLogins(companion, 403);
  gateway.simulator.faults.reset(companion);
  await gateway.untilEstado(id, 'banned');
  const { status, body } = await gateway.http.post<{ steps: { name: string; ok: boolean; error?: string }[] }>(
    `${BASE}/test`,
  );
  expect(status).toBe(503);
  expect(body.success).toBe(false);
  expect(body.steps.find(({ name }) => name === `connection:${id}`)).toMatchObject({
    ok: false,
    error: expect.any(String),
  });
  await gateway.http.delete(`/api/whatsapp-integration/connections/${id}`);
});

test('initialize can be repeated; restart brings every session back and loses nothing', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await ana.send(phone, 'antes').receipted;
  expect((await gateway.http.post(`${BASE}/initialize`)).status).toBe(200);
  const restarting = gateway.http.post<Status>(`${BASE}/restart`);
  const sent = ana.send(phone, 'durante');
  const { status, body } = await restarting;
  expect([status, body.services['integration']?.state]).toEqual([200, 'running']);
  await gateway.untilEstado(id, 'ready');
  await gateway.crm.mensagem(id, sent.id);
  expect((await gateway.send(id, { to: ana.number, content: 'depois' })).status).toBe(201);
  const rows = await until('all rows', async () => {
    const found = await gateway.crm.mensagens(id);
    return found.length === 3 && found;
  });
  expect(rows.map((row) => row['conteudo'])).toEqual(['antes', 'durante', 'depois']);
  expect((await gateway.http.post(`${BASE}/test`)).status).toBe(200);
});

test('health: live and ready, also under the eyes of a balancer without a key', async () => {
  expect((await gateway.http.get('/health/live')).status).toBe(200);
  expect((await gateway.http.get('/health/ready')).body).toEqual({ success: true, status: 'ready' });
});

test('with an API key nothing but the probes answers without it', async () => {
  const key = 'uma-chave-bem-comprida';
  await gateway.restart({ API_KEY: key });
  try {
    expect(verdict(await gateway.http.get(`${BASE}/status`))).toBe('401 UNAUTHORIZED');
    expect((await gateway.http.get('/health/ready')).status).toBe(200);
    for (const headers of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }]) {
      expect((await gateway.http.get(`${BASE}/status`, headers as Record<string, string>)).status).toBe(200);
    }
    expect(verdict(await gateway.http.get(`${BASE}/status?apikey=${key}`))).toBe('401 UNAUTHORIZED');
  } finally {
    await gateway.restart();
  }
});

test('whoever opens the address is told what this is and where to go', async () => {
  const { status, body } = await gateway.http.get<Record<string, unknown>>('/');
  expect([status, body]).toEqual([200, expect.objectContaining({ success: true, name: 'Sentinela' })]);
  for (const key of ['documentation', 'openapi', 'health']) {
    const answer = await fetch(gateway.http.baseUrl + String((body as Record<string, unknown>)[key]));
    expect([key, answer.status]).toEqual([key, 200]);
    await answer.arrayBuffer();
  }
});

test('the OpenAPI document describes the routes that are there', async () => {
  const { status, body } = await gateway.http.get<{ openapi: string; paths: Record<string, unknown> }>('/openapi.json');
  expect([status, body.openapi]).toEqual([200, '3.1.0']);
  for (const path of Object.keys(body.paths).filter((each) => !each.includes('{'))) {
    expect((await gateway.http.request('PUT', path)).status).toBe(405);
  }
});

test('a database that misses a migration is named in the status and by the self test, and found whole again', async () => {
  const { sql } = gateway.database;
  const [last] =
    await sql`delete from whatsapp_schema where versao = (select max(versao) from whatsapp_schema) returning *`;
  await gateway.restart();
  const reason = async () => (await gateway.http.get<Status>(`${BASE}/status`)).body.services['supabase']?.reason;
  await until('the reason', reason);
  expect(await reason()).toContain(String(last!['versao']));
  const failed = await gateway.http.post<{ steps: { name: string; error?: string }[] }>(`${BASE}/test`);
  expect(failed.status).toBe(503);
  expect(failed.body.steps.find(({ name }) => name === 'database')?.error).toContain(String(last!['versao']));
  await sql`insert into whatsapp_schema ${sql(last!)}`;
  await until('the self test to pass', async () => (await gateway.http.post(`${BASE}/test`)).status === 200);
  expect(await reason()).toBeNull();
});

test('above its rate a connection queues sends instead of failing them, and the figures show it', async () => {
  await gateway.restart({ SEND_RATE_PER_MINUTE: '30' });
  const { id } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  interface Stats {
    sends: { queues: { connectionId: string; waiting: number; throttledMs: number }[] };
  }
  // Ten seconds' worth may go at once: five.
  const texts = Array.from({ length: 7 }, (_, index) => `depressa ${index}`);
  const answers = await Promise.all(
    texts.map((content) => gateway.send(id, { to: ana.number, content }, undefined, '?wait=0')),
  );
  expect(answers.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
  const queue = await until('the queue', async () => {
    const { body } = await gateway.http.get<Stats>(`${BASE}/stats`);
    return body.sends.queues.find((each) => each.connectionId === id && each.throttledMs > 0);
  });
  expect(queue.waiting).toBeGreaterThan(0);
  expect((await gateway.http.get('/metrics')).bytes.toString()).toContain('\nsentinela_connections_throttled 1\n');
  const sent = async () => (await gateway.crm.mensagens(id)).filter((row) => row['status'] !== 'PENDENTE');
  await until('all to be sent', async () => (await sent()).length === texts.length);
  await gateway.restart();
});
