import { SystemdNotifier } from './bootstrap/systemd-notifier.js';
import { loadConfig } from './config/load-config.js';
import { isRunByNpm } from './config/supervisor.js';
import { readSystemd } from './config/systemd.js';
import type { GatewayConfig } from './config/gateway-config.js';
import type { Gateway } from './gateway.js';
import { armCrashPoint } from './lib/crash-points.js';
import { readCommandLine } from './lib/command-line.js';
import { onEndRequest } from './lib/end-requests.js';
import { createLog, type ClosableLog } from './lib/create-log.js';
import { systemClock } from './lib/clock.js';
import { isGatewayError } from './lib/errors.js';
import { DatabaseHost } from './supabase/database-host.js';
import { showQrInTerminal } from './terminal-qr.js';
import { silenceLibsignal } from './whatsapp/silence-libsignal.js';

/** sysexits.h: the configuration is wrong; a supervisor need not try again. */
const EX_CONFIG = 78;
/** The watchdog's last resort; a supervisor starts it again. */
const EX_BEYOND_REPAIR = 70;
const STOP_DEADLINE_MS = 10_000;
const USAGE =
  'npm start, npm run dev   (no options: all settings are environment variables, see .env.supabase.example)';

/** The file that touches the process: settings in, signals in, exit code out. (Only lib/crash-points.ts and, for a
 *  command line that is not understood, lib/command-line.ts end it, too.) */
async function main(): Promise<void> {
  readCommandLine({ options: {}, usage: USAGE });
  silenceLibsignal();
  const config = readConfig();
  armCrashPoint(config.crashAt);
  const log = createLog({ dir: config.logDir, level: config.logLevel, console: config.nodeEnv !== 'test' });
  // Baileys leaves promises unobserved; what depends on them has its own deadline, so the process goes on.
  process.on('unhandledRejection', (error) => log.error('unhandled rejection', { error }));
  let gateway: Gateway | null = null;
  const notifier = new SystemdNotifier({
    ...readSystemd(process.env, process.pid),
    status: () => statusLine(gateway),
    clock: systemClock,
    log,
  });
  let isEnding = false;
  const end = (reason: string, exitCode: number) => {
    // The first reason counts: whatever breaks during the stop changes neither its code nor its deadline.
    if (isEnding) return;
    isEnding = true;
    void notifier.stopping();
    void stop(gateway, log, reason, exitCode);
  };
  onEndRequest((reason) => end(reason, 0), { isRunByNpm: isRunByNpm(process.env) });
  process.on('uncaughtException', (error) => {
    log.error('uncaught exception, the process ends', { error });
    end('uncaughtException', 1);
  });
  try {
    const databaseHost = beginDatabase(config, log);
    const { createGateway } = await import('./gateway.js');
    gateway = await createGateway(config, {
      ...{ log, databaseHost },
      beyondRepair: (reason) => end(`beyond repair: ${reason}`, EX_BEYOND_REPAIR),
    });
    if (config.nodeEnv === 'development' && process.stdout.isTTY) showQrInTerminal(gateway.parts.events);
    await gateway.start();
    await notifier.ready();
    // For PM2's `wait_ready`.
    process.send?.('ready');
  } catch (error) {
    if (isEnding) return;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    log.error('start failed', { error });
    end('start failed', isGatewayError(error) && error.retry === 'never' ? EX_CONFIG : 1);
  }
}

function readConfig(): GatewayConfig {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (!isGatewayError(error, 'BAD_CONFIGURATION')) throw error;
    complain(error.details as string[]);
    process.exit(EX_CONFIG);
  }
}

/**
 * An own Postgres is opened while the program loads: its API thread loads on another core. What fails is heard when the
 * gateway starts. The embedded one waits for the journal's lock: two daemons must not touch one cluster.
 */
function beginDatabase(config: GatewayConfig, log: ClosableLog): DatabaseHost {
  const { database: settings, dataDir } = config;
  const host = new DatabaseHost({ settings, dataDir, log, clock: systemClock });
  if (settings.mode === 'postgres') void host.start().catch(() => undefined);
  return host;
}

/** For `systemctl status`. */
function statusLine(gateway: Gateway | null): string {
  if (!gateway) return 'starting';
  const { total, ready } = gateway.parts.integration.summary(null);
  return `${ready} of ${total} connections ready, database ${gateway.parts.database.state}`;
}

/** Every problem at once, one a line, before there is any log. */
function complain(problems: string[]): void {
  process.stderr.write(`The settings are not valid:\n${problems.map((problem) => `  - ${problem}\n`).join('')}`);
}

/** Stop accepting, flush, close sockets, exit within 10 s. */
async function stop(gateway: Gateway | null, log: ClosableLog, reason: string, exitCode: number): Promise<void> {
  log.info('stopping', { reason });
  const late = setTimeout(() => process.exit(exitCode || 1), STOP_DEADLINE_MS);
  await gateway?.stop();
  await log.close();
  clearTimeout(late);
  process.exit(exitCode);
}

await main();
