import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { PACKAGE_DIR } from '../../src/lib/package-dir.js';
import { ManualClock } from './inbound/manual-clock.js';
import { closeCause, statusCode, upgradeRefused } from '../../src/whatsapp/close-error.js';
import { ESTADOS } from '../../src/whatsapp/estado.js';
import { adviceFor, bannedUntil, banEndOf } from '../../src/whatsapp/advice.js';
import { DISCONNECT_TABLE, OWN_RULES, disconnectRule as ruleFor } from '../../src/whatsapp/disconnect-table.js';
import { Reconnector } from '../../src/whatsapp/reconnector.js';
import { ReconnectSchedule } from '../../src/whatsapp/reconnect-schedule.js';

const BASE_MS = 1000;
const MINUTE = 60_000;
const largest = () => 0.999999;
const smallest = () => 0;

const disconnectRule = (code: number, paired: boolean) => ruleFor(code, { paired, qrShown: !paired, rival: false });

/** Code → what happens: the promise of the README, row by row. */
const ROWS = [
  [401, 'stop', 'logged_out', 'archive'],
  [402, 'retry', 'banned', 'keep'],
  [403, 'stop', 'banned', 'archive'],
  [405, 'retry', 'outdated', 'keep'],
  [406, 'stop', 'banned', 'archive'],
  [408, 'retry', 'reconnecting', 'keep'],
  [409, 'retry', 'conflict', 'keep'],
  [411, 'stop', 'error', 'keep'],
  [428, 'retry', 'reconnecting', 'keep'],
  [429, 'retry', 'reconnecting', 'keep'],
  [440, 'retry', 'conflict', 'keep'],
  [500, 'retry', 'reconnecting', 'keep'],
  [503, 'retry', 'reconnecting', 'keep'],
  [515, 'restart', 'reconnecting', 'keep'],
] as const;

