import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../src/config/load-config.js';
import { createGateway } from '../../src/gateway.js';
import { silentLog } from '../../src/lib/log.js';
import { Simulator } from '../../src/simulator/index.js';
import { silenceLibsignal } from '../../src/whatsapp/silence-libsignal.js';

/**
 * `npm run test:soak [-- --minutes 30] [--record file]`: quiet accounts in real time. Nobody writes to them; what is
 * counted is every socket that was opened anew and every step that the watchdog took. Both must be 0. `--record` keeps
 * the probe readings of one connection, for the test that replays a day of them.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, record: { type: 'string' } },
});
const CONNECTIONS = 5;
const READ_EVERY_MS = 15_000;

silenceLibsignal();
process.setSourceMapsEnabled(false);
const dir = await mkdtemp(join(tmpdir(), 'sentinela-soak-'));
await chmod(dir, 0o711);
await writeFile(join(dir, 'env'), '');
const simulator = await Simulator.start();
const settings = {
  NODE_ENV: 'test',
  PORT: '0',
  SUPABASE_LOCAL_PORT: '0',
  DATA_DIR: join(dir, 'sessions'),
  LOG_DIR: join(dir, 'logs'),
  WHATSAPP_WS_URL: simulator.wsUrl,
  WHATSAPP_NOISE_ROOT_KEY: simulator.noiseRootKeyHex,
  WHATSAPP_VERSION: '2.3000.1035194821',
};
const gateway = await createGateway(loadConfig(settings, { envFile: join(dir, 'env') }), { log: silentLog });
await gateway.start();
const { integration, pool, watchdog } = gateway.parts;
let restarts: number;
try {
  for (let index = 0; index < CONNECTIONS; index++) await pair(`quieta-${index}`, String(5_511_940_000_000 + index));
  const opened = () => simulator.history.of('socket.opened').length;
  const before = opened();
  const endsAt = Date.now() + Number(values.minutes) * 60_000;
  const readings: unknown[] = [];
  while (Date.now() < endsAt) {
    await sleep(Math.min(READ_EVERY_MS, Math.max(0, endsAt - Date.now())));
    readings.push(watchdog.report().connections[0]?.probes);
  }
  restarts = opened() - before;
  const steps = watchdog.stepCounts;
  const health = watchdog
    .report()
    .connections.map(({ status, consecutiveFailures }) => ({ status, consecutiveFailures }));
  if (values.record) await writeFile(values.record, `${JSON.stringify(readings)}\n`);
  process.stdout.write(`${JSON.stringify({ minutes: Number(values.minutes), restarts, steps, health })}\n`);
  restarts += Object.keys(steps).filter((step) => ['flush', 'reconnect', 'recreate', 'exit'].includes(step)).length;
} finally {
  await gateway.stop();
  await simulator.stop();
  await rm(dir, { recursive: true, force: true });
}
process.exit(restarts === 0 ? 0 : 1);

async function pair(connectionId: string, number: string): Promise<void> {
  await integration.createConnection({ connectionId }, null);
  const { code } = await integration.getQr(connectionId, null);
  await simulator.createPhone({ number, name: connectionId }).scan(code);
  await pool.get(connectionId)!.waitFor('ready', 30_000);
}
