import { readFileSync } from 'node:fs';
import type { GatewayConfig } from '../config/gateway-config.js';

/** Program, journal, database, logs, and what a conversion by ffmpeg opens. */
const OWN_FILES = 150;
/** A WhatsApp connection: its socket, a reconnecting second one, media coming and going. */
const FILES_A_CONNECTION = 6;
/** Requests and webhooks under way at a busy moment. */
const BUSY_FILES = 200;

/** Files and sockets that this process may have open; null where the system does not say. Node has raised it as far as it may. */
export function readFileLimit(): number | null {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? null : Number(limit);
  } catch {
    // No /proc (macOS).
    return null;
  }
}

/** What that limit should be for these settings. */
export function neededFiles({ maxConnections, realtime }: Pick<GatewayConfig, 'maxConnections' | 'realtime'>): number {
  return OWN_FILES + BUSY_FILES + FILES_A_CONNECTION * maxConnections + realtime.maxClients;
}

/** A warning for the operator when the limit is too low for the settings; null when it is not. */
export function fileLimitWarning(
  config: Pick<GatewayConfig, 'maxConnections' | 'realtime'>,
  limit = readFileLimit(),
): string | null {
  const needed = neededFiles(config);
  if (limit === null || limit >= needed) return null;
  return (
    `This process may open ${limit} files and sockets; MAX_CONNECTIONS=${config.maxConnections} and ` +
    `REALTIME_MAX_CLIENTS=${config.realtime.maxClients} need ${needed}. Beyond the limit connections fail: raise it ` +
    `(ulimit -n ${needed}; systemd: LimitNOFILE=${needed}; Docker: --ulimit nofile=${needed}), or lower those settings.`
  );
}
