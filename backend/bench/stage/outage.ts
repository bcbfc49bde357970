import { mkdir } from 'node:fs/promises';
import type { SimulatorApi } from '../simulator-process.js';
import { GatewayContestant } from './contestants.js';
import type { ExternalPostgres } from './external-postgres.js';
import { Remote } from './remote.js';
import { disorder } from './rows.js';

const CHATS = 200;
const CHUNK = 5_000;

/** Postgres away while many messages come in, then back. */
export interface OutageResults {
  messages: number;
  chats: number;
  /** While Postgres was away. */
  receivedPerSecond: number;
  rssAnonGrowthMb: number | null;
  /** From the first commit after the outage to the last. */
  drainedPerSecond: number;
  /** From Postgres answering again to the first commit, ms. */
  resumedAfterMs: number;
  rows: number;
  outOfOrder: number;
  complete: boolean;
}

export async function measureOutage(postgres: ExternalPostgres, dir: string, messages: number): Promise<OutageResults> {
  await mkdir(dir, { recursive: true });
  const simulator = new Remote<SimulatorApi>(new URL('../simulator-process.ts', import.meta.url));
  const phone = '5511955550000';
  const gateway = new GatewayContestant([phone], simulator, postgres, dir);
  try {
    await gateway.connect();
    const burst = async (count: number, label: string) => {
      await simulator.call('prepare', { phones: [phone], customers: CHATS, messages: count, label });
      return simulator.call('start');
    };
    // As much as the heap needs to have its working size: what grows afterwards grows by the queue.
    const warm = await burst(CHUNK, 'warm-up');
    await gateway.settle(warm.ids);
    await postgres.halt();
    const before = await gateway.usage();
    const ids: string[] = [];
    let busyMs = 0;
    for (let sent = 0; sent < messages; sent += CHUNK) {
      const {
        startedAt,
        receiptedAt,
        ids: more,
      } = await burst(Math.min(CHUNK, messages - sent), `outage ${sent / CHUNK}`);
      busyMs += receiptedAt - startedAt;
      ids.push(...more);
    }
    const after = await gateway.usage();
    await postgres.start();
    const backAt = Date.now();
    const { have } = await gateway.settle(ids);
    const times = [...(await gateway.commitTimes(ids)).values()];
    const [first, last] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))];
    const outOfOrder = await disorder(postgres.sql, ids);
    return {
      messages,
      chats: CHATS,
      receivedPerSecond: messages / (busyMs / 1000),
      rssAnonGrowthMb:
        after.rssAnonMb === null || before.rssAnonMb === null ? null : after.rssAnonMb - before.rssAnonMb,
      drainedPerSecond: have / ((last - first) / 1000),
      resumedAfterMs: first - backAt,
      rows: have,
      outOfOrder,
      complete: have === messages && outOfOrder === 0,
    };
  } finally {
    await gateway.stop();
    await simulator.stop();
  }
}
