import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SimulatorApi } from './simulator-process.js';
import { GatewayContestant } from './stage/contestants.js';
import { ExternalPostgres } from './stage/external-postgres.js';
import { measureMedia, type MediaResults } from './stage/media-rounds.js';
import { Remote } from './stage/remote.js';
import { machine, noise, putIntoDocument, saveResults, table } from './stage/report.js';
import { databaseFacts } from './stage/rows.js';
import { figure, spread } from './stage/statistics.js';

/**
 * `npm run bench:media [-- --rounds 5] [--files 100] [--dry]`: an even flow of texts, alone and beside 100 files of 1 MB,
 * in turn; then the same files read back, and as many sent. `--profile <file>` leaves a CPU profile of the gateway's event
 * loop over everything.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    files: { type: 'string', default: '100' },
    bytes: { type: 'string', default: String(2 ** 20) },
    'file-every': { type: 'string', default: '50' },
    'text-every': { type: 'string', default: '20' },
    dry: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
});
const PHONE = '5511900000001';
const LATENCY_BAR = 2;
const MEMORY_BAR_MB = 100;

const here = machine();
const dir = await mkdtemp(join(tmpdir(), 'sentinela-bench-'));
// Postgres runs as another user when we are root.
await chmod(dir, 0o711);
const postgres = await ExternalPostgres.create(dir);
const simulator = new Remote<SimulatorApi>(new URL('./simulator-process.ts', import.meta.url));
let gateway: GatewayContestant | null = null;
let results: MediaResults;
let facts = null;

try {
  const media = await simulator.call('media');
  const caFile = join(dir, 'media-ca.pem');
  await writeFile(caFile, media.caPem);
  gateway = new GatewayContestant([PHONE], simulator, postgres, join(dir, 'gateway'), {
    WHATSAPP_MEDIA_URL: media.url,
    WHATSAPP_MEDIA_CA: caFile,
  });
  await gateway.connect();
  facts = await databaseFacts(postgres.sql);
  if (values.profile !== undefined) await gateway.remote.call('startProfile');
  results = await measureMedia(
    { simulator, gateway, postgres },
    {
      rounds: Number(values.rounds),
      files: Number(values.files),
      bytes: Number(values.bytes),
      fileEveryMs: Number(values['file-every']),
      textEveryMs: Number(values['text-every']),
    },
  );
  if (values.profile !== undefined) await gateway.remote.call('stopProfile', values.profile);
} finally {
  await gateway?.stop();
  await simulator.stop();
  await postgres.destroy();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}

const verdict = judge(results);
const text = [
  `${here.at.slice(0, 10)}, Node ${here.node}, ${here.cores} cores, ${noise(here)}.`,
  describe(results),
  table([['', 'measured', 'bar', ''], ...verdict.map(({ row, met }) => [...row, met ? 'met' : '**missed**'])]),
].join('\n\n');
console.log(`\n${text}\n`);
if (!values.dry) {
  console.log(await saveResults('media', { machine: here, database: facts, results }));
  await putIntoDocument('bench:media', text);
}
process.exitCode = verdict.every(({ met }) => met) && results.complete ? 0 : 1;

function describe({ options, filesInS }: MediaResults): string {
  const { rounds, files, bytes, fileEveryMs, textEveryMs } = options;
  const size = `${(bytes / 2 ** 20).toFixed(0)} MB`;
  const last = filesInS.map((each) => each.toFixed(1)).join(', ');
  return (
    `A text every ${textEveryMs} ms for ${(files * fileEveryMs) / 1000} s, ${rounds} times alone and ${rounds} times beside ` +
    `${files} files of ${size}, one every ${fileEveryMs} ms. The last file of a round was in the store ${last} s after the first was sent.`
  );
}

/** A round's texts alone and its texts beside files, seconds apart: what one noisy round does to all of them is left out. */
function ratios(r: MediaResults) {
  return spread(r.p99s.map(({ alone, beside }) => beside / alone));
}

function rounds(r: MediaResults): string {
  const { median, min, max } = ratios(r);
  return `× ${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

function judge(r: MediaResults): { row: string[]; met: boolean }[] {
  const [worst = 0] = r.memory.map(({ before, peak }) => peak - before).sort((a, b) => b - a);
  const out = r.memoryOut.peak - r.memoryOut.before;
  const { files } = r.options;
  const ratio = (of: 'row' | 'receipt', p: 'p50' | 'p99') => r.beside[of][p] / r.alone[of][p];
  const latency = (of: 'row' | 'receipt', p: 'p50' | 'p99') =>
    `${figure(r.alone[of][p])} → ${figure(r.beside[of][p])} ms (× ${ratio(of, p).toFixed(2)})`;
  return [
    { row: ['text → row, p99', latency('row', 'p99'), `≤ × ${LATENCY_BAR}`], met: ratio('row', 'p99') <= LATENCY_BAR },
    {
      row: ['text → row, p99, median of the rounds', rounds(r), `≤ × ${LATENCY_BAR}`],
      met: ratios(r).median <= LATENCY_BAR,
    },
    { row: ['text → row, p50', latency('row', 'p50'), '–'], met: true },
    {
      row: ['text → receipt, p99', latency('receipt', 'p99'), `≤ × ${LATENCY_BAR}`],
      met: ratio('receipt', 'p99') <= LATENCY_BAR,
    },
    {
      row: ['RssAnon, files in (worst round)', `+${figure(worst)} MB`, `≤ +${MEMORY_BAR_MB} MB`],
      met: worst <= MEMORY_BAR_MB,
    },
    { row: ['RssAnon, files out', `+${figure(out)} MB`, `≤ +${MEMORY_BAR_MB} MB`], met: out <= MEMORY_BAR_MB },
    { row: ['identical (SHA-256), in', `${r.identicalIn} of ${files}`, 'all'], met: r.identicalIn === files },
    { row: ['identical (SHA-256), out', `${r.identicalOut} of ${files}`, 'all'], met: r.identicalOut === files },
  ];
}
