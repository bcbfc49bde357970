import { Session } from 'node:inspector/promises';
import { writeFile } from 'node:fs/promises';
import { loadConfig } from '../src/config/load-config.js';
import { createGateway, type Gateway } from '../src/gateway.js';
import { createLog, type ClosableLog } from '../src/lib/create-log.js';
import { silenceLibsignal } from '../src/whatsapp/silence-libsignal.js';
import { serve } from './stage/remote.js';
import { usage } from './stage/usage.js';

/** The whole gateway as `main.ts` starts it, in a process that also tells its figures. */
silenceLibsignal();
process.on('unhandledRejection', (error) => log?.error('unhandled rejection', { error }));

let gateway: Gateway | null = null;
let log: ClosableLog | null = null;
const profiler = new Session();

const api = {
  /** @param settings environment variables of the gateway */
  start: async (settings: Record<string, string>) => {
    const config = loadConfig(settings);
    log = createLog({ dir: config.logDir, level: config.logLevel, console: false });
    gateway = await createGateway(config, { log });
    await gateway.start();
    return { url: gateway.parts.http.address().url };
  },

  stats: () => gateway!.parts.journal.stats(),

  /** Resolves when the log is empty: every entry is a row (or with the dead letters). */
  projected: async () => {
    while (gateway!.parts.journal.stats().pendingEntries > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  },

  usage,

  startProfile: async () => {
    profiler.connect();
    await profiler.post('Profiler.enable');
    await profiler.post('Profiler.setSamplingInterval', { interval: 200 });
    await profiler.post('Profiler.start');
  },

  /** Writes a `.cpuprofile` of the event loop's thread. */
  stopProfile: async (file: string) => {
    const { profile } = await profiler.post('Profiler.stop');
    profiler.disconnect();
    await writeFile(file, JSON.stringify(profile));
  },
};

export type GatewayApi = typeof api;

serve(api, async () => {
  await gateway?.stop();
  await log?.close();
});
