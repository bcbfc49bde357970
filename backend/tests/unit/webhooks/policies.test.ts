import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import type { DeliveryRecord } from '../../../src/journal/webhooks/records.js';
import { silentLog } from '../../../src/lib/log.js';
import { DeliveryLane, type LaneDeps } from '../../../src/notifications/webhooks/delivery-lane.js';
import type { PostResult } from '../../../src/notifications/webhooks/post-event.js';
import { responseRow, retryAfterMs } from '../../../src/notifications/webhooks/response-table.js';
import { newSecret, secretKey, standardHeaders, wahaHeaders } from '../../../src/notifications/webhooks/signature.js';
import { fakeClock } from '../journal-fixture.js';

test.each<[number, string]>([
  [200, 'done'],
  [204, 'done'],
  [299, 'done'],
  [301, 'hold'],
  [302, 'hold'],
  [400, 'failed'],
  [401, 'failed'],
  [404, 'failed'],
  [408, 'hold'],
  [410, 'gone'],
  [422, 'failed'],
  [425, 'hold'],
  [429, 'hold'],
  [500, 'hold'],
  [502, 'hold'],
  [503, 'hold'],
  [504, 'hold'],
  [999, 'hold'],
])('%d means %s', (status, verdict) => expect(responseRow(status).verdict).toBe(verdict));

test.each<[string | undefined, number]>([
  [undefined, 0],
  ['', 0],
  ['soon', 0],
  ['7', 7000],
  ['99999999', 3_600_000],
  ['Wed, 01 Jan 2025 00:00:30 GMT', 30_000],
  ['Wed, 01 Jan 2020 00:00:00 GMT', 0],
])('Retry-After %s is %d ms', (header, ms) => expect(retryAfterMs(header, Date.UTC(2025, 0, 1))).toBe(ms));

describe('signatures', () => {
  test('a new secret signs what the standardwebhooks package verifies, and nothing else', () => {
    const secret = newSecret();
    const body = '{"ação":"olá"}';
    const headers = standardHeaders({ id: 'evt_1', body, now: Date.now() }, [secret]);
    expect(() => new Webhook(secret).verify(body, headers)).not.toThrow();
    expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow();
  });

  test.each(['whsec_', 'whsec_!!!!', 'whsec_c2hvcnQ=', `whsec_${'A'.repeat(200)}`, 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])(
    '%s is no secret',
    (secret) => expect(secretKey(secret)).toBeNull(),
  );

  test("WAHA's own test vector comes out as its documentation has it", () => {
    const body = '{"event":"message","session":"default","engine":"WEBJS"}';
    const headers = wahaHeaders({ id: 'evt_1', body, now: 1 }, ['my-secret-key']);
    expect(headers['X-Webhook-Hmac']).toBe(createHmac('sha512', 'my-secret-key').update(body).digest('hex'));
    expect(headers['X-Webhook-Hmac']).toMatch(/^208f8a55dde9e055/);
  });
});

test('an event that is not taken for three days is a dead letter, and the line goes on', async () => {
  const clock = fakeClock();
  const times = { queuedAt: clock.now(), firstAttemptAt: null, lastAttemptAt: null, nextAttemptAt: null };
  const outcome = { status: null, error: null, latencyMs: null, replays: 0, attempts: 0, state: 'pending' as const };
  const line = ['evt_1', 'evt_2'].map((eventId, index) => {
    const delivery: DeliveryRecord = {
      webhookId: 'w',
      seq: index + 1,
      eventId,
      type: 'test',
      connectionId: null,
      ...times,
      ...outcome,
    };
    return delivery;
  });
  const event = {
    id: 'x',
    type: 'test',
    connectionId: null,
    ownerId: null,
    at: 0,
    expiresAt: null,
    data: {},
    seq: 1,
    queuedAt: 0,
    webhooks: [],
  };
  const ended: [string, string, number][] = [];
  const deps: LaneDeps = {
    // A wait is over as soon as it begins, and the clock has moved by it.
    clock: { ...clock, sleep: async (ms) => clock.advance(ms) },
    log: silentLog,
    backoff: { baseMs: 1000, capMs: 600_000 },
    random: () => 0.999,
    store: {
      get: () => ({ state: 'active' }) as never,
      head: () => (line[0] ? { delivery: line[0], event } : null),
      settle: async (delivery) => {
        line[0] = delivery;
        if (delivery.state === 'pending') return;
        ended.push([delivery.eventId, delivery.state, delivery.attempts]);
        line.shift();
      },
    },
    post: async (): Promise<PostResult> => {
      const works = line[0]?.eventId === 'evt_2';
      const status = works ? 200 : 500;
      return { verdict: works ? 'done' : 'hold', status, error: works ? null : '500', latencyMs: 1, retryAfterMs: 0 };
    },
    tried: async () => undefined,
  };
  await new DeliveryLane(deps, 'w', null, new AbortController().signal).done;
  expect(ended.map(([id, state]) => [id, state])).toEqual([
    ['evt_1', 'failed'],
    ['evt_2', 'delivered'],
  ]);
  // With a cap of ten minutes, three days are about 430 attempts when the jitter always takes the longest wait.
  expect(ended[0]?.[2]).toBeGreaterThan(400);
  expect(ended[0]?.[2]).toBeLessThan(500);
});
