import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const RESULTS = new URL('../results/', import.meta.url);
const DOCUMENT = new URL('../../../docs/performance.md', import.meta.url);

/** On what, and how busy it was beside the benchmark. */
export interface Machine {
  at: string;
  node: string;
  cpu: string;
  cores: number;
  memoryGb: number;
  /** Load averages (1, 5, 15 min) before the benchmark began. */
  loadBefore: number[];
}

export function machine(): Machine {
  const [cpu] = cpus();
  return {
    at: new Date().toISOString(),
    node: process.version,
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    loadBefore: loadavg().map((each) => Math.round(each * 100) / 100),
  };
}

/** Above this another program had a part of the CPUs before we began. */
export function noise({ loadBefore, cores }: Machine): string {
  const busy = (loadBefore[0] ?? 0) > cores / 4;
  return busy
    ? `busy machine (load ${loadBefore[0]} before the run): read the ratios, not the figures`
    : 'quiet machine';
}

export async function saveResults(name: string, results: unknown): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const file = new URL(`${name}.json`, RESULTS);
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  return fileURLToPath(file);
}

/** Replaces the part of docs/performance.md between `<!-- name -->` and `<!-- /name -->`. */
export async function putIntoDocument(name: string, text: string): Promise<void> {
  const before = await readFile(DOCUMENT, 'utf8');
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [before.indexOf(open), before.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no part "${name}"`);
  await writeFile(DOCUMENT, `${before.slice(0, from + open.length)}\n\n${text}\n\n${before.slice(to)}`);
}

/** A Markdown table whose first row is its head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}
