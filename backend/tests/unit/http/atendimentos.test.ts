import { describe, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { GatewayError } from '../../../src/lib/errors.js';
import { UUID, anApp, documented } from './scripted-gateway.js';

const BASE = '/api/whatsapp-integration/atendimentos';

describe('atendimentos', () => {
  test('are listed by every filter', async () => {
    const { http, calls } = anApp();
    const query =
      `status=AGUARDANDO,FINALIZADO&atendenteId=${UUID}&connectionId=c1&busca=ana&naoLidas=true` +
      '&de=2026-01-01T00:00:00Z&ate=2026-02-01T00:00:00-03:00&limit=7&cursor=~abc';
    const res = await documented(http.get(`${BASE}?${query}`));
    expect([res.status, res.body]).toMatchObject([200, { nextCursor: 'next', prevCursor: '~a' }]);
    const filter = {
      ...{ status: ['AGUARDANDO', 'FINALIZADO'], atendenteId: UUID, sessao: 'c1', busca: 'ana', naoLidas: true },
      ...{ de: '2026-01-01T00:00:00Z', ate: '2026-02-01T00:00:00-03:00' },
    };
    expect(calls).toEqual([{ name: 'list', args: [filter, { limit: 7, cursor: '~abc' }, null] }]);
  });

  test('are counted, shown and have a history', async () => {
    const { http, calls } = anApp();
    expect((await documented(http.get(`${BASE}/unread?atendenteId=${UUID}&connectionId=c1`))).status).toBe(200);
    expect((await documented(http.get(`${BASE}/${UUID}`))).body).toMatchObject({ atendimento: { id: UUID } });
    expect((await documented(http.get(`${BASE}/${UUID}/events?limit=3`))).status).toBe(200);
    expect(calls.map(({ name }) => name)).toEqual(['unread', 'get', 'events']);
    expect(calls[0]?.args).toEqual([{ atendenteId: UUID, sessao: 'c1' }, null]);
  });

  test.each<[string, object, string, object]>([
    ['assign', { atendenteId: UUID }, 'assign', { atendenteId: UUID }],
    ['start', {}, 'start', {}],
    ['transfer', { atendenteId: null, texto: 'férias' }, 'transfer', { atendenteId: null, texto: 'férias' }],
    ['finish', { texto: 'ok' }, 'finish', { texto: 'ok' }],
    ['cancel', {}, 'cancel', {}],
    ['priority', { prioridade: -3 }, 'priority', { prioridade: -3 }],
    ['tags', { adicionar: ['vip'] }, 'tags', { adicionar: ['vip'], remover: [] }],
    ['notes', { texto: 'ligar' }, 'note', { texto: 'ligar' }],
  ])('POST %s %j', async (path, body, name, input) => {
    const { http, calls } = anApp();
    const res = await documented(http.post(`${BASE}/${UUID}/${path}`).send({ autorId: UUID, ...body }));
    expect([res.status, res.body]).toMatchObject([200, { success: true, changed: true, atendimento: { id: UUID } }]);
    expect(calls).toEqual([{ name: 'act', args: [UUID, name, input, { origem: 'anonymous', autorId: UUID }, null] }]);
  });

  test.each<[string, string, unknown, string]>([
    ['get', '?status=ABERTO', undefined, 'query.status'],
    ['get', '?atendenteId=%20', undefined, 'query.atendenteId'],
    ['get', '?de=ontem', undefined, 'query.de'],
    ['get', '?ate=2026-01-01', undefined, 'query.ate'],
    ['get', '?busca=%20', undefined, 'query.busca'],
    ['get', '?naoLidas=1', undefined, 'query.naoLidas'],
    ['get', '?limit=201', undefined, 'query.limit'],
    ['get', '/unread?atendenteId=none', undefined, 'query.atendenteId'],
    ['get', '/x', undefined, 'params.id'],
    ['get', '/x/events', undefined, 'params.id'],
    ['get', `/${UUID}/export?format=pdf`, undefined, 'query.format'],
    ['get', `/${UUID}/export?fuso=Marte/Olimpo`, undefined, 'query.fuso'],
    ['post', `/${UUID}/assign`, {}, 'body.atendenteId'],
    ['post', `/${UUID}/start`, { atendenteId: ' ' }, 'body.atendenteId'],
    ['post', `/${UUID}/start`, { autorId: 1 }, 'body.autorId'],
    ['post', `/${UUID}/transfer`, {}, 'body.atendenteId'],
    ['post', `/${UUID}/finish`, { texto: ' ' }, 'body.texto'],
    ['post', `/${UUID}/cancel`, { texto: 'a\u0000' }, 'body.texto'],
    ['post', `/${UUID}/priority`, { prioridade: 1.5 }, 'body.prioridade'],
    ['post', `/${UUID}/priority`, { prioridade: 1e9 }, 'body.prioridade'],
    ['post', `/${UUID}/tags`, { adicionar: [' vip'] }, 'body.adicionar.0'],
    ['post', `/${UUID}/tags`, { remover: 'vip' }, 'body.remover'],
    ['post', `/${UUID}/notes`, { texto: 'x'.repeat(4001) }, 'body.texto'],
    ['post', '/x/notes', { texto: 'a' }, 'params.id'],
  ])('%s %s %j is refused, naming the field', async (method, path, body, field) => {
    const { http, calls } = anApp();
    const res = await documented(
      method === 'get' ? http.get(BASE + path) : http.post(BASE + path).send(body as object),
    );
    expect([res.status, res.body]).toMatchObject([400, { error: { code: 'BAD_REQUEST', details: [{ field }] } }]);
    expect(calls).toEqual([]);
  });

  test('what the table of actions refuses is a 409 that says what is allowed', async () => {
    const details = { action: 'start', status: 'FINALIZADO', allowed: ['AGUARDANDO'] };
    const { http } = anApp({
      atendimentos: { act: () => Promise.reject(new GatewayError('INVALID_TRANSITION', undefined, { details })) },
    });
    const res = await documented(http.post(`${BASE}/${UUID}/start`).send({}));
    expect([res.status, res.body]).toMatchObject([409, { error: { code: 'INVALID_TRANSITION', details } }]);
  });
});

describe('an export', () => {
  test.each([
    ['json', 'application/json'],
    ['csv', 'text/csv'],
    ['txt', 'text/plain'],
  ])('as %s is a file', async (format, type) => {
    const res = await documented(anApp().http.get(`${BASE}/${UUID}/export?format=${format}`));
    expect([res.status, res.type]).toEqual([200, type]);
    expect(res.get('Content-Disposition')).toBe(`attachment; filename="atendimento-${UUID}.${format}"`);
    if (format !== 'json') expect(res.text).toBe('a,b\r\n1,2\r\n');
  });

  test('that fails before its first byte is an error as any other', async () => {
    const { http } = anApp({
      atendimentos: { export: () => Promise.reject(new GatewayError('ATENDIMENTO_NOT_FOUND')) },
    });
    expect((await documented(http.get(`${BASE}/${UUID}/export`))).status).toBe(404);
  });

  test('that fails in the middle is cut off, so that nobody takes it for whole', async () => {
    async function* half() {
      yield 'a,b\r\n';
      await Promise.resolve();
      throw new GatewayError('DATABASE_UNAVAILABLE');
    }
    const { http } = anApp({ atendimentos: { export: async () => Readable.from(half()) } });
    await expect(http.get(`${BASE}/${UUID}/export?format=csv`)).rejects.toThrow();
  });
});
