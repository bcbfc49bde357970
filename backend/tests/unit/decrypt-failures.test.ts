import { expect, test } from '@jest/globals';
import { DecryptFailures } from '../../src/whatsapp/decrypt-failures.js';

const MINUTE = 60_000;

function counter(startAt = 0) {
  const clock = { at: startAt, now: () => clock.at };
  const floods: number[] = [];
  const failures = new DecryptFailures({ clock: clock as never, onFlood: () => floods.push(clock.at) });
  const count = (times: number) => {
    for (let each = 0; each < times; each += 1) failures.count();
  };
  return { clock, floods, failures, count };
}

test('a flood is one wherever the minute of the clock begins, and is told once an hour', () => {
  const { clock, floods, count } = counter(MINUTE - 1_000);
  count(20);
  clock.at += 2_000;
  count(20);
  expect(floods).toEqual([MINUTE + 1_000]);
  clock.at += 30 * MINUTE;
  count(100);
  expect(floods).toHaveLength(1);
  clock.at += 30 * MINUTE;
  count(30);
  expect(floods).toHaveLength(2);
});

test('failures here and there are counted for an hour, and are no flood', () => {
  const { clock, floods, failures, count } = counter();
  for (let minute = 0; minute < 90; minute += 1) {
    count(20);
    clock.at += MINUTE;
  }
  expect(floods).toEqual([]);
  expect([failures.total, failures.lastHour]).toEqual([1_800, 20 * 59]);
});
