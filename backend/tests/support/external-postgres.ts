import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { generate } from 'selfsigned';
import { findPostgres } from '../../src/supabase/local/binaries.js';
import { postgresUser } from '../../src/supabase/local/system-user.js';

const run = promisify(execFile);
const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 10_000;

/** Members of this role, once a test has made it, sign in by password; all others are trusted. */
export const WITH_PASSWORD = 'com_senha';

/** A Postgres that no gateway manages, as on a server of its own: reached by TCP, with fsync. */
export class ExternalPostgres {
  private constructor(
    readonly port: number,
    /** Where its Unix socket is, and with TLS its certificate (`server.crt`). */
    readonly dir: string,
    private readonly server: ChildProcess,
  ) {}

  /**
   * A fresh cluster in a temporary directory.
   * @param o `tls`: whether it offers TLS, with a certificate for `localhost` and 127.0.0.1 that it has signed itself
   */
  static async start(o: { tls?: boolean } = {}): Promise<ExternalPostgres> {
    const { initdb, postgres: binary } = await findPostgres();
    const user = await postgresUser();
    const dir = await mkdtemp(join(tmpdir(), 'sentinela-pg-'));
    await chmod(dir, 0o700);
    if (user) await chown(dir, user.uid, user.gid);
    const data = join(dir, 'data');
    const flags = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-instructions'];
    await run(initdb, ['-D', data, ...flags], { ...user, cwd: '/' });
    const hba = join(data, 'pg_hba.conf');
    await writeFile(hba, `host all +${WITH_PASSWORD} all scram-sha-256\n${await readFile(hba, 'utf8')}`);
    const port = await freePort();
    const settings = ['listen_addresses=127.0.0.1,::1', 'fsync=on', 'synchronous_commit=on', 'max_connections=60'];
    if (o.tls) settings.push(...(await selfSigned(dir, user)));
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

/** @returns the settings that have Postgres use a certificate which `dir` now holds */
async function selfSigned(dir: string, user: { uid: number; gid: number } | null): Promise<string[]> {
  const altNames = [
    { type: 2 as const, value: 'localhost' },
    { type: 7 as const, ip: '127.0.0.1' },
  ];
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  for (const [file, text] of Object.entries({ 'server.crt': cert, 'server.key': key })) {
    await writeFile(join(dir, file), text, { mode: 0o600 });
    if (user) await chown(join(dir, file), user.uid, user.gid);
  }
  return ['ssl=on', `ssl_cert_file=${join(dir, 'server.crt')}`, `ssl_key_file=${join(dir, 'server.key')}`];
}

/** A port on loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
