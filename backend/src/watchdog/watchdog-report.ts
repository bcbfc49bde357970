import { illnesses } from './connection-health.js';
import type { ConnectionWatch } from './connection-watch.js';
import type { GatewayReadings } from './gateway-watch.js';
import { judgeHealth, type HealthStatus } from './judge-health.js';
import { failing, type Readings } from './probes.js';
import type { WatchdogStep } from './step-log.js';

/** `GET /api/whatsapp-bootstrap/watchdog`: what is measured, what was done, and why. Times are ISO 8601. */
export interface WatchdogReport {
  state: 'stopped' | 'running';
  settings: { checkIntervalMs: number; alertThreshold: number; maxConsecutiveFailures: number; autoReconnect: boolean };
  supervised: boolean;
  gateway: { probes: GatewayReadings; problems: string[]; steps: StepReport[] };
  /** How often each step was taken since the start. */
  stepCounts: Record<string, number>;
  connections: ConnectionReport[];
}

export interface StepReport {
  at: string;
  step: string;
  reasons: string[];
}

export interface ConnectionReport {
  connectionId: string;
  status: HealthStatus;
  consecutiveFailures: number;
  /** How long it has been healthy without a break; 0 when it is not. */
  healthyForMs: number;
  lastCheckAt: string | null;
  problems: string[];
  /** The last rung of the ladder that was taken in the present half hour. */
  rung: string | null;
  probes: Omit<Readings, 'ping' | 'connectedAt'> & { ping: { at: string; ok: boolean; ms: number } | null };
  steps: StepReport[];
}

export function presentStep({ at, step, reasons }: WatchdogStep): StepReport {
  return { at: new Date(at).toISOString(), step, reasons };
}

/** One connection as it is now. @param steps the newest first */
export function presentWatch(
  watch: ConnectionWatch,
  readings: Readings,
  steps: WatchdogStep[],
  now: number,
): ConnectionReport {
  const { health } = watch.monitor;
  const { ping, connectedAt: _, ...probes } = readings;
  // As it is now: the last check may be a minute old.
  const status = judgeHealth(readings.estado, illnesses(readings));
  const since = Math.max(health?.healthySince ?? now, readings.connectedAt ?? 0);
  return {
    connectionId: watch.connectionId,
    status,
    consecutiveFailures: health?.consecutiveFailures ?? 0,
    healthyForMs: status === 'healthy' ? Math.max(0, now - since) : 0,
    lastCheckAt: health ? new Date(health.lastCheckAt).toISOString() : null,
    problems: failing(readings).map(({ name }) => name),
    rung: watch.climb.rung,
    probes: { ...probes, ping: ping && { ...ping, at: new Date(ping.at).toISOString() } },
    steps: steps.map(presentStep),
  };
}
