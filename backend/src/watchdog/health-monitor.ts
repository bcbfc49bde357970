import type { Estado } from '../whatsapp/estado.js';
import { judgeHealth, type HealthStatus } from './judge-health.js';

/** When the health monitor tells people and when it acts; failures in a row of one check each. */
export interface HealthRules {
  alertThreshold: number;
  maxConsecutiveFailures: number;
  autoReconnect: boolean;
}

export interface Health {
  status: HealthStatus;
  consecutiveFailures: number;
  /** Since when it has been healthy without a break, ms since the epoch; null when it is not. */
  healthySince: number | null;
  lastCheckAt: number;
  problems: string[];
}

/**
 * What one check of one connection asks for. `recovered`: it was reported as ill, and is well again. `stuck`: what the
 * gateway does by itself has not helped; told once in an illness.
 */
export type HealthNews = 'alert' | 'reconnect' | 'stuck' | 'recovered' | null;

/** Counts failures of one connection: the first is recorded, the second told, the third mended. */
export class HealthMonitor {
  #health: Health | null = null;

  constructor(private readonly rules: HealthRules) {}

  /** The last check; null before the first one. */
  get health(): Readonly<Health> | null {
    return this.#health;
  }

  /** @param problems names of failing probes; none: it is as people want it, connected or not */
  check(estado: Estado, problems: string[], now: number): HealthNews {
    const before = this.#health;
    const consecutiveFailures = problems.length === 0 ? 0 : (before?.consecutiveFailures ?? 0) + 1;
    const status = judgeHealth(estado, problems);
    const healthySince = status === 'healthy' ? (before?.healthySince ?? now) : null;
    this.#health = { status, consecutiveFailures, healthySince, lastCheckAt: now, problems };
    const news = this.#news(before?.consecutiveFailures ?? 0, consecutiveFailures);
    // Ill, then switched off by a person: nothing has recovered.
    return news === 'recovered' && status !== 'healthy' ? null : news;
  }

  #news(before: number, failures: number): HealthNews {
    const { alertThreshold, maxConsecutiveFailures, autoReconnect } = this.rules;
    if (failures === 0) return before >= alertThreshold ? 'recovered' : null;
    if (failures === maxConsecutiveFailures + Number(autoReconnect)) return 'stuck';
    // Every third one: a try that did not help is not the last.
    if (autoReconnect && failures % maxConsecutiveFailures === 0) return 'reconnect';
    return failures === alertThreshold ? 'alert' : null;
  }
}
