import { expect, test } from '@jest/globals';
import { Pulse } from '../../src/whatsapp/pulse.js';
import { ManualClock } from './inbound/manual-clock.js';

const LIMIT_MS = 32_000;

function aPulse() {
  const clock = new ManualClock();
  const silences: number[] = [];
  const pulse = new Pulse({ clock, onSilent: (ms) => silences.push(ms) });
  /** Time passes a second at a time, as for a process that runs. */
  const run = (seconds: number, each: (second: number) => void = () => undefined) => {
    for (let second = 1; second <= seconds; second += 1) {
      clock.advance(1_000);
      each(second);
    }
  };
  return { clock, silences, pulse, run };
}

test('a socket that says nothing is noticed exactly at the limit, once', () => {
  const { silences, pulse, run } = aPulse();
  pulse.watch(LIMIT_MS);
  run(31);
  expect(silences).toEqual([]);
  run(60);
  expect(silences).toEqual([LIMIT_MS]);
});

test('a frame every 20 s, as on a quiet account, is life enough for a day, and costs no more than one timer', () => {
  const { clock, silences, pulse, run } = aPulse();
  pulse.watch(LIMIT_MS);
  run(86_400, (second) => second % 20 === 0 && pulse.beat());
  expect([silences, clock.waits.length]).toEqual([[], 1]);
});

test('a process that was suspended reads what came meanwhile before it judges', () => {
  const { clock, silences, pulse, run } = aPulse();
  pulse.watch(LIMIT_MS);
  clock.advance(3_600_000);
  pulse.beat();
  run(20);
  expect(silences).toEqual([]);
});

test('while a code waits to be scanned silence means nothing', () => {
  const { clock, silences, pulse, run } = aPulse();
  pulse.watch(LIMIT_MS);
  pulse.watch(null);
  run(600);
  expect([silences, clock.waits]).toEqual([[], []]);
});
