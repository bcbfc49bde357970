import { judgeHealth } from '../../src/watchdog/judge-health.js';
import { ESTADOS } from '../../src/whatsapp/estado.js';
import { describe, expect, test } from '@jest/globals';
import { instanceNameOf, userOfInstance } from '../../src/lib/instance-name.js';
import { assertIsTheirs, assertMayConnect, type InstanceCall } from '../../src/integration/instances/may-connect.js';
import { tellInstances } from '../../src/integration/instances/tell-instances.js';
import { newRecord } from '../../src/integration/new-connection.js';
import { partyOf } from '../../src/lib/party.js';
import { silentLog } from '../../src/lib/log.js';
import { TypedEmitter } from '../../src/lib/typed-emitter.js';
import type { GatewayEvents } from '../../src/notifications/gateway-events.js';
import { HealthMonitor } from '../../src/watchdog/health-monitor.js';

const ANA = '11111111-1111-4111-8111-111111111111';
const BIA = '22222222-2222-4222-8222-222222222222';
const LOJA = '33333333-3333-4333-8333-333333333333';
const OUTRA = '44444444-4444-4444-8444-444444444444';
const nameOf = (userId: string) => instanceNameOf(partyOf(userId));
const ofAna = { ownerId: ANA, companyIds: [LOJA] };

test('an instance is named after its user, and no other connection is one', () => {
  for (const user of [ANA, '123', 'Ana', 'auth0|ana', 'ana@loja.com.br', 'x'.repeat(90)].map(partyOf)) {
    expect(userOfInstance(instanceNameOf(user))?.id).toBe(user.id);
  }
  expect(instanceNameOf(partyOf('123'))).toBe('user_123');
  expect(instanceNameOf(partyOf('auth0|ana'))).toBe(`user_${partyOf('auth0|ana').id}`);
  for (const id of [`xuser_${ANA}`, `user_${ANA.replace('1', 'A')}`, 'user_', ANA, 'loja-1']) {
    expect(userOfInstance(id)?.id).not.toBe(ANA);
  }
  for (const id of [`xuser_${ANA}`, 'user_', ANA, 'loja-1']) expect(userOfInstance(id)).toBeNull();
});

describe('who may connect whom', () => {
  const call = (changes: Partial<InstanceCall>): InstanceCall => ({
    ...{ user: partyOf(ANA), organization: null, scope: ofAna, isProgram: false, ...changes },
  });
  const only = (id: string) => ({ ...ofAna, connections: [{ connectionId: id, rowId: null }] });

  test.each<[string, InstanceCall, boolean]>([
    ['the root key, anybody', call({ scope: null, user: partyOf(BIA), organization: partyOf(OUTRA) }), true],
    ['a user, themselves', call({}), true],
    ['a user, themselves in their company', call({ organization: partyOf(LOJA) }), true],
    ['a user, themselves in a strange company', call({ organization: partyOf(OUTRA) }), false],
    ['a user, a colleague', call({ user: partyOf(BIA), organization: partyOf(LOJA) }), false],
    ['a key, its owner', call({ isProgram: true }), true],
    ['a key, a user of its company', call({ isProgram: true, user: partyOf(BIA), organization: partyOf(LOJA) }), true],
    ['a key, somebody without a company', call({ isProgram: true, user: partyOf(BIA) }), false],
    [
      'a key, a user of a strange company',
      call({ isProgram: true, user: partyOf(BIA), organization: partyOf(OUTRA) }),
      false,
    ],
    ['a key for other connections', call({ isProgram: true, scope: only('loja-1') }), false],
    ['a key for this connection', call({ isProgram: true, scope: only(`user_${ANA}`) }), true],
  ])('%s', (_who, asked, may) => {
    if (may) expect(() => assertMayConnect(asked, instanceNameOf(asked.user))).not.toThrow();
    else
      expect(() => assertMayConnect(asked, instanceNameOf(asked.user))).toThrow(
        expect.objectContaining({ code: 'FORBIDDEN' }),
      );
  });

  test.each<[string, { owner: string; company: string | null }, Partial<InstanceCall>, boolean]>([
    ['one’s own', { owner: ANA, company: null }, {}, true],
    ['one’s own, in one’s company', { owner: ANA, company: LOJA }, {}, true],
    ['one’s own, that a strange company reads', { owner: ANA, company: OUTRA }, {}, false],
    ['one that has another owner', { owner: BIA, company: null }, {}, false],
    ['a user of the company', { owner: BIA, company: LOJA }, { user: partyOf(BIA), isProgram: true }, true],
    [
      'a user who has kept the company out',
      { owner: BIA, company: null },
      { user: partyOf(BIA), isProgram: true },
      false,
    ],
    ['anything, with the root key', { owner: ANA, company: OUTRA }, { scope: null }, true],
  ])('an instance that is there: %s', (_what, { owner, company }, changes, theirs) => {
    const connectionId = instanceNameOf(changes.user ?? partyOf(ANA));
    const record = newRecord({ connectionId, companyId: company }, owner, 'row', 0);
    const check = () => assertIsTheirs(record, call(changes));
    if (theirs) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: 'CONNECTION_TAKEN' }));
  });
});

