import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';

/** One thing that is really tried. It rejects with a sentence that says what failed. */
export interface SelfTestStep {
  name: string;
  run: () => Promise<void>;
}

export interface SelfTestReport {
  ok: boolean;
  steps: { name: string; ok: boolean; ms: number; error?: string }[];
}

const STEP_DEADLINE_MS = 10_000;

/** Runs every step, also after one failed: the report says all that is wrong at once. */
export async function runSelfTest(steps: SelfTestStep[], clock: Clock): Promise<SelfTestReport> {
  const report: SelfTestReport = { ok: true, steps: [] };
  for (const step of steps) {
    const startedAt = clock.now();
    try {
      await withDeadline(step.run(), STEP_DEADLINE_MS, step.name);
      report.steps.push({ name: step.name, ok: true, ms: clock.now() - startedAt });
    } catch (error) {
      report.ok = false;
      const text = error instanceof Error ? error.message : String(error);
      report.steps.push({ name: step.name, ok: false, ms: clock.now() - startedAt, error: text });
    }
  }
  return report;
}