describe('the disconnect table', () => {
  test.each(ROWS)('%i: %s, shown as %s, credentials: %s', (code, action, estado, credentials) => {
    expect(disconnectRule(code, true)).toMatchObject({ action, estado, credentials });
  });

  test('every row of the table is tested', () => {
    expect(ROWS.map(([code]) => String(code))).toEqual(Object.keys(DISCONNECT_TABLE));
  });

  test('a code nobody knows is treated like 500: retried, credentials kept', () => {
    expect(disconnectRule(599, true)).toBe(DISCONNECT_TABLE[500]);
  });

  test('an unpaired connection that saw no QR code has a network failure: it is retried', () => {
    const rule = ruleFor(408, { paired: false, qrShown: false, rival: false });
    expect(rule).toMatchObject({ action: 'retry', reason: 'TIMED_OUT' });
  });

  test.each([409, 440])(
    '%i because of our own second connection: no retry, and both are named as the cause',
    (code) => {
      const rule = ruleFor(code, { paired: true, qrShown: false, rival: true });
      expect(rule).toMatchObject({ action: 'stop', estado: 'conflict', reason: 'SELF_CONFLICT', credentials: 'keep' });
    },
  );

  test.each([
    ['a refused TCP connection', 'ECONNREFUSED', 408],
    ['a name that is not resolved', 'ENOTFOUND', 408],
    ['a certificate that is not trusted', 'DEPTH_ZERO_SELF_SIGNED_CERT', 500],
  ])(
    '%s before the login is an unreachable WhatsApp: a network cause with a sentence of its own',
    (_name, code, status) => {
      const error = Object.assign(new Error(`WebSocket Error (${code})`), {
        data: Object.assign(new Error(code), { code }),
        output: { statusCode: status },
      });
      expect(closeCause(error)).toBe('unreachable');
      const rule = ruleFor(statusCode(error), { paired: true, qrShown: false, rival: false, cause: closeCause(error) });
      expect(rule).toMatchObject({ action: 'retry', reason: 'UNREACHABLE', backoff: 'network', credentials: 'keep' });
    },
  );

  test.each([400, 401, 403, 404, 407, 500, 502, 503, 504])(
    'HTTP %i at the WebSocket upgrade is the network: after hours of it the next try comes within 10 s, and not too often',
    (status) => {
      const error = upgradeRefused(status);
      const rule = ruleFor(statusCode(error), { paired: true, qrShown: false, rival: false, cause: closeCause(error) });
      expect(rule).toMatchObject({ action: 'retry', reason: 'UPGRADE_REFUSED', credentials: 'keep' });
      for (const random of [largest, smallest, () => 0.5]) {
        const schedule = new ReconnectSchedule(BASE_MS, random);
        const timeouts = ruleFor(500, { paired: true, qrShown: false, rival: false });
        let now = 0;
        // Earlier closes have raised the backoff.
        for (let n = 0; n < 12; n++) now += schedule.next(timeouts, now)!;
        now += MINUTE;
        for (let n = 0; n < 200; n++) {
          const wait = schedule.next(rule, now)!;
          expect(wait).toBeLessThan(10_000);
          now += wait;
        }
      }
    },
  );

  test('HTTP 429 at the upgrade keeps its meaning', () => {
    const error = upgradeRefused(429);
    const facts = { paired: true, qrShown: false, rival: false, cause: closeCause(error) };
    expect(ruleFor(statusCode(error), facts).reason).toBe('RATE_LIMITED');
  });

  test('every reason and every state has a sentence of its own; only a ready connection needs none', () => {
    const reasons = [...Object.values(DISCONNECT_TABLE), ...OWN_RULES];
    for (const { estado, reason, advice } of reasons)
      expect([reason, adviceFor(estado, reason)]).toEqual([reason, advice]);
    for (const estado of ESTADOS) {
      const sentence = adviceFor(estado, null);
      expect([estado, sentence]).toEqual([estado, estado === 'ready' ? null : expect.stringMatching(/^.{20,}\.$/)]);
    }
    // Two reasons share a sentence only when they are one fault.
    const byAdvice = new Map(reasons.map(({ reason, advice }) => [advice, reason]));
    for (const { reason, advice } of reasons) expect(byAdvice.get(advice)).toBe(reason);
  });

  test('every reason that the source stores has a sentence', async () => {
    const stored = new Set<string>();
    const src = join(PACKAGE_DIR, 'src');
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    for (const file of files) {
      const text = await readFile(join(src, file), 'utf8');
      for (const [, told, moved] of text.matchAll(/motivo: '([A-Z_]+)'|move\([^)\n]*'([A-Z_]{4,})'/g))
        stored.add((told ?? moved)!);
    }
    expect(stored.size).toBeGreaterThan(3);
    for (const reason of stored)
      expect([reason, adviceFor('disconnected', reason)]).not.toEqual([reason, adviceFor('disconnected', null)]);
  });

  test('whatever stops or shows trouble tells a person what to do', () => {
    const rules = [...Object.values(DISCONNECT_TABLE), ...OWN_RULES];
    for (const { estado, reason, advice } of rules) expect(adviceFor(estado, reason)).toBe(advice);
  });

  test('the end of a ban is kept in the reason, and the advice names it', () => {
    const until = Date.UTC(2026, 10, 21, 15, 0);
    expect(bannedUntil(until)).toBe('BANNED_UNTIL 2026-11-21T15:00:00.000Z');
    expect(banEndOf(bannedUntil(until))).toBe(until);
    expect(adviceFor('banned', bannedUntil(until))).toContain('21/11/2026, 12:00');
  });

  test('a connection that was never paired and ran out of QR codes waits for a person', () => {
    expect(disconnectRule(408, false)).toMatchObject({ action: 'stop', estado: 'disconnected', reason: 'QR_EXPIRED' });
  });
});

describe('waiting before the next try', () => {
  test('the first try after a plain close is at once, later ones back off up to 15 s', () => {
    const schedule = new ReconnectSchedule(BASE_MS, largest);
    const waits = Array.from({ length: 8 }, () => schedule.next(disconnectRule(428, true), 0));
    expect(waits[0]).toBe(0);
    expect(waits[1]).toBeLessThanOrEqual(2 * BASE_MS);
    expect(Math.max(...(waits as number[]))).toBeLessThanOrEqual(15_000);
  });

  test('a network cause never stops the retries for good', () => {
    const schedule = new ReconnectSchedule(BASE_MS, largest);
    for (let tries = 0; tries < 10_000; tries += 1) expect(schedule.next(disconnectRule(408, true), 0)).not.toBeNull();
  });

  test('a replaced session is tried once more, after a minute or later, then a person must decide', () => {
    const schedule = new ReconnectSchedule(BASE_MS);
    expect(schedule.next(disconnectRule(440, true), 0)).toBeGreaterThanOrEqual(MINUTE);
    schedule.ready(2 * MINUTE);
    expect(schedule.next(disconnectRule(440, true), 2 * MINUTE + 1000)).toBeNull();
  });

  test('the counter forgets only after a minute of stability', () => {
    const schedule = new ReconnectSchedule(BASE_MS, largest);
    const rule = disconnectRule(428, true);
    for (let tries = 0; tries < 5; tries += 1) schedule.next(rule, 0);
    schedule.ready(0);
    expect(schedule.next(rule, 30_000)).toBeGreaterThan(0);
    schedule.ready(30_000);
    expect(schedule.next(rule, 91_000)).toBe(0);
  });

  test('after a rate limit the counter survives an open of less than five minutes', () => {
    const schedule = new ReconnectSchedule(BASE_MS, largest);
    schedule.next(disconnectRule(429, true), 0);
    schedule.ready(0);
    expect(schedule.next(disconnectRule(428, true), 4 * MINUTE)).toBeGreaterThan(0);
  });

  test('nothing is tried before a temporary ban ends', () => {
    const schedule = new ReconnectSchedule(BASE_MS);
    expect(schedule.next(disconnectRule(402, true), 0, 3 * 60 * MINUTE)).toBeGreaterThanOrEqual(3 * 60 * MINUTE);
  });
});

