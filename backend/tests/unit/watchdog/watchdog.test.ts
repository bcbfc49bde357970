import { afterEach, describe, expect, test } from '@jest/globals';
import { LADDER } from '../../../src/watchdog/ladder.js';
import { EXIT_EVERY_MS } from '../../../src/watchdog/last-resort.js';
import { TrafficHabit } from '../../../src/watchdog/traffic-habit.js';
import { aWatchdog } from './watched-fixture.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const closers: (() => void)[] = [];
const watched = (...args: Parameters<typeof aWatchdog>) => {
  const stage = aWatchdog(...args);
  closers.push(stage.close);
  stage.watchdog.start();
  return stage;
};

afterEach(() => closers.splice(0).forEach((close) => close()));

describe('the ladder', () => {
  test('a stanza that is never finished is noticed within 90 s, and each rung is taken once, in order, with its reason', async () => {
    const { watchdog, clients, clock, alerts, run } = watched(['loja']);
    const [loja] = clients;
    loja!.oldestUnfinishedAt = clock.now();
    await run(90_000);
    expect(loja!.done[0]).toBe('flush');
    await run(20 * MINUTE);
    expect(loja!.done.filter((step) => step !== 'wake')).toEqual(['flush', 'reconnect', 'recreate']);
    expect(alerts).toContain('CONNECTION_STUCK');
    const [connection] = watchdog.report().connections;
    const ladder = connection!.steps.filter(({ step }) => LADDER.some(({ rung }) => rung === step)).reverse();
    expect(ladder.map(({ step, reasons }) => [step, reasons])).toEqual(
      LADDER.map(({ rung }) => [rung, expect.arrayContaining(['STUCK_STANZA'])]),
    );
  });

  test('after half an hour the ladder begins again', async () => {
    const { clients, clock, run } = watched(['loja']);
    clients[0]!.oldestUnfinishedAt = clock.now();
    await run(35 * MINUTE);
    expect(clients[0]!.done.filter((step) => step === 'flush')).toHaveLength(2);
  });

  test('a rung that helped is the last one', async () => {
    const { clients, clock, run } = watched(['loja']);
    const [loja] = clients;
    loja!.oldestUnfinishedAt = clock.now();
    await run(2 * HOUR, () => {
      loja!.lastFrameAt = clock.now();
      if (loja!.done.includes('reconnect')) loja!.oldestUnfinishedAt = null;
    });
    expect(loja!.done).toEqual(['flush', 'reconnect']);
  });

  test('with AUTO_RECONNECT off nothing is reconnected, and people are told', async () => {
    const health = { alertThreshold: 2, maxConsecutiveFailures: 3, autoReconnect: false };
    const { clients, clock, alerts, run } = watched(['loja'], { health });
    clients[0]!.oldestUnfinishedAt = clock.now();
    await run(20 * MINUTE);
    expect(clients[0]!.done).toEqual(['flush']);
    expect(alerts).toContain('CONNECTION_STUCK');
  });

  test('an unanswered ping and overdue acks each start it', async () => {
    const { watchdog, clients, clock, run } = watched(['muda', 'surda']);
    clients[0]!.answersPings = false;
    for (let times = 0; times < 3; times += 1) watchdog.ackOverdue('surda');
    await run(2 * MINUTE, () => clients.forEach((client) => (client.lastFrameAt = clock.now())));
    expect(clients.map(({ done }) => done[0])).toEqual(['flush', 'flush']);
    const reasons = watchdog.report().connections.map(({ steps }) => steps.at(-1)!.reasons);
    expect(reasons).toEqual([['PING_UNANSWERED'], ['ACKS_OVERDUE']]);
  });
});

