import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { findPostgres } from '../../src/supabase/local/binaries.js';
import { postgresUser } from '../../src/supabase/local/system-user.js';

const run = promisify(execFile);
const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 10_000;

/** A Postgres that no gateway manages, as on a server of its own: reached by TCP, with fsync. */
export class ExternalPostgres {
  private constructor(
    readonly port: number,
    private readonly dir: string,
    private readonly server: ChildProcess,
  ) {}

  /** A fresh cluster in a temporary directory. */
  static async start(): Promise<ExternalPostgres> {
    const { initdb, postgres: binary } = await findPostgres();
    const user = await postgresUser();
    const dir = await mkdtemp(join(tmpdir(), 'sentinela-pg-'));
    await chmod(dir, 0o700);
    if (user) await chown(dir, user.uid, user.gid);
    const data = join(dir, 'data');
    const flags = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-instructions'];
    await run(initdb, ['-D', data, ...flags], { ...user, cwd: '/' });
    const port = await freePort();
    const settings = ['listen_addresses=127.0.0.1', 'fsync=on', 'synchronous_commit=on', 'max_connections=60'];
    const args = ['-D', data, '-p', `${port}`, '-k', dir, ...settings.flatMap((setting) => ['-c', setting])];
    const server = spawn(binary, args, { ...user, cwd: '/', stdio: 'ignore' });
    const external = new ExternalPostgres(port, dir, server);
    await external.#untilReady();
    return external;
  }

  /** @param port another one when something stands in between (a fault proxy) */
  url(port = this.port): string {
    return `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  /** A client of its own, which the caller ends. */
  connect(): postgres.Sql {
    return postgres(this.url(), { max: 2, onnotice: () => undefined });
  }

  /** Fast shutdown, then the files go. */
  async stop(): Promise<void> {
    if (this.server.exitCode === null && this.server.signalCode === null) {
      const ended = once(this.server, 'exit');
      this.server.kill('SIGINT');
      await Promise.race([ended, delay(STOP_DEADLINE_MS, null, { ref: false })]);
      this.server.kill('SIGKILL');
    }
    await rm(this.dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  async #untilReady(): Promise<void> {
    const deadline = Date.now() + START_DEADLINE_MS;
    for (;;) {
      const sql = postgres(this.url(), { max: 1, connect_timeout: 2, onnotice: () => undefined });
      try {
        await sql`select 1`;
        return;
      } catch (error) {
        if (Date.now() > deadline || this.server.exitCode !== null) throw error;
        await delay(50);
      } finally {
        await sql.end({ timeout: 1 });
      }
    }
  }
}

/** A port on loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
