import { describe, expect, test } from '@jest/globals';
import { GatewayError, type ErrorCode } from '../../../src/lib/errors.js';
import { silentLog } from '../../../src/lib/log.js';
import { KEY, UUID, aConnection, anApp, documented, type Options } from './scripted-gateway.js';

const CONNECTIONS = '/api/whatsapp-integration/connections';
const SEND = '/api/whatsapp-integration/messages/send';
const ROBOT = `${CONNECTIONS}/c1/robot`;
const aSend = { connectionId: 'c1', to: '5511999999999', content: 'Olá' };
const aPlace = { connectionId: 'c1', to: '5511999999999', type: 'location' };
const aPoll = (options: string[], selectable = 1) => {
  return { connectionId: 'c1', to: '5511999999999', type: 'poll', poll: { question: 'Qual?', options, selectable } };
};

describe('connections', () => {
  test('are created with 201, and found again with 200', async () => {
    const body = { connectionId: 'minha-conexao-1', name: 'Conexão', ownerId: UUID.toUpperCase(), companyId: UUID };
    const { http, calls } = anApp();
    const res = await documented(http.post(CONNECTIONS).send(body));
    expect([res.status, res.body]).toEqual([
      201,
      { success: true, connection: aConnection({ id: 'minha-conexao-1' }) },
    ]);
    expect(calls).toEqual([{ name: 'createConnection', args: [{ ...body, ownerId: UUID }, null] }]);

    const again = anApp({
      integration: { createConnection: async () => ({ connection: aConnection(), created: false }) },
    });
    expect((await documented(again.http.post(CONNECTIONS).send(body))).status).toBe(200);
  });

  test('are listed in one page, and shown under data', async () => {
    const { http } = anApp();
    expect((await documented(http.get(CONNECTIONS))).body).toEqual({
      success: true,
      data: [aConnection()],
      nextCursor: null,
    });
    expect((await documented(http.get(`${CONNECTIONS}/c1`))).body).toEqual({ success: true, data: aConnection() });
  });

  test('are forgotten', async () => {
    const { http, calls } = anApp();
    expect((await documented(http.delete(`${CONNECTIONS}/c1`))).body).toEqual({ success: true });
    expect(calls).toEqual([{ name: 'deleteConnection', args: ['c1', null] }]);
  });

  test.each<[string, string, Record<string, string>]>([
    ['application/json', '', {}],
    ['application/json', '', { Accept: '*/*' }],
    ['image/png', '?format=png', {}],
    ['image/svg+xml', '?format=svg', {}],
    ['image/png', '', { Accept: 'image/png' }],
    ['image/svg+xml', '', { Accept: 'image/avif,image/webp,image/svg+xml,image/*,*/*;q=0.8' }],
    ['application/json', '?format=json', { Accept: 'image/png' }],
  ])('show their QR code as %s for "%s" %j', async (type, query, headers) => {
    const res = await documented(anApp().http.get(`${CONNECTIONS}/c1/qr${query}`).set(headers));
    expect([res.status, res.type, res.get('Cache-Control')]).toEqual([200, type, 'no-store']);
    if (type === 'application/json') expect(res.body).toMatchObject({ success: true, code: '2@ref,key' });
    else expect((res.body as Buffer).subarray(0, 4).toString()).toMatch(type === 'image/png' ? /PNG$/ : /^<svg/);
  });

  test('give a pairing code', async () => {
    const { http, calls } = anApp();
    const res = await documented(
      http.post(`${CONNECTIONS}/c1/pairing-code`).send({ phoneNumber: '+55 (11) 99999-9999' }),
    );
    expect(res.body).toMatchObject({ success: true, pairingCode: 'ABCD-1234' });
    expect(calls[0]?.args).toEqual(['c1', '+55 (11) 99999-9999', null]);
  });
});

