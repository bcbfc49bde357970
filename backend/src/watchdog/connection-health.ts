import type { Estado } from '../whatsapp/estado.js';
import { ConnectionWatch } from './connection-watch.js';
import { judgeHealth, type HealthStatus } from './judge-health.js';
import { failing, type Readings } from './probes.js';
import type { WatchedClient } from './watched.js';

/** What is judged of a connection: probes that only tell people of something unusual are no illness. */
export function illnesses(readings: Readings): string[] {
  return failing(readings).flatMap(({ name, cure }) => (cure === 'alert' ? [] : [name]));
}

/** One look at one connection, without a memory of earlier ones (the self test). */
export function inspectConnection(
  client: WatchedClient,
  now: number,
): { status: HealthStatus; estado: Estado; problems: string[] } {
  const rules = { alertThreshold: 1, maxConsecutiveFailures: 1, autoReconnect: false };
  const readings = new ConnectionWatch(client.connectionId, rules).read(client, null, now);
  const problems = illnesses(readings);
  return { status: judgeHealth(client.estado, problems), estado: client.estado, problems };
}
