import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/load-config.js';
import { createGateway } from '../../src/gateway.js';
import { silentLog } from '../../src/lib/log.js';

/** A gateway without connections whose parent can break it: entry of watchdog-process.test.ts. */
const dir = process.env['TEST_DIR']!;
mkdirSync(dir, { recursive: true, mode: 0o711 });
writeFileSync(join(dir, 'env'), '');
const settings = { NODE_ENV: 'test', PORT: '0', DATA_DIR: join(dir, 'sessions'), LOG_DIR: join(dir, 'logs') };
// Nobody is there: the gateway runs without its database, too.
const database = { SUPABASE_URL: 'http://127.0.0.1:9', SUPABASE_SERVICE_ROLE_KEY: 'a-key-that-nobody-checks' };
const config = loadConfig({ ...process.env, ...settings, ...database }, { envFile: join(dir, 'env') });
const gateway = await createGateway(config, { log: silentLog, beyondRepair: () => process.exit(70) });
await gateway.start();

function hang(ms: number): void {
  const until = Date.now() + ms;
  while (Date.now() < until);
}

process.on('message', (what) => {
  if (what === 'hang') hang(600_000);
  if (what === 'hang for 5 s') {
    hang(5_000);
    process.send?.('back');
  }
  // The disk below is gone: every write fails from now on.
  if (what === 'break the journal') gateway.parts.journal.probe = () => Promise.reject(new Error('EIO'));
});
process.once('disconnect', () => process.exit());
process.send?.('started');