describe('messages/send', () => {
  test('hands the text on and answers 201 with the message', async () => {
    const { http, calls } = anApp();
    const res = await documented(http.post(SEND).send({ ...aSend, type: 'text', mentions: ['1'], replyTo: '3EB0' }));
    expect([res.status, res.body]).toMatchObject([201, { success: true, message: { id: UUID, status: 'ENVIADA' } }]);
    const { content: text, ...address } = aSend;
    const message = { type: 'text', text };
    expect(calls[0]?.args).toEqual([
      {
        ...address,
        message,
        mentions: ['1'],
        replyTo: '3EB0',
        waitMs: 10_000,
        idempotency: undefined,
        signal: expect.anything(),
      },
      null,
    ]);
  });

  test('?wait=0 answers 202 at once', async () => {
    const res = await documented(anApp().http.post(`${SEND}?wait=0`).send(aSend));
    expect([res.status, res.body]).toMatchObject([202, { message: { status: 'PENDENTE' } }]);
  });

  test('one Idempotency-Key has one digest however the JSON is spelt, per key and connection', async () => {
    const { http, calls } = anApp({ apiKey: KEY });
    const bodies = [
      JSON.stringify(aSend),
      '{ "content": "Ol\\u00e1", "to": "5511999999999", "type": "text", "connectionId": "c1" }',
      JSON.stringify({ ...aSend, content: 'Outro' }),
    ];
    for (const body of bodies) {
      const request = http.post(SEND).set('x-api-key', KEY).set('Idempotency-Key', 'pedido-1');
      await documented(request.set('Content-Type', 'application/json').send(body));
    }
    const found = calls.map(({ args }) => (args[0] as { idempotency: { bodySha256: Buffer } }).idempotency);
    expect(found[0]).toMatchObject({ scope: 'root:c1', key: 'pedido-1' });
    expect(found[0]?.bodySha256).toHaveLength(32);
    expect(found[1]).toEqual(found[0]);
    expect(found[2]?.bodySha256).not.toEqual(found[0]?.bodySha256);
  });

  test('a repeated request says so', async () => {
    const message = { ...{ id: UUID, whatsappId: '3EB0', connectionId: 'c1', to: '1', status: 'ENVIADA' as const } };
    const { http } = anApp({
      integration: {
        sendMessage: async () => ({
          httpStatus: 201,
          replayed: true,
          message: { ...message, atendimentoId: null, timestamp: '2026-01-02T03:04:05.000Z' },
        }),
      },
    });
    expect((await documented(http.post(SEND).send(aSend))).get('Idempotent-Replayed')).toBe('true');
  });

  test('the longest text, emoji and right-to-left text arrive as they are', async () => {
    for (const content of ['x'.repeat(65_536), '👩‍👩‍👧‍👦🇧🇷', '\u202eשלום\n\tمرحبا']) {
      const { http, calls } = anApp();
      expect((await documented(http.post(SEND).send({ ...aSend, content }))).status).toBe(201);
      expect(calls[0]?.args[0]).toMatchObject({ message: { type: 'text', text: content } });
    }
  });
});

describe('lists', () => {
  test.each<[string, string, unknown[]]>([
    [`/api/whatsapp-integration/messages/${UUID}`, '', [UUID, { limit: 50, cursor: null, direction: 'asc' }, null]],
    [
      `/api/whatsapp-integration/messages/${UUID}`,
      '?limit=200&cursor=abc&order=desc',
      [UUID, { limit: 200, cursor: 'abc', direction: 'desc' }, null],
    ],
    ['/api/whatsapp-integration/atendimentos/active', '?limit=1', [{ limit: 1, cursor: null }, null]],
  ])('%s%s is paged', async (path, query, args) => {
    const { http, calls } = anApp();
    const res = await documented(http.get(path + query));
    expect([res.status, Object.keys(res.body as object)]).toEqual([
      200,
      ['success', 'data', 'nextCursor', 'prevCursor'],
    ]);
    expect(calls[0]?.args).toEqual(args);
  });
});

