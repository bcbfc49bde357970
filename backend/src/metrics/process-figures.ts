import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import type { MetricSet } from './metric-set.js';

const RESOLUTION_MS = 20;
const NS_PER_S = 1e9;

/** How the process itself is: event loop, CPU, memory. Measures between `start` and `stop`; both can be called twice. */
export class ProcessFigures {
  #delays: IntervalHistogram | null = null;

  start(): void {
    if (this.#delays) return;
    this.#delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#delays.enable();
  }

  stop(): void {
    this.#delays?.disable();
    this.#delays = null;
  }

  /** Writes the figures of now; the lag is that since the call before. */
  read(metrics: MetricSet): void {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    metrics.set('sentinela_process_cpu_seconds', (user + system) / 1e6);
    metrics.set('sentinela_process_resident_memory_bytes', rss);
    metrics.set('sentinela_process_heap_used_bytes', heapUsed);
    this.#readLag(metrics);
  }

  #readLag(metrics: MetricSet): void {
    const delays = this.#delays;
    const quantiles: [string, number][] = [
      ['0.5', delays?.percentile(50) ?? 0],
      ['0.99', delays?.percentile(99) ?? 0],
      ['1', delays?.max ?? 0],
    ];
    // The histogram holds whole intervals: what is beyond the timer's own period is lag.
    const lag = (ns: number) => Math.max(0, ns / NS_PER_S - RESOLUTION_MS / 1000);
    for (const [quantile, ns] of quantiles) metrics.set('sentinela_event_loop_lag_seconds', lag(ns), { quantile });
    delays?.reset();
  }
}
