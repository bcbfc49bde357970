import { noise, table, type Machine } from './report.js';
import { figure } from './statistics.js';

/** One thing that was measured, with what bare Baileys took for the same in the same run where that was asked. */
export interface Measured {
  what: string;
  value: number;
  unit: string;
  /** At most this much; null = told, not judged. */
  bar: number | null;
  bare: number | null;
}

/** What a run has found so far; each figure is told as it comes. */
export class Measures {
  readonly all: Measured[] = [];

  /** @param bar at most this; null = only told */
  note(what: string, value: number, unit: string, bar: number | null, bare: number | null = null): void {
    this.all.push({ what, value, unit, bar, bare });
    const sides = [bare === null ? [] : `bare ${figure(bare)}`, bar === null ? [] : `bar ${figure(bar)}`].flat();
    console.log([`${what}: ${figure(value)} ${unit}`, ...sides].join(', '));
  }

  get met(): boolean {
    return this.all.every((each) => verdict(each) !== 'missed');
  }

  /** Markdown: a line about the machine, and a table. */
  text(here: Machine): string {
    const rows = this.all.map((each) => [
      each.what,
      `${figure(each.value)} ${each.unit}`.trim(),
      each.bare === null ? '–' : `${figure(each.bare)} ${each.unit}`.trim(),
      each.bare === null ? '–' : figure(each.value / each.bare),
      each.bar === null ? '–' : `≤ ${figure(each.bar)} ${each.unit}`.trim(),
      verdict(each),
    ]);
    const head = ['', 'measured', 'bare Baileys', '× bare', 'bar', ''];
    const about = `${here.at.slice(0, 10)}, Node ${here.node}, ${here.cores} cores, ${noise(here)}.`;
    return `${about}\n\n${table([head, ...rows])}`;
  }
}

function verdict({ value, bar }: Measured): 'met' | 'missed' | '' {
  if (bar === null) return '';
  return value <= bar ? 'met' : 'missed';
}