describe('bootstrap and health', () => {
  test.each([
    ['post', '/api/whatsapp-bootstrap/initialize', 'services'],
    ['post', '/api/whatsapp-bootstrap/restart', 'services'],
    ['get', '/api/whatsapp-bootstrap/status', 'connections'],
    ['get', '/api/whatsapp-bootstrap/stats', 'queues'],
    ['post', '/api/whatsapp-bootstrap/test', 'steps'],
    ['get', '/health/live', 'status'],
    ['get', '/health/ready', 'status'],
  ] as const)('%s %s answers 200', async (method, path, key) => {
    const res = await documented(anApp().http[method](path));
    expect([res.status, res.body]).toMatchObject([200, { success: true, [key]: expect.anything() }]);
  });

  test('a self test with a failed step is 503 and shows every step', async () => {
    const steps = [
      { name: 'disk', ok: true, ms: 1 },
      { name: 'database', ok: false, ms: 2, error: 'refused' },
    ];
    const { http } = anApp({ bootstrap: { selfTest: async () => ({ steps }) } });
    const res = await documented(http.post('/api/whatsapp-bootstrap/test'));
    expect([res.status, res.get('Retry-After'), res.body]).toEqual([503, '5', { success: false, steps }]);
  });

  test.each<[string, NonNullable<Options['bootstrap']>, ErrorCode]>([
    ['/health/live', { live: () => false }, 'SERVICES_STOPPED'],
    ['/health/ready', { unreadiness: () => 'SERVICES_STOPPED' }, 'SERVICES_STOPPED'],
    ['/health/ready', { unreadiness: () => 'JOURNAL_FULL' }, 'JOURNAL_FULL'],
    ['/health/ready', { unreadiness: () => 'JOURNAL_FAILED' }, 'JOURNAL_FAILED'],
  ])('%s says no with 503 and the code of what stands in the way, nothing else', async (path, bootstrap, code) => {
    const res = await documented(anApp({ bootstrap }).http.get(path));
    expect([res.status, res.get('Retry-After')]).toEqual([503, '5']);
    expect(res.body).toMatchObject({ error: { code, details: null } });
  });
});

