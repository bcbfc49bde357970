import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { connectOptions } from '../../src/supabase/local/connect.js';
import { readPostmaster } from '../../src/supabase/local/postmaster.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** As in the package's `start` script. */
export const NODE_FLAGS = ['--max-semi-space-size=4'] as const;
const READY_DEADLINE_MS = 60_000;

/** The compiled daemon as `npm start` runs it (`npm run build` first). */
export class Daemon {
  private constructor(
    readonly url: string,
    /** From the start of the process to the first 200 of /health/ready. */
    readonly readyAfterMs: number,
    private readonly child: ChildProcess,
  ) {}

  /** @param port a free one: the daemon's own choice would have to be read from its log */
  static async start(settings: Record<string, string>, port: number): Promise<Daemon> {
    const url = `http://127.0.0.1:${port}`;
    const startedAt = performance.now();
    const env = { PATH: process.env['PATH'], ...settings, PORT: String(port), SUPABASE_LOCAL_PORT: '0' };
    const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    while (!(await isReady(url))) {
      if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}`);
      if (performance.now() - startedAt > READY_DEADLINE_MS) throw new Error('the daemon is not ready after 60 s');
      await sleep(5);
    }
    return new Daemon(url, performance.now() - startedAt, child);
  }

  /** SIGKILL: nothing is put in order. */
  async kill(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok;
  } catch {
    return false;
  }
}

const clusterOf = (dataDir: string) => join(dataDir, 'postgres');

/** Makes the embedded cluster of a stopped daemon note when each transaction was committed. */
export async function trackCommits(dataDir: string): Promise<void> {
  await appendFile(join(clusterOf(dataDir), 'postgresql.auto.conf'), 'track_commit_timestamp = on\n');
}

/** Straight into the embedded Postgres of a running daemon. */
export async function embeddedSql(dataDir: string): Promise<postgres.Sql> {
  const postmaster = await readPostmaster(clusterOf(dataDir));
  if (!postmaster) {
    const log = await readFile(`${clusterOf(dataDir)}.log`, 'utf8').catch(() => '');
    throw new Error(`no embedded Postgres runs in ${dataDir}: ${log.slice(-300)}`);
  }
  const { socketDir, port } = postmaster;
  return postgres({ ...connectOptions({ socketDir, port }).options, max: 1 });
}
