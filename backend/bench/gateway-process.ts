import { Session } from 'node:inspector/promises';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { loadConfig } from '../src/config/load-config.js';
import { createGateway, type Gateway } from '../src/gateway.js';
import { createLog, type ClosableLog } from '../src/lib/create-log.js';
import { DurableReceive } from '../src/whatsapp/durable-receive.js';
import { silenceLibsignal } from '../src/whatsapp/silence-libsignal.js';
import { serve } from './stage/remote.js';
import { usage } from './stage/usage.js';

/** The whole gateway as `main.ts` starts it, in a process that also tells its figures. */
silenceLibsignal();
process.on('unhandledRejection', (error) => log?.error('unhandled rejection', { error }));

let gateway: Gateway | null = null;
let log: ClosableLog | null = null;
const profiler = new Session();
let startedAt = 0;
let watching: NodeJS.Timeout | undefined;
let peakMb = 0;
/** The first socket that is opened, and the last one that got through. */
let opening: { at: number; cpuMs: number } | null = null;
let lastReady: { at: number; cpuMs: number } | null = null;
const within = (times: number[], from: number) => times.filter((at) => at >= from && at < from + 60_000).length;

const api = {
  /** @param settings environment variables of the gateway */
  start: async (settings: Record<string, string>) => {
    const config = loadConfig(settings);
    log = createLog({ dir: config.logDir, level: config.logLevel, console: false });
    gateway = await createGateway(config, { log });
    startedAt = performance.now();
    const { pool } = gateway.parts;
    pool.events.on('stateChanged', () => (opening ??= { at: performance.now(), cpuMs: usage().loopCpuMs ?? NaN }));
    pool.events.on('ready', () => (lastReady = { at: performance.now(), cpuMs: usage().loopCpuMs ?? NaN }));
    await gateway.start();
    return { url: gateway.parts.http.address().url };
  },

  stats: () => gateway!.parts.journal.stats(),

  /** Resolves when the log is empty: every entry is a row (or with the dead letters). */
  projected: async () => {
    while (gateway!.parts.journal.stats().pendingEntries > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  },

  usage,

  /** From now on the most anonymous memory is noted, every 20 ms. @returns how much it is now, MB */
  watchMemory: () => {
    clearInterval(watching);
    peakMb = usage().rssAnonMb ?? NaN;
    watching = setInterval(() => (peakMb = Math.max(peakMb, usage().rssAnonMb ?? NaN)), 20);
    return peakMb;
  },

  /** @returns the most since `watchMemory`, MB */
  peakMemory: () => {
    clearInterval(watching);
    return peakMb;
  },

  /** State of each connection: how many are in which. */
  estados: () => {
    const counts: Record<string, number> = {};
    for (const { estado } of gateway!.parts.pool.list()) counts[estado] = (counts[estado] ?? 0) + 1;
    return counts;
  },

  /** Opens new sockets for all connections, `times` in a row, each waited for. */
  forceReconnects: async (times: number) => {
    for (let done = 0; done < times; done++) {
      await Promise.all(
        gateway!.parts.pool.list().map(async (client) => {
          await client.reconnect();
          await client.waitFor('ready', 30_000);
        }),
      );
    }
  },

  /** Watches for so long. @returns the most tries that one connection made within a minute */
  countTries: async (ms: number) => {
    const tries = new Map<string, number[]>();
    const off = gateway!.parts.pool.events.on('closed', ({ connectionId }) =>
      tries.set(connectionId, [...(tries.get(connectionId) ?? []), Date.now()]),
    );
    await new Promise((resolve) => setTimeout(resolve, ms));
    off();
    // The first close is the outage itself, each further one a try that failed.
    const crowds = [...tries.values()].map((at) => at.slice(1)).flatMap((at) => at.map((from) => within(at, from)));
    return Math.max(0, ...crowds);
  },

  /** Waits for all to be ready. @returns from the first socket, and from the start of the gateway, to the last login */
  restored: async () => {
    const { pool, journal } = gateway!.parts;
    while (pool.readyCount < journal.listConnections().length) await new Promise((resolve) => setTimeout(resolve, 5));
    return {
      openingMs: lastReady!.at - opening!.at,
      openingCpuMs: lastReady!.cpuMs - opening!.cpuMs,
      wholeMs: lastReady!.at - startedAt,
    };
  },

  /** The heap after two collections, and what keeps a process alive. */
  footprint: async () => {
    const collect = (globalThis as { gc?: () => void }).gc;
    for (let times = 0; times < 2; times++) {
      collect?.();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const handles = process
      .getActiveResourcesInfo()
      .filter((kind) => kind !== 'Timeout' && kind !== 'Immediate').length;
    return { heapMb: process.memoryUsage().heapUsed / 2 ** 20, handles };
  },

  /** The next message stanza is taken in and never finished, as behind a held mutex (WhiskeySockets/Baileys#2491). */
  wedgeNext: () => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with `this` below
    const { take } = DurableReceive.prototype;
    DurableReceive.prototype.take = function (node) {
      DurableReceive.prototype.take = take;
      return take.call(this, node, () => new Promise(() => undefined));
    };
  },

  watchdog: () => gateway!.parts.watchdog.report(),

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
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(profile));
  },
};

export type GatewayApi = typeof api;

serve(api, async () => {
  await gateway?.stop();
  await log?.close();
});