describe('bad input is told what is wrong, where, and how it should be', () => {
  const [BAD, get, post, patch] = ['BAD_REQUEST' as const, 'get' as const, 'post' as const, 'patch' as const];
  const id = 'must be 1 to 64 of A-Z a-z 0-9 _ . - and begin with a letter or digit';
  const limit = 'must be a number from 1 to 200';
  type Case = ['get' | 'post' | 'patch' | 'delete', string, unknown, ErrorCode, string, string | RegExp];
  test.each<Case>([
    [post, CONNECTIONS, undefined, BAD, 'body', 'must be a JSON object'],
    [post, CONNECTIONS, [], BAD, 'body', 'must be a JSON object'],
    [post, CONNECTIONS, {}, BAD, 'body.connectionId', 'is missing'],
    [post, CONNECTIONS, { connectionId: 7 }, BAD, 'body.connectionId', 'must be a string'],
    [post, CONNECTIONS, { connectionId: '../x' }, BAD, 'body.connectionId', id],
    [post, CONNECTIONS, { connectionId: 'x'.repeat(65) }, BAD, 'body.connectionId', id],
    [post, CONNECTIONS, { connectionId: 'c', ownerId: ' ' }, BAD, 'body.ownerId', /^must be a UUID, or/],
    [post, CONNECTIONS, { connectionId: 'c', name: 'a\0b' }, BAD, 'body.name', /^must not contain NUL/],
    [post, CONNECTIONS, { connectionId: 'c', settings: 'x' }, BAD, 'body.settings', 'must be an object'],
    [
      post,
      CONNECTIONS,
      { connectionId: 'c', settings: { ignorarGrupo: true } },
      BAD,
      'body.settings.ignorarGrupo',
      /./,
    ],
    [patch, `${CONNECTIONS}/c1`, { settings: { rejeitar: true } }, BAD, 'body.settings.rejeitar', /./],
    [patch, `${CONNECTIONS}/c1`, {}, BAD, 'body', 'must have settings or proxy'],
    [patch, `${CONNECTIONS}/c1`, { name: 'x', settings: { ignorarStatus: null } }, BAD, 'body.name', /./],
    [get, `${CONNECTIONS}/..%2f..%2fetc`, undefined, BAD, 'params.id', id],
    [get, `${CONNECTIONS}/.%00`, undefined, BAD, 'params.id', id],
    [get, `${CONNECTIONS}/a%00b`, undefined, BAD, 'params.id', id],
    [get, `${CONNECTIONS}/c1/qr?format=gif`, undefined, BAD, 'query.format', 'must be one of: json, png, svg'],
    [post, `${CONNECTIONS}/c1/pairing-code`, { phoneNumber: 'x' }, BAD, 'body.phoneNumber', /^must be the phone/],
    [post, SEND, { ...aSend, content: '' }, 'EMPTY_MESSAGE', 'body.content', 'must not be empty'],
    [post, SEND, { ...aSend, content: ' \n\t' }, 'EMPTY_MESSAGE', 'body.content', 'must not be empty'],
    [post, SEND, { ...aSend, content: 'x'.repeat(65_537) }, 'MESSAGE_TOO_LONG', 'body.content', /at most 65536/],
    [post, SEND, { ...aSend, content: 'a\0' }, BAD, 'body.content', /^must not contain NUL/],
    [post, SEND, { ...aSend, content: 'a\ud83d' }, BAD, 'body.content', /half of a surrogate pair/],
    [post, SEND, { ...aSend, content: { a: 1 } }, BAD, 'body.content', 'must be a string'],
    [post, SEND, { ...aSend, type: 'carta' }, 'UNSUPPORTED_TYPE', 'body.type', /^must be one of: text, image/],
    [post, SEND, { ...aSend, to: '' }, 'INVALID_RECIPIENT', 'body.to', 'must have at least 1 characters'],
    [post, SEND, { ...aSend, to: '1\n2' }, 'INVALID_RECIPIENT', 'body.to', /control/],
    [post, SEND, { ...aSend, mentions: 'x' }, BAD, 'body.mentions', 'must be an array'],
    [
      post,
      SEND,
      { ...aPlace, location: { latitude: -91, longitude: 0 } },
      BAD,
      'body.location.latitude',
      'must be at least -90',
    ],
    [
      post,
      SEND,
      { ...aPlace, location: { latitude: 0, longitude: 181 } },
      BAD,
      'body.location.longitude',
      'must be at most 180',
    ],
    [post, SEND, aPoll(['a', 'a']), BAD, 'body.poll.options', 'must differ from each other'],
    [post, SEND, aPoll(['a', 'b'], 3), BAD, 'body.poll.selectable', 'must not exceed the number of options'],
    [
      post,
      ROBOT,
      { autoResposta: true, horario: { dias: { mon: [] } } },
      BAD,
      'body.horario.dias.mon',
      /^must be one of dom/,
    ],
    [post, `${SEND}?wait=-1`, aSend, BAD, 'query.wait', /^must be a number of milliseconds/],
    [post, `${SEND}?wait=30001`, aSend, BAD, 'query.wait', /^must be a number of milliseconds/],
    [post, `${SEND}?wait=1&wait=2`, aSend, BAD, 'query.wait', 'must be a string'],
    [get, '/api/whatsapp-integration/messages/42', undefined, BAD, 'params.atendimentoId', 'must be a UUID'],
    [get, `/api/whatsapp-integration/messages/${UUID}?limit=0`, undefined, BAD, 'query.limit', limit],
    [get, `/api/whatsapp-integration/messages/${UUID}?limit=201`, undefined, BAD, 'query.limit', limit],
    [get, '/api/whatsapp-integration/atendimentos/active?limit=x', undefined, BAD, 'query.limit', limit],
    [get, '/api/whatsapp-integration/atendimentos/active?cursor=%20', undefined, BAD, 'query.cursor', /nextCursor/],
  ])('%s %s %j', async (method, path, body, code, field, problem) => {
    const { http, calls } = anApp();
    const request = http[method](path);
    const res = await documented(body === undefined ? request : request.send(body as object));
    expect([res.status, res.body]).toEqual([
      400,
      { success: false, error: { code, message: expect.stringContaining(field), details: expect.any(Array) } },
    ]);
    const { details } = (res.body as { error: { details: { field: string; problem: string }[] } }).error;
    const found = details.find((detail) => detail.field === field);
    if (typeof problem === 'string') expect(found?.problem).toBe(problem);
    else expect(found?.problem).toMatch(problem);
    expect(calls).toEqual([]);
  });

  test('all wrong fields are told at once', async () => {
    const res = await documented(anApp().http.post(CONNECTIONS).send({ connectionId: '/', ownerId: 1 }));
    expect((res.body as { error: { details: unknown[] } }).error.details).toHaveLength(2);
  });

  test.each([' a', 'ç', 'x'.repeat(256)])('Idempotency-Key %j is refused', async (key) => {
    const request = anApp()
      .http.post(SEND)
      .set('Idempotency-Key', encodeURI(key) === key ? key : 'a b');
    expect((await documented(request.send(aSend))).status).toBe(400);
  });

  test.each<[string, string, string, number, ErrorCode]>([
    ['malformed JSON', 'application/json', '{"a":', 400, 'MALFORMED_JSON'],
    ['a JSON text that is no object', 'application/json', '"x"', 400, 'MALFORMED_JSON'],
    ['a body over 22 MB', 'application/json', JSON.stringify({ a: 'x'.repeat(23_100_000) }), 413, 'BODY_TOO_LARGE'],
    ['a form', 'application/x-www-form-urlencoded', 'a=1', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['plain text', 'text/plain', '{}', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['another charset', 'application/json; charset=latin1', '{}', 400, 'BODY_NOT_UTF8'],
  ])('%s is refused', async (_name, type, body, status, code) => {
    const res = await documented(anApp().http.post(SEND).set('Content-Type', type).send(body));
    expect([res.status, res.body]).toMatchObject([status, { success: false, error: { code } }]);
  });

  test('a form with two files is refused, rather than sent without one of them', async () => {
    const { http, calls } = anApp();
    const form = http.post(SEND).field('connectionId', 'c1').field('to', '5511999999999').field('type', 'image');
    const res = await documented(form.attach('a', Buffer.from('a'), 'a.png').attach('b', Buffer.from('b'), 'b.png'));
    expect([res.status, (res.body as { error: object }).error]).toMatchObject([
      400,
      { code: 'BAD_REQUEST', message: expect.stringContaining('more than one file') },
    ]);
    expect(calls.map(({ name }) => name)).not.toContain('sendMessage');
  });
});

describe('what is not there', () => {
  test.each(['/api', '/api/whatsapp-integration', `${CONNECTIONS}/c1/unknown`, '/health'])(
    '%s is 404 in the envelope',
    async (path) => {
      const res = await documented(anApp().http.get(path));
      expect([res.status, res.body]).toMatchObject([404, { success: false, error: { code: 'ROUTE_NOT_FOUND' } }]);
    },
  );

  test.each([
    ['put', CONNECTIONS, 'POST, GET, HEAD'],
    ['put', `${CONNECTIONS}/c1`, 'GET, HEAD, PATCH, DELETE'],
    ['delete', SEND, 'POST'],
    ['post', '/health/live', 'GET, HEAD'],
  ] as const)('%s %s is 405 and says what is allowed', async (method, path, allow) => {
    const res = await anApp().http[method](path);
    expect([res.status, res.get('Allow'), res.body]).toMatchObject([
      405,
      allow,
      { error: { code: 'METHOD_NOT_ALLOWED' } },
    ]);
  });

  test('a broken escape in a path is 400', async () => {
    expect((await anApp().http.get(`${CONNECTIONS}/%E0%A4%A`)).status).toBe(400);
  });
});

describe('errors of the services', () => {
  test.each<[ErrorCode, number]>([
    ['CONNECTION_NOT_FOUND', 404],
    ['NOT_PAIRED', 409],
    ['NOT_ON_WHATSAPP', 422],
    ['JOURNAL_FULL', 503],
    ['DEADLINE_EXCEEDED', 504],
  ])('%s is answered with %i, its message and its details', async (code, status) => {
    const fail = async () => {
      throw new GatewayError(code, 'why', { details: { estado: 'idle' } });
    };
    const res = await documented(
      anApp({ integration: { sendMessage: fail } })
        .http.post(SEND)
        .send(aSend),
    );
    expect([res.status, res.body]).toEqual([
      status,
      { success: false, error: { code, message: 'why', details: { estado: 'idle' } } },
    ]);
    expect(res.get('Retry-After')).toBe(status === 503 ? '5' : undefined);
  });

  test.each<ErrorCode>(['DATABASE_UNAVAILABLE', 'DATABASE_REFUSED'])(
    '%s does not tell what the database said',
    async (code) => {
      const fail = async () => {
        throw new GatewayError(code, 'connect ECONNREFUSED 10.1.2.3:5432', { details: { sqlstate: '08006' } });
      };
      const { http } = anApp({ integration: { listConnections: fail } });
      const res = await documented(http.get(CONNECTIONS));
      expect(res.body).toMatchObject({ error: { code, details: { sqlstate: '08006' } } });
      expect(res.text).not.toContain('10.1.2.3');
    },
  );

  test('what nobody foresaw is a 500 without its text or its stack, and in the log with both', async () => {
    const lines: unknown[] = [];
    const log = { ...silentLog, error: (message: string, meta?: object) => void lines.push({ message, ...meta }) };
    const fail = async () => {
      throw new TypeError('secret internals');
    };
    const { http } = anApp({ log, integration: { listConnections: fail } });
    const res = await documented(http.get(CONNECTIONS).set('X-Request-Id', 'r-1'));
    expect([res.status, res.body]).toMatchObject([500, { error: { code: 'INTERNAL', details: null } }]);
    expect(res.text).not.toMatch(/secret internals|at .*\.ts/);
    expect(lines).toEqual([expect.objectContaining({ requestId: 'r-1', error: expect.any(TypeError) })]);
  });
});
