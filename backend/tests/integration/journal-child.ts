import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { Journal } from '../../src/journal/journal.js';
import { silentLog } from '../../src/lib/log.js';
import { aPart, aStanza, CONNECTION } from '../unit/journal-records.js';

/**
 * A process that writes commits until it is killed (or has written `count`), and says on stdout what it was promised:
 * `+ n` entry n is durable, `? n` entry n is being completed, `- n` entry n is completed, `! code` a commit was refused
 * (then it waits for the end of stdin and writes one more).
 * Arguments: directory, encryption key or `-`, committers, count.
 */
const [dir = '', key = '-', committers = '1', count = 'Infinity'] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);

const journal = await Journal.open({
  dir,
  encryptionKey: key === '-' ? null : key,
  maxBytes: 1 << 30,
  log: silentLog,
});
let next = (journal.claimEntries(Number.MAX_SAFE_INTEGER).at(-1)?.seq ?? 0) + 1_000_000;
let left = Number(count);
say(`open ${process.pid}`);

async function commitOne(): Promise<void> {
  const n = `${next++}`;
  const { seqs } = await journal.commit({
    keys: { connectionId: CONNECTION, mutations: { session: { [n]: { n }, last: { n } } } },
    parts: [aPart(n)],
    entries: [aStanza(n)],
  });
  say(`+ ${n}`);
  if (Number(n) % 5 !== 0 || count !== 'Infinity') return;
  say(`? ${n}`);
  await journal.completeEntries(seqs);
  say(`- ${n}`);
}

async function commitAll(): Promise<void> {
  while (left-- > 0) await commitOne();
}

try {
  await Promise.all(Array.from({ length: Number(committers) }, commitAll));
} catch (error) {
  const { code, cause } = error as { code?: string; cause?: Error };
  say(`! ${code} ${cause?.message}`);
  // Whoever started it may put things right and let it try once more.
  await once(process.stdin.resume(), 'end');
  await commitOne().catch(() => say('! again'));
}
await journal.close();
