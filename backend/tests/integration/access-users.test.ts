import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import ws from 'ws';
import type { DatabaseSchema } from '../../src/supabase/rows.js';
import { anApiKey, as, ROOT_KEY } from '../support/access.js';
import { aUserToken } from '../support/database.js';
import { aGateway, aNumber, CONNECTIONS, SEND, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';

/** Two users of one gateway, each with a paired number and a customer; and a colleague of B's. */
const gateway = aGateway({ API_KEY: ROOT_KEY });
const company = randomUUID();
const people = { a: aPerson('loja-a'), b: aPerson('loja-b') };
const colleague = aPerson('', { app_metadata: { company_ids: [company] } });
const pretender = aPerson('', { user_metadata: { company_ids: [company] }, app_metadata: { company_ids: company } });

function aPerson(connection: string, claims: Record<string, unknown> = {}) {
  const id = randomUUID();
  const token = () => aUserToken(gateway.database.jwtSecret, id, claims);
  return { id, connection, token, headers: () => as(token()) };
}
type Person = ReturnType<typeof aPerson>;

beforeAll(async () => {
  for (const [person, more] of [
    [people.a, {}],
    [people.b, { companyId: company }],
  ] as const) {
    // Linking is the user's own doing; the company is given by the operator.
    const headers = 'companyId' in more ? as(ROOT_KEY) : person.headers();
    await gateway.http.post(CONNECTIONS, { connectionId: person.connection, ownerId: person.id, ...more }, headers);
    const phone = gateway.simulator.createPhone({ number: aNumber(), name: 'Loja' });
    const qr = await until('a QR', () => gateway.parts.pool.get(person.connection)?.qr?.code);
    await phone.scan(qr);
    await until('it to be ready', () => gateway.parts.pool.get(person.connection)?.estado === 'ready');
    const customer = gateway.aCustomer();
    customer.send(phone, { conversation: `segredo de ${person.connection}` });
  }
  await until('two rows', async () => (await gateway.database.sql`select id from whatsapp_mensagens`).length === 2);
}, 60_000);

/** supabase-js as a web page of that user has it: the publishable key, and the user's token. */
function supabaseOf(person: Person): SupabaseClient<DatabaseSchema> {
  return createClient<DatabaseSchema>(gateway.database.url, gateway.database.anonKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: ws as never },
    global: { headers: { Authorization: `Bearer ${person.token()}` } },
  });
}

describe('in the database, by supabase-js', () => {
  const tables = ['whatsapp_sessions', 'whatsapp_contatos', 'whatsapp_atendimentos', 'whatsapp_mensagens'];

  test.each(tables)('in %s A sees the rows of A, B those of B, a colleague those of the company', async (table) => {
    const owners = async (person: Person) => {
      const { data, error } = await supabaseOf(person).from(table).select('owner_id');
      expect(error).toBeNull();
      return [...new Set((data as { owner_id: string }[]).map((row) => row.owner_id))];
    };
    expect(await owners(people.a)).toEqual([people.a.id]);
    expect(await owners(people.b)).toEqual([people.b.id]);
    expect(await owners(colleague)).toEqual([people.b.id]);
    expect(await owners(pretender)).toEqual([]);
  });

  test.each(['whatsapp_api_keys', 'whatsapp_auditoria', 'whatsapp_schema', 'whatsapp_status_pendentes'])(
    '%s is not for users',
    async (table) => {
      const { data, error } = await supabaseOf(people.a).from(table).select('*');
      expect([data ?? [], error?.code]).toEqual([[], '42501']);
    },
  );

  test('A can neither change a row of B nor give one of their own away', async () => {
    const db = supabaseOf(people.a);
    const stolen = await db
      .from('whatsapp_atendimentos')
      .update({ prioridade: 9 })
      .eq('owner_id', people.b.id)
      .select();
    expect(stolen.data).toEqual([]);
    const given = await db.from('whatsapp_atendimentos').update({ owner_id: people.b.id }).eq('owner_id', people.a.id);
    expect(given.error?.code).toBe('42501');
    const forged = await db.from('whatsapp_mensagens').insert({ owner_id: people.a.id, conteudo: 'x' });
    expect(forged.error?.code).toBe('42501');
  });
});

