import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CONNECTION } from '../crash/cast.js';
import type { Daemon } from '../crash/daemon.js';
import type { Random } from '../crash/random.js';
import { Stage } from '../crash/stage.js';
import { as, ROOT_KEY } from '../support/access.js';
import { freePort } from '../support/external-postgres.js';
import { HttpClient } from '../support/http-client.js';

/** How the gateway was while something went on. */
export interface Reading {
  asked: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Probes that got no 200. */
  failures: number;
  /** The largest resident set seen, in MB. */
  rssMb: number;
}

export const LOCAL_KEYS = {
  SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_of-the-hostile-campaign-1234',
  SUPABASE_ANON_KEY: 'sb_publishable_of-the-hostile-campaign-1',
  SUPABASE_JWT_SECRET: 'the-jwt-secret-of-the-hostile-campaign',
};
const VICTIM = '11111111-1111-4111-8111-111111111111';
const ATTACKER = '22222222-2222-4222-8222-222222222222';
const SAMPLE_MS = 100;
/** V8's own choice on a server of 2 GB. With more it leaves garbage for longer, and what grows says less. */
const HEAP_LIMIT = '--max-old-space-size=1024';

/**
 * The daemon as it is shipped, with a root key, two tenants, the simulator, an external Postgres and honest traffic; a
 * process of its own asks it whether it lives. Attacks come from this process.
 */
export class Arena {
  #honest: Promise<void> = Promise.resolve();
  #peace = new AbortController();
  #sampler: NodeJS.Timeout | null = null;
  #rssPeakMb = 0;

  private constructor(
    readonly stage: Stage,
    readonly daemon: Daemon,
    readonly random: Random,
    readonly localUrl: string,
    readonly keys: { root: string; victim: string; attacker: string },
    private readonly probe: ChildProcess,
  ) {}

  static async set(random: Random): Promise<Arena> {
    const localPort = await freePort();
    const stage = await Stage.set(random, {
      settings: {
        ...LOCAL_KEYS,
        API_KEY: ROOT_KEY,
        SUPABASE_LOCAL_PORT: String(localPort),
        MAX_CONNECTIONS: '60',
        MAX_CONNECTIONS_PER_OWNER: '20',
        LOG_LEVEL: 'warn',
      },
      headers: as(ROOT_KEY),
      nodeFlags: [HEAP_LIMIT],
    });
    const daemon = stage.start(null);
    if (!(await daemon.started())) throw new Error('the daemon does not start');
    const keyOf = async (ownerId: string) => {
      const wanted = { name: ownerId, ownerId, grants: ['read', 'send', 'manage'] };
      const { body } = await daemon.call('POST', '/api/whatsapp-bootstrap/keys', wanted);
      return String(body['key']);
    };
    const keys = { root: ROOT_KEY, victim: await keyOf(VICTIM), attacker: await keyOf(ATTACKER) };
    await daemon.call('POST', '/api/whatsapp-integration/connections', { connectionId: CONNECTION, ownerId: VICTIM });
    await stage.pair(daemon, CONNECTION, stage.cast.store);
    await stage.untilReady(daemon, CONNECTION);
    const probeFile = fileURLToPath(new URL('./probe.ts', import.meta.url));
    const probe = fork(probeFile, [`http://127.0.0.1:${stage.port}/health/live`], { execArgv: ['--import', 'tsx'] });
    return new Arena(stage, daemon, random, `http://127.0.0.1:${localPort}`, keys, probe);
  }

  get url(): string {
    return `http://127.0.0.1:${this.stage.port}`;
  }

  get http(): HttpClient {
    return new HttpClient(this.url);
  }

  /** Honest customers write, the API answers them, and a CRM reads along, until `endTraffic`. */
  beginTraffic(): void {
    this.#peace = new AbortController();
    const { signal } = this.#peace;
    this.#honest = (async () => {
      while (!signal.aborted) {
        await Promise.all([this.stage.traffic.incoming(2, 500), this.#readAlong(10)]);
        if (this.random.chance(0.3)) await this.stage.traffic.outgoing(this.daemon, 1);
      }
    })();
    this.#sampler = setInterval(() => void this.#sample(), SAMPLE_MS);
  }

  /** As a CRM does that looks again and again. */
  async #readAlong(times: number): Promise<void> {
    const root = as(this.keys.root);
    for (let n = 0; n < times; n++) {
      await this.http.get('/api/whatsapp-integration/atendimentos?limit=50', root);
      await this.http.get('/api/whatsapp-integration/connections', root);
    }
  }

  async endTraffic(): Promise<void> {
    this.#peace.abort();
    await this.#honest;
    if (this.#sampler) clearInterval(this.#sampler);
  }

  /** Runs `work` and reads how the gateway was meanwhile. */
  async reading(work: () => Promise<unknown>): Promise<Reading> {
    await this.#collect();
    this.#rssPeakMb = await this.rssMb();
    await work();
    const { times, failures } = await this.#collect();
    const sorted = times.sort((a, b) => a - b);
    const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
    const rssMb = this.#rssPeakMb;
    return { asked: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), failures, rssMb };
  }

  /** Resident memory of the daemon without the journal's mapped pages, in MB. */
  async rssMb(): Promise<number> {
    const status = await readFile(`/proc/${this.daemon.pid}/status`, 'utf8');
    return Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  /** Everything that was taken in is a row or a dead letter, and WhatsApp has its receipts. @throws after `deadlineMs` */
  async settle(deadlineMs = 120_000): Promise<{ deadLetters: number }> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      await this.stage.traffic.repeatUnanswered(this.daemon);
      const { body } = await this.daemon.call('GET', '/api/whatsapp-bootstrap/stats');
      const { pendingEntries, outboxUnfinished, deadLetters } = body['queues'] as Record<string, number>;
      const queued = this.stage.cast.store.companions.reduce((sum, { mailbox }) => sum + mailbox.size, 0);
      if (pendingEntries === 0 && outboxUnfinished === 0 && queued === 0) return { deadLetters: deadLetters ?? 0 };
      if (Date.now() > deadline) throw new Error(`not settled: ${JSON.stringify({ ...body, queued })}`);
      await delay(100);
    }
  }

  async strike(keep: boolean): Promise<void> {
    this.probe.kill();
    await this.daemon.kill();
    await this.stage.strike(keep);
  }

  async #sample(): Promise<void> {
    this.#rssPeakMb = Math.max(this.#rssPeakMb, await this.rssMb().catch(() => 0));
  }

  async #collect(): Promise<{ times: number[]; failures: number }> {
    const answered = once(this.probe, 'message');
    this.probe.send({ collect: true });
    const [message] = (await answered) as [{ times: number[]; failures: number }];
    return message;
  }
}