describe('the health of a connection', () => {
  const news = (autoReconnect: boolean, checks: boolean[]) => {
    const monitor = new HealthMonitor({ alertThreshold: 2, maxConsecutiveFailures: 3, autoReconnect });
    return checks.map((well, n) => monitor.check(well ? 'ready' : 'reconnecting', well ? [] : ['NOT_READY'], n));
  };
  const ill = (times: number) => Array.from({ length: times }, () => false);

  test('failure 1 is recorded, 2 told, 3 mended; that it did not help is told once, and that it is well again', () => {
    expect(news(true, [...ill(7), true, true])).toEqual([
      ...[null, 'alert', 'reconnect', 'stuck', null, 'reconnect', null, 'recovered', null],
    ]);
    expect(news(true, [false, true])).toEqual([null, null]);
    expect(news(true, [...ill(3), true])).toEqual([null, 'alert', 'reconnect', 'recovered']);
  });

  test('what was ill and is then switched off by a person has not recovered', () => {
    const monitor = new HealthMonitor({ alertThreshold: 2, maxConsecutiveFailures: 3, autoReconnect: true });
    for (let n = 0; n < 3; n++) monitor.check('reconnecting', ['NOT_READY'], n);
    expect(monitor.check('disconnected', [], 4)).toBeNull();
    expect(monitor.health).toMatchObject({ status: 'disconnected', healthySince: null });
  });

  test.each(ESTADOS)('%s: only what is ready and works is healthy', (estado) => {
    expect(judgeHealth(estado, []) === 'healthy').toBe(estado === 'ready');
    expect(['unhealthy', 'disconnected', 'error']).toContain(judgeHealth(estado, ['NOT_READY']));
  });

  test('where nothing is mended by itself, the third failure asks the person', () => {
    expect(news(false, ill(5))).toEqual([null, 'alert', 'stuck', null, null]);
  });
});

describe('what the owner of an instance is told', () => {
  const stage = () => {
    const events = new TypedEmitter<GatewayEvents>(silentLog);
    const told: object[] = [];
    const mine = newRecord({ connectionId: nameOf(ANA), companyId: LOJA }, ANA, 'row', 0);
    const shop = newRecord({ connectionId: 'loja-1' }, ANA, 'row', 0);
    const stolen = newRecord({ connectionId: nameOf(BIA) }, ANA, 'row', 0);
    const records = [{ ...mine, numero: '5511999999999' }, shop, stolen];
    const recordOf = (id: string) => records.find(({ connectionId }) => connectionId === id) ?? null;
    events.on('instanceStatus', (event) => void told.push(event));
    events.on('userNotification', (event) => void told.push(event));
    const off = tellInstances({ events, recordOf });
    const health = (connectionId: string, news: GatewayEvents['connectionHealth']['news']) =>
      events.emit('connectionHealth', { connectionId, news, consecutiveFailures: 1, problems: [] });
    const move = (connectionId: string, estado: string) =>
      events.emit('connectionState', { connectionId, estado, motivo: null, conselho: null });
    return { told, health, move, off };
  };
  const whose = {
    ...{ connectionId: `user_${ANA}`, instanceName: `user_${ANA}`, userId: ANA, organizationId: LOJA },
  };

  test('ill, not mended (with a button), well again; that it is being mended is the gateway’s own business', () => {
    const { told, health } = stage();
    for (const news of ['alert', 'reconnect', 'stuck', 'recovered'] as const) health(whose.connectionId, news);
    const action = { label: 'Reconectar agora', method: 'POST', path: '/api/whatsapp/connect' };
    expect(told).toEqual([
      { ...whose, kind: 'unhealthy', title: expect.any(String), message: expect.any(String), action: null },
      { ...whose, kind: 'reconnect_failed', title: expect.any(String), message: expect.any(String), action },
      { ...whose, kind: 'reconnected', title: expect.any(String), message: expect.any(String), action: null },
    ]);
  });

  test('each status once, in the words of instances', () => {
    const { told, move, off } = stage();
    for (const estado of ['initializing', 'qr_ready', 'authenticated', 'ready', 'reconnecting', 'ready', 'banned']) {
      move(whose.connectionId, estado);
    }
    const statuses = ['connecting', 'waiting_qr', 'connecting', 'connected', 'connecting', 'connected', 'error'];
    expect(told).toEqual(
      statuses.map((status) => ({
        ...{ ...whose, status, isConnected: status === 'connected', phoneNumber: '5511999999999' },
      })),
    );
    off();
    move(whose.connectionId, 'ready');
    expect(told).toHaveLength(statuses.length);
  });

  test('nothing about other connections, about none at all, and about one that bears another user’s name', () => {
    const { told, health, move } = stage();
    for (const id of ['loja-1', `user_${LOJA}`, `user_${BIA}`]) {
      health(id, 'alert');
      move(id, 'ready');
    }
    expect(told).toEqual([]);
  });
});
