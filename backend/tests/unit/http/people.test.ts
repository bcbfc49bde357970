import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../src/lib/errors.js';
import { anApp, documented } from './scripted-gateway.js';

const GROUPS = '/api/whatsapp-bootstrap/connections/c1/groups';
const ONE = `${GROUPS}/120363000000000001@g.us`;
const CONNECTION = '/api/whatsapp-integration/connections/c1';

describe('groups', () => {
  test.each([
    ['get', GROUPS, undefined, 200],
    ['get', ONE, undefined, 200],
    ['post', GROUPS, { subject: 'Equipe', participants: ['+55 11 98888-7777'] }, 201],
    ['patch', ONE, { subject: 'Equipe', description: '', announce: true, locked: false }, 200],
    ['post', `${ONE}/participants`, { action: 'promote', participants: ['5511988887777', '100@lid'] }, 200],
    ['get', `${ONE}/invite`, undefined, 200],
    ['post', `${ONE}/invite/revoke`, {}, 200],
    ['post', `${GROUPS}/join`, { invite: 'https://chat.whatsapp.com/AbCdEfGhIjKlMnOpQrStUv?mode=r_t' }, 200],
    ['post', `${ONE}/leave`, {}, 200],
  ] as const)('%s %s answers as documented', async (method, path, body, status) => {
    const { http } = anApp();
    const res = await documented(http[method](path).send(body));
    expect(res.status).toBe(status);
  });

  test('an id without server and a link are understood', async () => {
    const { http, calls } = anApp();
    await http.get(`${GROUPS}/120363000000000001?refresh=true`);
    await http.post(`${GROUPS}/join`).send({ invite: 'https://chat.whatsapp.com/invite/AbCdEfGhIj' });
    expect(calls).toMatchObject([
      { name: 'info', args: ['c1', '120363000000000001@g.us', true, null] },
      { name: 'join', args: ['c1', 'AbCdEfGhIj', null] },
    ]);
  });

  test.each([
    ['no subject', 'post', GROUPS, { participants: ['5511988887777'] }, 'body.subject'],
    ['a subject of 101 letters', 'post', GROUPS, { subject: 'a'.repeat(101), participants: ['1'] }, 'body.subject'],
    ['nobody in it', 'post', GROUPS, { subject: 'a', participants: [] }, 'body.participants'],
    ['no change at all', 'patch', ONE, {}, 'body'],
    [
      'an action that there is not',
      'post',
      `${ONE}/participants`,
      { action: 'ban', participants: ['1'] },
      'body.action',
    ],
    ['an id that is no group', 'get', `${GROUPS}/5511988887777@s.whatsapp.net`, undefined, 'params.groupId'],
    ['a link to somewhere else', 'post', `${GROUPS}/join`, { invite: 'https://example.com/abc' }, 'body.invite'],
  ] as const)('%s is refused, naming the field', async (_what, method, path, body, field) => {
    const { http } = anApp();
    const res = await documented(http[method](path).send(body));
    expect(res.status).toBe(400);
    expect(res.body).toMatchObject({ error: { details: [{ field }] } });
  });

  test.each([
    ['GROUP_FORBIDDEN', 403],
    ['GROUP_NOT_FOUND', 404],
    ['GROUP_REFUSED', 422],
    ['RATE_LIMITED', 429],
  ] as const)('%s is %d', async (code, status) => {
    const change = () => Promise.reject(new GatewayError(code));
    const res = await documented(anApp({ groups: { change } }).http.patch(ONE).send({ locked: true }));
    expect(res.status).toBe(status);
    expect(res.body).toMatchObject({ error: { code } });
  });
});

describe('contacts', () => {
  test.each([
    ['get', `${CONNECTION}/contacts?busca=ana&tipo=pessoa&bloqueado=false&limit=5`],
    ['get', `${CONNECTION}/contacts/+5511988887777`],
    ['get', `${CONNECTION}/contacts/100000000000001@lid/picture?refresh=true`],
    ['get', `${CONNECTION}/addresses/100000000000001@lid`],
    ['get', `${CONNECTION}/blocklist`],
    ['post', `${CONNECTION}/contacts/5511988887777/block`],
    ['post', `${CONNECTION}/contacts/5511988887777/unblock`],
  ] as const)('%s %s answers as documented', async (method, path) => {
    expect((await documented(anApp().http[method](path))).status).toBe(200);
  });

  test.each([
    ['tipo=empresa', 'query.tipo'],
    ['bloqueado=talvez', 'query.bloqueado'],
    ['limit=500', 'query.limit'],
    ['busca=%20', 'query.busca'],
  ])('a list with %s is refused, naming the field', async (query, field) => {
    const res = await documented(anApp().http.get(`${CONNECTION}/contacts?${query}`));
    expect(res.status).toBe(400);
    expect(res.body).toMatchObject({ error: { details: [{ field }] } });
  });
});
