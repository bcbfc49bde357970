/**
 * Asks `GET /health/live` every 50 ms and keeps how long each answer took: a process of its own, so that what attacks the
 * gateway does not slow down the measuring. A message `{ collect: true }` from the parent is answered with the times
 * since the last one.
 */
import { request } from 'node:http';

const url = process.argv[2] ?? '';
const EVERY_MS = 50;
/** An answer that takes longer than this counts as so long, and the next one is asked for. */
const GIVE_UP_MS = 20_000;

/** What was measured since the last collection, in milliseconds. */
let times: number[] = [];
let failures = 0;

function ask(): Promise<void> {
  return new Promise((resolve) => {
    const startedAt = performance.now();
    const done = (ok: boolean) => {
      times.push(performance.now() - startedAt);
      if (!ok) failures += 1;
      resolve();
    };
    const asked = request(url, { agent: false, timeout: GIVE_UP_MS }, (answer) => {
      answer.resume();
      answer.once('end', () => done(answer.statusCode === 200));
      answer.once('error', () => done(false));
    });
    asked.once('timeout', () => asked.destroy(new Error('timeout')));
    asked.once('error', () => done(false));
    asked.end();
  });
}

process.on('message', () => {
  process.send?.({ times, failures });
  times = [];
  failures = 0;
});

for (;;) {
  const startedAt = performance.now();
  await ask();
  const rest = EVERY_MS - (performance.now() - startedAt);
  if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
}
