import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { sha256Hex } from '../../src/access/key-text.js';
import { KeysCommand } from '../../src/access/keys-command.js';
import { anApiKey, as, KEYS, ROOT_KEY } from '../support/access.js';
import { aGateway, CONNECTIONS, SEND, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';

type Refusal = { error: { message: string; details: unknown } };
const gateway = aGateway({ API_KEY: ROOT_KEY });
const AUDIT = '/api/whatsapp-bootstrap/audit';
const list = (key: string) => gateway.http.get(CONNECTIONS, as(key));
const rowOf = async (id: string): Promise<Record<string, unknown> | undefined> =>
  (await gateway.database.sql`select * from whatsapp_api_keys where id = ${id}`)[0];

describe('an API key', () => {
  test('works from the moment it was made, and the table has its digest and not the key', async () => {
    const owner = randomUUID();
    const { key, apiKey } = await anApiKey(gateway, { name: 'CRM', grants: ['read'], ownerId: owner });
    expect(verdict(await list(key))).toBe('200');
    const row = await until('its row', () => rowOf(apiKey.id));
    expect(row).toMatchObject({
      owner_id: owner,
      nome: 'CRM',
      permissoes: ['read'],
      conexoes: null,
      hash: sha256Hex(key),
    });
    expect(JSON.stringify(row)).not.toContain(key.slice(-43));
    expect(JSON.stringify((await gateway.http.get(KEYS, as(ROOT_KEY))).body)).not.toContain(row['hash']);
  });

  test('that was renewed has two texts for a while, never three', async () => {
    const first = await anApiKey(gateway);
    const rotate = async (body?: object) => {
      const path = `${KEYS}/${first.apiKey.id}/rotate`;
      return (await gateway.http.post<typeof first>(path, body, as(ROOT_KEY))).body;
    };
    const second = await rotate();
    expect([verdict(await list(first.key)), verdict(await list(second.key))]).toEqual(['200', '200']);
    expect(second.apiKey.previousUntil).toEqual(expect.any(String));
    const third = await rotate({ graceHours: 1 });
    expect(verdict(await list(first.key))).toBe('401 UNAUTHORIZED');
    expect([verdict(await list(second.key)), verdict(await list(third.key))]).toEqual(['200', '200']);
    const fourth = await rotate({ graceHours: 0 });
    expect(verdict(await list(third.key))).toBe('401 UNAUTHORIZED');
    expect(verdict(await list(fourth.key))).toBe('200');
  });

  test('that was revoked is refused at once and for good, also after a restart', async () => {
    const { key, apiKey } = await anApiKey(gateway);
    expect(verdict(await gateway.http.delete(`${KEYS}/${apiKey.id}`, as(ROOT_KEY)))).toBe('200');
    expect(verdict(await list(key))).toBe('401 UNAUTHORIZED');
    expect(verdict(await gateway.http.post(`${KEYS}/${apiKey.id}/rotate`, {}, as(ROOT_KEY)))).toBe(
      '404 API_KEY_NOT_FOUND',
    );
    await gateway.restart();
    expect(verdict(await list(key))).toBe('401 UNAUTHORIZED');
    await until('the table to say so', async () => (await rowOf(apiKey.id))?.['revogada_em']);
  });

  test('that has expired is refused', async () => {
    const { key, apiKey } = await anApiKey(gateway, { expiresAt: new Date(Date.now() + 1000).toISOString() });
    await until('its end', async () => verdict(await list(key)) === '401 UNAUTHORIZED');
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(apiKey.expiresAt!));
  });

  test('that would have expired already is not made: the answer names the field and the fix', async () => {
    const before = gateway.parts.access.keys.list().length;
    const body = { name: 'late', grants: ['read'], expiresAt: new Date(Date.now() - 1000).toISOString() };
    const answer = await gateway.http.post<Refusal>(KEYS, body, as(ROOT_KEY));
    expect(verdict(answer)).toBe('400 BAD_REQUEST');
    expect(answer.body.error).toMatchObject({
      message: expect.stringMatching(/^body\.expiresAt must be in the future \(now it is 20/),
      details: [{ field: 'body.expiresAt', problem: expect.stringContaining('must be in the future') }],
    });
    const command = new KeysCommand({ url: gateway.http.baseUrl, rootKey: ROOT_KEY });
    const create = (options: Record<string, string>) => command.run(['create'], { name: 'late', ...options });
    for (const days of ['-1', '0', 'abc', '', '1e9']) await expect(create({ days })).rejects.toThrow(/^--days must be/);
    await expect(create({ rate: 'many' })).rejects.toThrow(/^--rate must be a number of requests a minute/);
    expect(gateway.parts.access.keys.list()).toHaveLength(before);
    expect(await create({ days: '0.5', grants: 'read' })).toMatch(
      /^ID .* EXPIRES .*\n.* active .* 20\d\d-.* late\n\nIt is shown this once:/,
    );
  });

  test('is made of known fields alone: a slip of the pen must not make one for all connections', async () => {
    const body = { name: 'slip', grants: ['read'], connectionId: 'loja' };
    const answer = await gateway.http.post<Refusal>(KEYS, body, as(ROOT_KEY));
    expect(verdict(answer)).toBe('400 BAD_REQUEST');
    expect(answer.body.error.message).toBe(
      'body.connectionId must be left out: there is no such field, did you mean `connectionIds`?',
    );
    const { key } = await anApiKey(gateway, { grants: ['read'] });
    const refused = [
      await gateway.http.get<Refusal>(KEYS, as(key)),
      await gateway.http.post<Refusal>(SEND, {}, as(key)),
    ];
    expect(refused.map((each) => each.body.error.message)).toEqual([
      'This needs the root key (API_KEY).',
      'This needs a key with "send".',
    ]);
  });

  test('works while the database is away, also after a restart, and a change reaches the table when it is back', async () => {
    const old = await anApiKey(gateway);
    await gateway.restart({ SUPABASE_URL: 'http://127.0.0.1:9' });
    const made = await anApiKey(gateway, { name: 'made meanwhile' });
    await gateway.http.delete(`${KEYS}/${old.apiKey.id}`, as(ROOT_KEY));
    expect([verdict(await list(old.key)), verdict(await list(made.key))]).toEqual(['401 UNAUTHORIZED', '200']);
    await gateway.restart();
    await until(
      'both rows',
      async () => (await rowOf(made.apiKey.id)) && (await rowOf(old.apiKey.id))?.['revogada_em'],
    );
  });

  test('that is revoked or narrowed in the table is so here at the next look', async () => {
    const [revoked, narrowed] = [await anApiKey(gateway), await anApiKey(gateway)];
    await until('both rows', async () => (await rowOf(revoked.apiKey.id)) && (await rowOf(narrowed.apiKey.id)));
    await until('the mirror to know', async () => {
      await gateway.database.sql`update whatsapp_api_keys set revogada_em = now() where id = ${revoked.apiKey.id}`;
      await gateway.database.sql`update whatsapp_api_keys set permissoes = '["send"]' where id = ${narrowed.apiKey.id}`;
      // Whatever changes makes it look; by itself it does every 15 s.
      await anApiKey(gateway);
      return (
        verdict(await list(revoked.key)) === '401 UNAUTHORIZED' && verdict(await list(narrowed.key)) === '403 FORBIDDEN'
      );
    });
  });

  test('whose row is gone goes on, and the row comes back', async () => {
    const { key, apiKey } = await anApiKey(gateway);
    await until('its row', () => rowOf(apiKey.id));
    await gateway.database.sql`delete from whatsapp_api_keys where id = ${apiKey.id}`;
    await anApiKey(gateway);
    await until('its row again', () => rowOf(apiKey.id));
    expect(verdict(await list(key))).toBe('200');
  });

  test('that another gateway has made on the same database works here after a look', async () => {
    const { key, apiKey } = await anApiKey(gateway);
    await until('its row', () => rowOf(apiKey.id));
    await gateway.forgetEverything();
    await until('it to work', async () => verdict(await list(key)) === '200');
  });

  test('tells when it was last used', async () => {
    const { key, apiKey } = await anApiKey(gateway);
    await list(key);
    await anApiKey(gateway);
    await until('its last use', async () => (await rowOf(apiKey.id))?.['ultimo_uso_em']);
  });
});

describe('a key of one owner', () => {
  test('limited to one connection sees, uses and creates only that one', async () => {
    const owner = randomUUID();
    const all = await anApiKey(gateway, { ownerId: owner });
    const one = await anApiKey(gateway, { ownerId: owner, connectionIds: ['so-esta'] });
    const create = (key: string, connectionId: string) => gateway.http.post(CONNECTIONS, { connectionId }, as(key));
    expect(verdict(await create(one.key, 'outra'))).toBe('403 FORBIDDEN');
    expect(verdict(await create(all.key, 'outra'))).toBe('201');
    expect(verdict(await create(one.key, 'so-esta'))).toBe('201');
    const ids = async (key: string) =>
      (await gateway.http.get<{ data: { id: string }[] }>(CONNECTIONS, as(key))).body.data.map(({ id }) => id);
    expect([await ids(all.key), await ids(one.key)]).toEqual([['outra', 'so-esta'], ['so-esta']]);
    expect(verdict(await gateway.http.get(`${CONNECTIONS}/outra`, as(one.key)))).toBe('404 CONNECTION_NOT_FOUND');
    const send = { connectionId: 'outra', to: '5511988887777', content: 'x' };
    expect(verdict(await gateway.http.post(SEND, send, as(one.key)))).toBe('404 CONNECTION_NOT_FOUND');
  });

  test('gives its connection to no company that it does not act for', async () => {
    const companyId = randomUUID();
    const { key } = await anApiKey(gateway);
    const member = await anApiKey(gateway, { companyIds: [companyId] });
    const body = { connectionId: 'da-empresa', companyId };
    expect(verdict(await gateway.http.post(CONNECTIONS, body, as(key)))).toBe('403 FORBIDDEN');
    expect(verdict(await gateway.http.post(CONNECTIONS, body, as(member.key)))).toBe('201');
  });

  test('is counted by its own limit', async () => {
    const { key } = await anApiKey(gateway, { ratePerMinute: 2 });
    const verdicts = [await list(key), await list(key), await list(key)].map(verdict);
    expect(verdicts).toEqual(['200', '200', '429 RATE_LIMITED']);
    expect(verdict(await list((await anApiKey(gateway)).key))).toBe('200');
  });
});

describe('the audit', () => {
  test('says who did what, allowed or not, and nothing of what was said', async () => {
    const { key, apiKey } = await anApiKey(gateway, { grants: ['read', 'send'] });
    const secret = `segredo ${randomUUID()}`;
    await gateway.http.post(SEND, { connectionId: 'audited', to: '5511988887777', content: secret }, as(key));
    await gateway.http.delete(`${CONNECTIONS}/audited`, as(key));
    await list(key);
    const caller = `key:${apiKey.id}`;
    const rows = await until('two rows', async () => {
      const { body } = await gateway.http.get<{ data: Record<string, unknown>[] }>(
        `${AUDIT}?caller=${caller}`,
        as(ROOT_KEY),
      );
      return body.data.length === 2 && body.data;
    });
    expect(rows).toMatchObject([
      {
        operacao: 'deleteConnection',
        quem: caller,
        sessao: 'audited',
        alvo: { id: 'audited' },
        status: 403,
        erro: 'FORBIDDEN',
      },
      { operacao: 'sendMessage', quem: caller, sessao: 'audited', status: 404, erro: 'CONNECTION_NOT_FOUND' },
    ]);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  test('is kept while the database is away, and comes in pages', async () => {
    await gateway.restart({ SUPABASE_URL: 'http://127.0.0.1:9' });
    const { apiKey } = await anApiKey(gateway);
    for (const _ of [1, 2, 3]) await gateway.http.delete(`${KEYS}/${apiKey.id}`, as(ROOT_KEY));
    await gateway.restart();
    const count = async () => {
      const rows = await gateway.database.sql`select id from whatsapp_auditoria where alvo ->> 'id' = ${apiKey.id}`;
      return rows.length;
    };
    await until('its three rows', async () => (await count()) === 3);
    type Page = { data: { id: string; em: string }[]; nextCursor: string | null };
    const seen: { id: string; em: string }[] = [];
    let next: string | null = '';
    while (next !== null) {
      const { body }: { body: Page } = await gateway.http.get<Page>(`${AUDIT}?limit=7${next}`, as(ROOT_KEY));
      seen.push(...body.data);
      next = body.nextCursor && `&cursor=${body.nextCursor}`;
    }
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    expect(seen.map(({ em }) => em)).toEqual(
      seen
        .map(({ em }) => em)
        .sort()
        .reverse(),
    );
  });

  test('is forgotten after its retention, the oldest first, and nothing younger with it', async () => {
    const { sql } = gateway.database;
    const { access } = gateway.parts;
    const old = new Date(Date.now() - gateway.parts.config.auditRetentionMs - 60_000).toISOString();
    await sql`insert into whatsapp_auditoria (id, em, quem, operacao, status)
      select gen_random_uuid(), ${old}::timestamptz - n * interval '1 s', 'antiga', 'x', 200 from generate_series(1, 1200) n`;
    const waiting = { caller: 'antiga', ownerId: null, operation: 'x', connectionId: null, target: {}, status: 200 };
    const record = { ...waiting, error: null, requestId: 'r', address: null, id: randomUUID(), at: Date.parse(old) };
    await gateway.parts.journal.access.appendAudit(record);
    const { apiKey } = await anApiKey(gateway);
    expect(await access.forgetOldAudit()).toBeGreaterThanOrEqual(1200);
    await until('what had been claimed before', async () => {
      await access.forgetOldAudit();
      return (await sql`select id from whatsapp_auditoria where quem = 'antiga'`).length === 0;
    });
    await gateway.http.delete(`${KEYS}/${apiKey.id}`, as(ROOT_KEY));
    await until('the younger', async () => {
      const rows = await sql`select id from whatsapp_auditoria where alvo ->> 'id' = ${apiKey.id}`;
      return rows.length === 1;
    });
  });
});
