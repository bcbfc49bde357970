import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '../../src/lib/create-log.js';
import { survivesClosedStreams } from '../../src/lib/standard-streams.js';

/** A program that logs a lot and handles its own exceptions as the daemon does: entry of log-sinks.test.ts. */
survivesClosedStreams();
const dir = process.env['TEST_DIR']!;
const lines = Number(process.env['TEST_LINES']);
const log = createLog({ dir, level: 'info', console: true, files: { maxBytes: 1e9, retryMs: 50 } });
let uncaught = 0;
process.on('uncaughtException', (error) => {
  uncaught += 1;
  log.error('uncaught exception', { error });
});
for (let n = 0; n < lines; n++) {
  log.info('a line of the log that is as long as lines of logs are', { n, padding: 'x'.repeat(100) });
  if (n % 500 === 0) await delay(1);
}
const { rss } = process.memoryUsage();
writeFileSync(`${dir}.result.json`, JSON.stringify({ uncaught, rss }));
process.stdin.resume();
process.stdin.on('data', () => log.info('one more'));
process.stdin.once('end', () => void log.close().then(() => process.exit(0)));
