import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { COUNTERS, GAUGES, HISTOGRAMS, type CounterName, type GaugeName, type HistogramName } from './metric-table.js';

export type Labels = Record<string, string>;

/** Every metric of the tables, in a registry of its own: two gateways in one process do not share figures. */
export class MetricSet {
  readonly #registry = new Registry();
  readonly #counters: Record<CounterName, Counter>;
  readonly #gauges: Record<GaugeName, Gauge>;
  readonly #histograms: Record<HistogramName, Histogram>;

  constructor() {
    const registers = [this.#registry];
    const spec = (name: string, { help, labels = [] }: { help: string; labels?: readonly string[] }) => ({
      ...{ name, help, registers },
      labelNames: [...labels],
    });
    this.#counters = mapRows(COUNTERS, (name, row) => new Counter(spec(name, row)));
    this.#gauges = mapRows(GAUGES, (name, row) => new Gauge(spec(name, row)));
    this.#histograms = mapRows(
      HISTOGRAMS,
      (name, row) => new Histogram({ ...spec(name, row), buckets: [...row.buckets] }),
    );
  }

  /** `text/plain; version=0.0.4; charset=utf-8`, as Prometheus' exposition format asks. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Counts one, or as many as it says. */
  count(name: CounterName, labels: Labels = {}, by = 1): void {
    this.#counters[name].inc(labels, by);
  }

  set(name: GaugeName, value: number, labels: Labels = {}): void {
    this.#gauges[name].set(labels, value);
  }

  observe(name: HistogramName, seconds: number, labels: Labels): void {
    this.#histograms[name].observe(labels, seconds);
  }

  render(): Promise<string> {
    return this.#registry.metrics();
  }
}

function mapRows<T extends object, R>(table: T, make: (name: string, row: T[keyof T]) => R): Record<keyof T, R> {
  const made = Object.entries(table).map(([name, row]) => [name, make(name, row as T[keyof T])]);
  return Object.fromEntries(made) as Record<keyof T, R>;
}
