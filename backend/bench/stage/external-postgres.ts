import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { findPostgres } from '../../src/supabase/local/binaries.js';
import { postgresUser, type SystemUser } from '../../src/supabase/local/system-user.js';

const run = promisify(execFile);

/**
 * A plain Postgres as a self-hoster has one: a cluster of its own with Postgres' own defaults (fsync on), reached over TCP.
 * `track_commit_timestamp` is the only addition: it tells when a row became visible, without touching the schema.
 */
export class ExternalPostgres {
  #child: ChildProcess | null = null;

  private constructor(
    private readonly dir: string,
    private readonly port: number,
    private readonly binary: string,
    private readonly user: SystemUser | null,
    readonly sql: postgres.Sql,
  ) {}

  /** @param parent a directory that other users may walk through */
  static async create(parent: string): Promise<ExternalPostgres> {
    const { postgres: binary, initdb } = await findPostgres();
    const user = await postgresUser();
    const dir = join(parent, 'external-postgres');
    await mkdir(dir, { mode: 0o700 });
    if (user) await chown(dir, user.uid, user.gid);
    await run(initdb, ['-D', dir, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'], {
      ...user,
      cwd: '/',
    });
    const port = await freePort();
    const sql = postgres(`postgres://postgres@127.0.0.1:${port}/postgres`, { max: 1, onnotice: () => undefined });
    const server = new ExternalPostgres(dir, port, binary, user, sql);
    await server.start();
    return server;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${this.dir}`, 'track_commit_timestamp=on'];
    const args = ['-D', this.dir, '-p', String(this.port), ...settings.flatMap((setting) => ['-c', setting])];
    this.#child = spawn(this.binary, args, { ...this.user, cwd: '/', stdio: 'ignore' });
    for (let tries = 0; ; tries++) {
      try {
        await this.sql`select 1`;
        return;
      } catch (error) {
        if (tries > 500) throw error;
        await sleep(20);
      }
    }
  }

  /** Fast shutdown: connections are cut, everything committed is kept. */
  async halt(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    await ended;
  }

  async destroy(): Promise<void> {
    await this.sql.end({ timeout: 1 });
    await this.halt();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Free at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
