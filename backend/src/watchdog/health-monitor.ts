/** When the health monitor tells people and when it acts; failures in a row of one check each. */
export interface HealthRules {
  alertThreshold: number;
  maxConsecutiveFailures: number;
  autoReconnect: boolean;
}

export type HealthStatus = 'healthy' | 'unhealthy' | 'disconnected' | 'error';

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

/** How an unhealthy connection is called. */
const STATUS_OF: Record<string, HealthStatus> = {
  disconnected: 'disconnected',
  logged_out: 'disconnected',
  reconnecting: 'disconnected',
  initializing: 'disconnected',
  error: 'error',
  conflict: 'error',
  banned: 'error',
  outdated: 'error',
  passkey_required: 'error',
};

/** Counts failures of one connection: the first is recorded, the second told, the third mended. */
export class HealthMonitor {
  #health: Health | null = null;

  constructor(private readonly rules: HealthRules) {}

  /** The last check; null before the first one. */
  get health(): Readonly<Health> | null {
    return this.#health;
  }

  /** @param problems names of failing probes; none = healthy */
  check(estado: string, problems: string[], now: number): HealthNews {
    const before = this.#health;
    const well = problems.length === 0;
    const consecutiveFailures = well ? 0 : (before?.consecutiveFailures ?? 0) + 1;
    const healthySince = well ? (before?.healthySince ?? now) : null;
    const status = well ? 'healthy' : (STATUS_OF[estado] ?? 'unhealthy');
    this.#health = { status, consecutiveFailures, healthySince, lastCheckAt: now, problems };
    return this.#news(before?.consecutiveFailures ?? 0, consecutiveFailures);
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