describe('a quiet account', () => {
  test('is left alone for 24 hours: nothing but keep-alives, no step, no alert', async () => {
    const { watchdog, clients, clock, alerts, run } = watched(['quieta']);
    const [quieta] = clients;
    let second = 0;
    await run(DAY, () => {
      second += 5;
      // A keep-alive's answer every 20 s is all that is heard of it.
      if (second % 20 === 0) quieta!.lastFrameAt = clock.now();
    });
    expect([quieta!.done, alerts, watchdog.stepCounts]).toEqual([[], [], {}]);
    expect(watchdog.report().connections[0]).toMatchObject({ status: 'healthy', consecutiveFailures: 0 });
  });

  test('nights and Sundays are usual; a silence beyond all of them is told, once, and nothing is restarted', async () => {
    const habit = new TrafficHabit();
    let now = Date.UTC(2026, 0, 5);
    const at = (ms: number, message: boolean) => habit.observe(message ? (now = ms) : now, ms);
    const start = now;
    for (let hour = 0; hour < 5 * 24; hour += 1) at(start + hour * HOUR, hour % 24 >= 8 && hour % 24 < 20);
    expect(habit.unusualMs(start + 5 * DAY + 7 * HOUR)).toBeNull();
    expect(habit.unusualMs(start + 6 * DAY)).toBeGreaterThan(DAY);
  });
});

describe('the health monitor', () => {
  test('failure 1 is recorded, 2 is told, 3 tries again at once, and the recovery is told', async () => {
    const { watchdog, clients, clock, alerts, run } = watched(['loja']);
    const [loja] = clients;
    loja!.estado = 'reconnecting';
    await run(MINUTE);
    expect([watchdog.report().connections[0]!.consecutiveFailures, alerts, loja!.done]).toEqual([1, [], []]);
    await run(MINUTE);
    expect([alerts, loja!.done]).toEqual([['CONNECTION_UNHEALTHY'], []]);
    await run(MINUTE);
    expect(loja!.done).toEqual(['wake']);
    loja!.estado = 'ready';
    await run(MINUTE, () => (loja!.lastFrameAt = clock.now()));
    expect(alerts.at(-1)).toBe('CONNECTION_RECOVERED');
    expect(watchdog.report().connections[0]).toMatchObject({ status: 'healthy', problems: [] });
  });

  test.each(['disconnected', 'logged_out', 'qr_ready', 'idle'] as const)(
    '%s waits for a person: nothing fails',
    async (estado) => {
      const { clients, alerts, run } = watched(['loja']);
      clients[0]!.estado = estado;
      await run(HOUR);
      expect([alerts, clients[0]!.done]).toEqual([[], []]);
    },
  );
});

describe('the last resort', () => {
  const broken = { journalWritable: () => Promise.reject(new Error('EIO')) };

  test('a journal that takes nothing for a minute ends the process, at most once in six hours', async () => {
    const stage = watched([], broken);
    await stage.run(2 * MINUTE);
    expect(stage.exits).toEqual(['JOURNAL_DEAD']);
    expect(stage.lastResort().leave('again')).toBe(false);
    stage.clock.advance(EXIT_EVERY_MS);
    expect(stage.lastResort().leave('again')).toBe(true);
  });

  test('without a supervisor it stays, and says so', async () => {
    const stage = aWatchdog([]);
    closers.push(stage.close);
    expect([stage.lastResort(false).leave('alone'), stage.exits]).toEqual([false, []]);
  });

  test('one stuck connection of many is no reason; half of them are', async () => {
    const one = watched(['a', 'b', 'c', 'd']);
    one.clients[0]!.oldestUnfinishedAt = one.clock.now();
    const alive = (stage: typeof one) => () =>
      stage.clients.forEach((client) => (client.lastFrameAt = stage.clock.now()));
    await one.run(20 * MINUTE, alive(one));
    expect(one.exits).toEqual([]);
    const half = watched(['a', 'b', 'c', 'd']);
    for (const client of half.clients.slice(0, 2)) client.oldestUnfinishedAt = half.clock.now();
    await half.run(20 * MINUTE, alive(half));
    expect(half.exits).toEqual([expect.stringContaining('2 of 4')]);
  });
});
