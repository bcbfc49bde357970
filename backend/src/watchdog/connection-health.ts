import type { WatchedClient } from './watched.js';
import { ConnectionWatch } from './connection-watch.js';
import { failing } from './probes.js';

/** One look at one connection, without a memory of earlier ones (the self test). @returns names of failing probes */
export function inspectConnection(client: WatchedClient, now: number): string[] {
  const rules = { alertThreshold: 1, maxConsecutiveFailures: 1, autoReconnect: false };
  const readings = new ConnectionWatch(client.connectionId, rules).read(client, null, now);
  return failing(readings).map(({ name }) => name);
}
