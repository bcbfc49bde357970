import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/lib/clock.js';
import { deferred } from '../../../src/lib/deferred.js';
import { silentLog } from '../../../src/lib/log.js';
import { Rounds } from '../../../src/lib/rounds.js';
import { until } from '../../support/until.js';

const HOUR = 3_600_000;

function rounds(round: (signal: AbortSignal) => Promise<void>) {
  return new Rounds({ clock: systemClock, log: silentLog, round, waitMs: () => HOUR, failure: 'failed' });
}

test('one at a time; a call during a round leads to another one, and a failure to none less', async () => {
  let begun = 0;
  let side = 0;
  const first = deferred();
  const each = rounds(async () => {
    begun += 1;
    side += 1;
    expect(side).toBe(1);
    if (begun === 1) await first.promise;
    side -= 1;
    if (begun === 2) throw new Error('bad round');
  });
  each.start();
  each.start();
  each.wake();
  expect(begun).toBe(1);
  first.resolve();
  await until('the second round', () => begun === 2);
  each.wake();
  await until('the third round', () => begun === 3);
  await each.stop();
  each.wake();
  expect(begun).toBe(3);
});

test('a stop ends the round under way by its signal, can be called twice, and a start goes on', async () => {
  let begun = 0;
  const each = rounds(async (signal) => {
    begun += 1;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  });
  each.start();
  await Promise.all([each.stop(), each.stop()]);
  expect(begun).toBe(1);
  each.start();
  await until('another round', () => begun === 2);
  await each.stop();
});

test('between two rounds there is the pause, however often somebody calls', async () => {
  let begun = 0;
  const pauses: number[] = [];
  let pause = deferred();
  const sleep = (ms: number) => {
    pauses.push(ms);
    pause = deferred();
    return pause.promise;
  };
  const round = () => Promise.resolve(void (begun += 1));
  const clock = { ...systemClock, sleep };
  const each = new Rounds({ clock, log: silentLog, round, waitMs: () => HOUR, pauseMs: 300, failure: 'failed' });
  each.start();
  await until('the first pause', () => pauses.length === 1);
  each.wake();
  each.wake();
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toBe(1);
  pause.resolve();
  await until('the pause after the second round', () => pauses.length === 2);
  expect([begun, pauses]).toEqual([2, [300, 300]]);
  pause.resolve();
  await each.stop();
});