describe('the next socket, on a fake clock', () => {
  const aReconnector = (random = largest) => {
    const clock = new ManualClock();
    const opened: string[] = [];
    const open = ({ reason }: { reason: string }) => void opened.push(reason);
    return { clock, opened, reconnector: new Reconnector({ clock, baseMs: BASE_MS, open, random }) };
  };

  /** Code → shortest and longest wait before the first try; null = none by itself. */
  const FIRST_TRY: Record<(typeof ROWS)[number][0], readonly [number, number] | null> = {
    401: null,
    402: [5 * MINUTE, 6 * MINUTE],
    403: null,
    405: [0, 0],
    406: null,
    408: [0, 0],
    409: [MINUTE, 2 * MINUTE],
    411: null,
    428: [0, 0],
    429: [10_000, 40_000],
    440: [MINUTE, 2 * MINUTE],
    500: [0, 0],
    503: [0, 0],
    515: [0, 0],
  };

  test.each(ROWS.map(([code]) => code))('%i: the first try comes when the table says', (code) => {
    for (const [index, random] of [smallest, largest].entries()) {
      const { clock, opened, reconnector } = aReconnector(random);
      const waitMs = reconnector.plan(disconnectRule(code, true));
      const bounds = FIRST_TRY[code];
      if (bounds === null) {
        expect([waitMs, clock.waits]).toEqual([null, []]);
        continue;
      }
      expect(Math.abs(waitMs! - bounds[index]!)).toBeLessThanOrEqual(1);
      expect(opened).toEqual([]);
      clock.advance(waitMs!);
      expect(opened).toEqual([DISCONNECT_TABLE[code]!.reason]);
    }
  });

  test('1,000 closes leave one timer', () => {
    const { clock, reconnector } = aReconnector();
    for (let close = 0; close < 1_000; close += 1) reconnector.plan(disconnectRule(428, true));
    expect(clock.waits).toHaveLength(1);
  });

  test.each([428, 408, 500, 503])('%i: whatever the jitter draws, ten tries a minute are the most', (code) => {
    const { clock, opened, reconnector } = aReconnector(smallest);
    const at: number[] = [];
    reconnector.plan(disconnectRule(code, true));
    while (at.length < 100) {
      clock.advance(clock.waits[0]!);
      at.push(clock.now());
      reconnector.plan(disconnectRule(code, true));
    }
    expect(opened).toHaveLength(100);
    const crowds = at.map((from) => at.filter((each) => each >= from && each < from + MINUTE).length);
    expect(Math.max(...crowds)).toBeLessThanOrEqual(10);
  });

  test('515 is at once and not counted, but a fourth in a minute is a loop and backs off', () => {
    const { clock, opened, reconnector } = aReconnector();
    for (let times = 0; times < 3; times += 1) {
      expect(reconnector.plan(disconnectRule(515, true))).toBe(0);
      clock.advance(0);
    }
    expect([opened.length, reconnector.tries]).toEqual([3, 0]);
    reconnector.plan(disconnectRule(515, true));
    expect(reconnector.tries).toBe(1);
  });

  test('who waits for the network or the server is woken; who is limited, banned or replaced is not', () => {
    const woken = ROWS.map(([code]) => {
      const { reconnector } = aReconnector();
      reconnector.plan(disconnectRule(code, true));
      return [code, reconnector.wake()] as const;
    });
    expect(woken.filter(([, woke]) => woke).map(([code]) => code)).toEqual([408, 428, 500, 503, 515]);
  });

  test('a ban of two months is waited for in days, not in a timer that overflows', () => {
    const { clock, opened, reconnector } = aReconnector();
    const day = 24 * 60 * MINUTE;
    reconnector.plan(disconnectRule(402, true), clock.now() + 60 * day);
    for (let days = 0; days < 59; days += 1) {
      expect(Math.max(...clock.waits)).toBeLessThanOrEqual(day);
      clock.advance(day);
    }
    expect(opened).toEqual([]);
    clock.advance(day);
    expect(opened).toEqual(['BANNED']);
  });
});