describe('by the API', () => {
  const ids = async (person: Person) => {
    const { body } = await gateway.http.get<{ data: { id: string }[] }>(CONNECTIONS, person.headers());
    return body.data.map(({ id }) => id);
  };
  const atendimentos = async (person: Person) => {
    const path = '/api/whatsapp-integration/atendimentos/active';
    const { body } = await gateway.http.get<{ data: { id: string; owner_id: string }[] }>(path, person.headers());
    return body.data;
  };

  test('each sees their own connections and conversations, a colleague those of the company', async () => {
    expect([await ids(people.a), await ids(people.b)]).toEqual([['loja-a'], ['loja-b']]);
    expect([await ids(colleague), await ids(pretender)]).toEqual([['loja-b'], []]);
    const owners = async (person: Person) => (await atendimentos(person)).map((row) => row.owner_id);
    expect([await owners(people.a), await owners(people.b)]).toEqual([[people.a.id], [people.b.id]]);
    expect([await owners(colleague), await owners(pretender)]).toEqual([[people.b.id], []]);
  });

  test('A reads, links, sends from and removes nothing of B', async () => {
    const [theirs] = await atendimentos(people.b);
    const headers = people.a.headers();
    const { http } = gateway;
    const answers = [
      await http.get(`/api/whatsapp-integration/messages/${theirs?.id}`, headers),
      await http.get(`${CONNECTIONS}/loja-b`, headers),
      await http.get(`${CONNECTIONS}/loja-b/qr`, headers),
      await http.post(`${CONNECTIONS}/loja-b/pairing-code`, { phoneNumber: '+5511977771234' }, headers),
      await http.post(SEND, { connectionId: 'loja-b', to: '5511988887777', content: 'x' }, headers),
      await http.delete(`${CONNECTIONS}/loja-b`, headers),
      await http.post(CONNECTIONS, { connectionId: 'loja-b' }, headers),
      await http.post(CONNECTIONS, { connectionId: 'nova', ownerId: people.b.id }, headers),
      await http.post(CONNECTIONS, { connectionId: 'nova', companyId: company }, headers),
    ];
    expect(answers.map(verdict)).toEqual([
      ...['404 ATENDIMENTO_NOT_FOUND', '404 CONNECTION_NOT_FOUND', '404 CONNECTION_NOT_FOUND'],
      ...['404 CONNECTION_NOT_FOUND', '404 CONNECTION_NOT_FOUND', '404 CONNECTION_NOT_FOUND'],
      ...['409 CONNECTION_TAKEN', '403 FORBIDDEN', '403 FORBIDDEN'],
    ]);
    for (const { bytes } of answers) expect(bytes.toString()).not.toMatch(/segredo de loja-b|loja-b'/);
    expect(await ids(people.b)).toEqual(['loja-b']);
  });

  test('a key that is limited to one connection reads only its conversations', async () => {
    const { key } = await anApiKey(gateway, { ownerId: people.a.id, connectionIds: ['loja-a'] });
    const other = await anApiKey(gateway, { ownerId: people.a.id, connectionIds: ['loja-z'] });
    const count = async (text: string) => {
      const path = '/api/whatsapp-integration/atendimentos/active';
      return (await gateway.http.get<{ data: unknown[] }>(path, as(text))).body.data.length;
    };
    expect([await count(key), await count(other.key)]).toEqual([1, 0]);
    const [mine] = await atendimentos(people.a);
    const read = async (text: string) =>
      verdict(await gateway.http.get(`/api/whatsapp-integration/messages/${mine?.id}`, as(text)));
    expect([await read(key), await read(other.key)]).toEqual(['200', '404 ATENDIMENTO_NOT_FOUND']);
  });

  test('the figures of the status count only what the caller sees', async () => {
    const total = async (headers: Record<string, string>) => {
      const path = '/api/whatsapp-bootstrap/status';
      return (await gateway.http.get<{ connections: { total: number } }>(path, headers)).body.connections.total;
    };
    expect([await total(people.a.headers()), await total(pretender.headers()), await total(as(ROOT_KEY))]).toEqual([
      1, 0, 2,
    ]);
  });

  test('the figures name the queues of the connections that the caller sees', async () => {
    const command = (name: string) => gateway.http.post(`/clients/loja-b/${name}`, undefined, people.b.headers());
    await command('disconnect');
    await gateway.http.post(`${SEND}?wait=0`, { connectionId: 'loja-b', to: aNumber(), content: 'oi' }, as(ROOT_KEY));
    const named = async (headers: Record<string, string>) => {
      type Stats = { sends: { queues: { connectionId: string }[] } };
      const { body } = await gateway.http.get<Stats>('/api/whatsapp-bootstrap/stats', headers);
      return body.sends.queues.map(({ connectionId }) => connectionId);
    };
    const ofB = (await anApiKey(gateway, { ownerId: people.b.id, connectionIds: ['loja-z'] })).key;
    for (const all of [as(ROOT_KEY), people.b.headers(), colleague.headers()])
      expect(await named(all)).toEqual(['loja-b']);
    for (const none of [people.a.headers(), pretender.headers(), as(ofB)]) expect(await named(none)).toEqual([]);
    await command('reconnect');
    await until('the send to be settled', async () => (await named(as(ROOT_KEY))).length === 0);
  });

  test('users do nothing that concerns the gateway as a whole', async () => {
    const answer = await gateway.http.post('/api/whatsapp-bootstrap/restart', undefined, people.a.headers());
    expect(verdict(answer)).toBe('403 FORBIDDEN');
  });
});

describe('webhooks of a company', () => {
  const WEBHOOKS = '/api/whatsapp-bootstrap/webhooks';
  const url = 'https://example.com/hook';
  type Webhook = { id: string; ownerId: string | null; companyId: string | null; connectionId: string | null };
  const create = (body: Record<string, unknown>, headers: Record<string, string>) =>
    gateway.http.post<{ webhook: Webhook }>(WEBHOOKS, { url, ...body }, headers);
  const ids = async (headers: Record<string, string>) => {
    const { body } = await gateway.http.get<{ data: Webhook[] }>(WEBHOOKS, headers);
    return body.data.map(({ id }) => id);
  };

  test('its people make, see, change and remove them; nobody else does', async () => {
    const made = await create({ companyId: company }, colleague.headers());
    expect(made.body.webhook).toMatchObject({ ownerId: null, companyId: company, connectionId: null });
    const { id } = made.body.webhook;
    const another = aPerson('', { app_metadata: { company_ids: [company] } });
    expect(await ids(another.headers())).toContain(id);
    for (const stranger of [people.a, people.b, pretender]) {
      expect(await ids(stranger.headers())).not.toContain(id);
      expect(verdict(await gateway.http.delete(`${WEBHOOKS}/${id}`, stranger.headers()))).toBe('404 WEBHOOK_NOT_FOUND');
      expect(verdict(await create({ companyId: company }, stranger.headers()))).toBe('403 FORBIDDEN');
    }
    expect(verdict(await gateway.http.delete(`${WEBHOOKS}/${id}`, another.headers()))).toBe('200');
  });

  test('one for a connection of the company belongs to the company; for one of somebody else there is none', async () => {
    const made = await create({ connectionId: 'loja-b' }, colleague.headers());
    expect(made.body.webhook).toMatchObject({ ownerId: null, companyId: company, connectionId: 'loja-b' });
    expect(verdict(await create({ connectionId: 'loja-a' }, colleague.headers()))).toBe('404 CONNECTION_NOT_FOUND');
    const own = await create({ connectionId: 'loja-b' }, people.b.headers());
    expect(own.body.webhook).toMatchObject({ ownerId: people.b.id, companyId: null });
    const both = await create({ companyId: company, ownerId: people.b.id }, as(ROOT_KEY));
    expect(verdict(both)).toBe('400 BAD_REQUEST');
  });

  test('an event is put into the lines of its owner and its company, and into no other', async () => {
    const whose = { ofA: people.a.headers(), ofB: people.b.headers(), ofTheCompany: colleague.headers() };
    const lines: [string, string][] = [];
    for (const [name, headers] of Object.entries(whose)) {
      const body = name === 'ofTheCompany' ? { companyId: company } : {};
      lines.push([name, (await create({ ...body, events: ['qr'] }, headers)).body.webhook.id]);
    }
    const { webhooks } = gateway.parts.journal;
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    gateway.parts.events.emit('qr', { connectionId: 'loja-b', code: 'x', expiresAt });
    const told = () =>
      lines.filter(
        ([, id]) => webhooks.deliveries(id, { limit: 9, beforeSeq: null, state: null }).deliveries.length > 0,
      );
    await until('the lines', () => told().length === 2);
    expect(told().map(([name]) => name)).toEqual(['ofB', 'ofTheCompany']);
  });

  test('a key that is limited to some connections has webhooks of these alone', async () => {
    const { key } = await anApiKey(gateway, { ownerId: people.a.id, connectionIds: ['loja-a'] });
    expect(verdict(await create({}, as(key)))).toBe('403 FORBIDDEN');
    const everything = (await create({}, people.a.headers())).body.webhook.id;
    const one = (await create({ connectionId: 'loja-a' }, as(key))).body.webhook.id;
    const seen = await ids(as(key));
    expect([seen.includes(one), seen.includes(everything)]).toEqual([true, false]);
  });
});
