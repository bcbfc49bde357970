import { textTable } from '../lib/text-table.js';

/** One thing that is tried; what it says stands in the table. */
export interface Check {
  name: string;
  /** @returns what was found. @throws Skip, or Error with what is wrong */
  run: () => Promise<string>;
}

/** There is nothing to try here. */
export class Skip extends Error {}

export interface CheckResult {
  name: string;
  result: 'ok' | 'failed' | 'skipped';
  ms: number;
  says: string;
}

/** Tries one after the other, all of them: what a later one finds may explain an earlier one. */
export async function runChecks(checks: readonly Check[]): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { name, run } of checks) {
    const start = performance.now();
    const end = (result: CheckResult['result'], says: string) =>
      results.push({ name, result, ms: Math.round(performance.now() - start), says });
    try {
      end('ok', await run());
    } catch (error) {
      end(error instanceof Skip ? 'skipped' : 'failed', error instanceof Error ? error.message : String(error));
    }
  }
  return results;
}

export function renderChecks(results: readonly CheckResult[]): string {
  const failed = results.filter(({ result }) => result === 'failed').length;
  const rows = results.map(({ name, result, ms, says }) => [name, result, `${ms} ms`, says]);
  const sum = failed === 0 ? 'All is well.' : `${failed} of ${results.length} checks failed.`;
  return `${textTable([['CHECK', 'RESULT', 'TIME', 'FOUND'], ...rows])}\n${sum}\n`;
}
