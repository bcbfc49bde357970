import { describe, expect, test } from '@jest/globals';
import { DISCONNECT_TABLE, disconnectRule } from '../../src/whatsapp/disconnect-table.js';
import { ReconnectSchedule } from '../../src/whatsapp/reconnect-schedule.js';

const BASE_MS = 1000;
const MINUTE = 60_000;
const largest = () => 0.999999;

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
