import { GATEWAY_PROBES, GatewayWatch, type GatewayReadings, type GatewayWatchDeps } from './gateway-watch.js';
import type { LastResort } from './last-resort.js';
import { GATEWAY } from './step-log.js';
import type { WatchdogNews } from './watchdog-news.js';
import { presentStep, type WatchdogReport } from './watchdog-report.js';

export interface GatewayJudgeDeps extends GatewayWatchDeps {
  news: WatchdogNews;
  lastResort: LastResort;
  wakeProjector: () => void;
}

/** Judges the process as a whole, once a tick: a problem is told when it begins, and cured as its probe says. */
export class GatewayJudge {
  readonly #watch: GatewayWatch;
  #problems = new Set<string>();
  #readings: GatewayReadings = {
    eventLoopLagMs: 0,
    journalFailures: 0,
    journalMs: null,
    projectionAgeMs: null,
    databaseOnline: false,
  };

  constructor(private readonly deps: GatewayJudgeDeps) {
    this.#watch = new GatewayWatch(deps);
  }

  /** The next tick is due then, ms since the epoch; how late it comes is the lag of the event loop. */
  expectAt(dueAt: number): void {
    this.#watch.expectAt(dueAt);
  }

  judge(): void {
    const { news, lastResort, wakeProjector } = this.deps;
    this.#readings = this.#watch.read();
    const failed = GATEWAY_PROBES.filter(({ fails }) => fails(this.#readings));
    for (const { name, cure, says } of failed) {
      const isNew = !this.#problems.has(name);
      if (isNew) news.record(GATEWAY, cure, [name]);
      if (isNew) news.alert(cure === 'exit' ? 'critical' : 'warning', name, says);
      if (isNew && cure === 'wake-projector') wakeProjector();
      // At every look: it may not be allowed yet.
      if (cure === 'exit') lastResort.leave(name);
    }
    this.#problems = new Set(failed.map(({ name }) => name));
  }

  report(): WatchdogReport['gateway'] {
    return {
      probes: this.#readings,
      problems: [...this.#problems],
      steps: this.deps.news.steps.of(GATEWAY).map(presentStep),
    };
  }
}
