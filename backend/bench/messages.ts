import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BareContestant, GatewayContestant, type Contestant, type SimulatorRemote } from './stage/contestants.js';
import { ExternalPostgres } from './stage/external-postgres.js';
import { measureRounds, type RoundResults } from './stage/rounds.js';
import { measureOutage, type OutageResults } from './stage/outage.js';
import { messageTables } from './stage/message-tables.js';
import { Remote } from './stage/remote.js';
import { machine, noise, putIntoDocument, saveResults } from './stage/report.js';
import { databaseFacts } from './stage/rows.js';
import type { SimulatorApi } from './simulator-process.js';

/**
 * `npm run bench:messages [-- --quick] [--pairs 7] [--messages 2000] [--connections 1,4,20] [--skip-outage] [--dry]`:
 * bare Baileys and the gateway side by side, against one simulator, in interleaved runs. `--dry` writes no files;
 * `--profile <dir>` leaves CPU profiles of the gateway's event loop there, `--only gateway` leaves the others out.
 */
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    pairs: { type: 'string' },
    messages: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '1,4,20' },
    'skip-out': { type: 'boolean', default: false },
    'skip-outage': { type: 'boolean', default: false },
    dry: { type: 'boolean', default: false },
    profile: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});

const here = machine();
const pairs = Number(values.pairs ?? (values.quick ? 3 : 7));
const dir = await mkdtemp(join(tmpdir(), 'sentinela-bench-'));
// Postgres runs as another user when we are root.
await chmod(dir, 0o711);
const postgres = await ExternalPostgres.create(dir);
const rounds: RoundResults[] = [];
let outage: OutageResults | null = null;
let facts = null;

try {
  for (const connections of values.connections.split(',').map(Number)) {
    rounds.push(
      await withContestants(connections, async (simulator, contestants) => {
        facts = await databaseFacts(postgres.sql);
        const messages = Math.max(20, Math.round(Number(values.messages) / connections));
        const options = { pairs, messages, out: !values['skip-out'], profileDir: values.profile ?? null };
        return measureRounds(simulator, contestants, options);
      }),
    );
  }
  if (!values['skip-outage'])
    outage = await measureOutage(postgres, join(dir, 'outage'), values.quick ? 10_000 : 50_000);
} finally {
  await postgres.destroy();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}

const text = [`${here.at.slice(0, 10)}, Node ${here.node}, ${here.cores} cores, ${noise(here)}.`]
  .concat(messageTables(rounds, outage))
  .join('\n\n');
console.log(`\n${text}\n`);
if (!values.dry) {
  console.log(await saveResults('messages', { machine: here, database: facts, pairs, rounds, outage }));
  await putIntoDocument('bench:messages', text);
}
process.exitCode = rounds.every(({ complete }) => complete) && (outage?.complete ?? true) ? 0 : 1;

/** Fresh processes and accounts for each number of connections; all see the same simulator. */
async function withContestants<T>(
  connections: number,
  work: (simulator: SimulatorRemote, contestants: Contestant[]) => Promise<T>,
): Promise<T> {
  const simulator = new Remote<SimulatorApi>(new URL('./simulator-process.ts', import.meta.url));
  const phones = (kind: number) =>
    Array.from({ length: connections }, (_, n) => String(5_511_900_000_000 + kind * 1000 + connections * 100_000 + n));
  const all: Contestant[] = [
    new BareContestant('bare, memory', phones(1), simulator, 'memory'),
    new BareContestant('bare, multi-file', phones(2), simulator, join(dir, `multi-file-${connections}`)),
    new GatewayContestant(phones(3), simulator, postgres, join(dir, `gateway-${connections}`)),
  ];
  const contestants = all.filter(({ name }) => name.includes(values.only));
  for (const each of all) if (!contestants.includes(each)) await each.stop();
  try {
    for (const contestant of contestants) await contestant.connect();
    return await work(simulator, contestants);
  } finally {
    await Promise.all(contestants.map((each) => each.stop()));
    await simulator.stop();
  }
}
