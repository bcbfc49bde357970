import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../lib/clock.js';
import { GatewayError } from '../../lib/errors.js';
import type { Log } from '../../lib/log.js';
import { findPostgres, type PostgresBinaries } from './binaries.js';
import { clusterDir, PORT, socketDirFor } from './cluster-places.js';
import { createCluster } from './create-cluster.js';
import { reachableBinaries } from './reachable-binaries.js';
import { endWatcher, ORPHAN_MS, renewLease, watchForOrphan } from './orphan-watch.js';
import { isAlive, isOurs, readPostmaster } from './postmaster.js';
import { postgresUser, type SystemUser, keepTraversable } from './system-user.js';

/** How to reach the cluster: a Unix socket, so that it can never meet another Postgres on a TCP port. */
export interface ClusterAddress {
  socketDir: string;
  port: number;
  /** `postgres` when not given. */
  database?: string;
}

export interface ClusterDeps {
  /** The gateway's data directory; the cluster lies in `postgres` below it. */
  dataDir: string;
  log: Log;
  clock: Clock;
  startDeadlineMs?: number;
  /** It ends by itself so long after a gateway that was killed; default 10 min. */
  orphanMs?: number;
}

/** Small, durable, and silent about what customers wrote (a statement or its DETAIL may carry their text). */
const SETTINGS = [
  'listen_addresses=',
  'shared_buffers=32MB',
  'max_connections=40',
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_wal_size=256MB',
  'jit=off',
  'log_min_messages=fatal',
  'log_min_error_statement=panic',
  'log_error_verbosity=terse',
  'log_checkpoints=off',
];

/**
 * The gateway's own Postgres: a real one, with fsync, under the data directory.
 *
 * - start: a postmaster that an earlier, killed gateway left behind is taken over, or stopped when it does not answer;
 * - while running: one that ends by itself is started again;
 * - a gateway that was killed and does not come back: a watcher beside it ends it (orphan-watch.ts);
 * - stop: fast shutdown (SIGINT), waited for.
 */
export class PostgresCluster {
  #state: 'idle' | 'running' | 'stopping' = 'idle';
  #starting: Promise<ClusterAddress> | null = null;
  #stopping: Promise<void> | null = null;
  #pid = 0;
  #adopted = false;
  #dir = '';
  #address: ClusterAddress | null = null;
  #repair: Promise<ClusterAddress> | null = null;
  #cancelWatch: () => void = () => undefined;

  constructor(private readonly deps: ClusterDeps) {}

  /** Can be called twice. @throws GatewayError `BAD_CONFIGURATION`, `DATABASE_UNAVAILABLE` */
  start(): Promise<ClusterAddress> {
    return (this.#starting ??= this.#start());
  }

  /** It was running before we came: an orphan, or another process's. */
  get adopted(): boolean {
    return this.#adopted;
  }

  /** Stops looking after it and leaves it running. */
  release(): void {
    this.#state = 'idle';
    this.#cancelWatch();
    process.off('exit', this.#onExit);
  }

  /** Can be called twice; resolves when no process is left. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #start(): Promise<ClusterAddress> {
    const user = await postgresUser();
    const binaries = await reachableBinaries(await findPostgres(), user);
    this.#dir = await clusterDir(this.deps.dataDir, user);
    this.#address = await this.#bringUp(binaries, user);
    await this.#watchForOrphan(user);
    this.#state = 'running';
    this.#watch(binaries, user);
    return this.#address;
  }

  async #bringUp(binaries: PostgresBinaries, user: SystemUser | null): Promise<ClusterAddress> {
    if (user) await keepTraversable(dirname(this.#dir));
    const left = await readPostmaster(this.#dir);
    if (left && (await isOurs(left, this.#dir))) {
      if (await this.#isReady(left.pid)) {
        this.deps.log.info('adopted the database server of an earlier run', { pid: left.pid });
        this.#pid = left.pid;
        this.#adopted = true;
        return { socketDir: left.socketDir, port: left.port };
      }
      await this.#end(left.pid);
    }
    await createCluster(this.#dir, binaries, user);
    return this.#spawn(binaries, user);
  }

  /** An orphan may still be starting or already shutting down: it gets a moment to become ready. */
  async #isReady(pid: number): Promise<boolean> {
    for (let waited = 0; waited < 2000 && isAlive(pid); waited += 20) {
      const now = await readPostmaster(this.#dir);
      if (now?.pid === pid && now.ready) return true;
      await delay(20);
    }
    return false;
  }

  async #spawn(binaries: PostgresBinaries, user: SystemUser | null): Promise<ClusterAddress> {
    const socketDir = this.#address?.socketDir ?? (await socketDirFor(this.#dir, user));
    const output = await open(`${this.#dir}.log`, 'w', 0o600);
    const child = spawn(
      binaries.postgres,
      ['-D', this.#dir, '-p', String(PORT), '-k', socketDir, ...SETTINGS.flatMap((setting) => ['-c', setting])],
      // Its own process group: Ctrl-C in the terminal must not stop it before the gateway has flushed.
      { ...user, cwd: this.#dir, stdio: ['ignore', output.fd, output.fd], detached: true },
    );
    const pid = spawned(child);
    await output.close();
    child.unref();
    this.#pid = await pid;
    process.off('exit', this.#onExit);
    process.once('exit', this.#onExit);
    await this.#untilReady(child);
    return { socketDir, port: PORT };
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadline = this.deps.startDeadlineMs ?? 60_000;
    // Recovery after a power loss takes its time; a process that has ended does not.
    for (let waited = 0; waited < deadline; waited += 10) {
      if (child.exitCode !== null || child.signalCode !== null) break;
      const now = await readPostmaster(this.#dir);
      if (now?.pid === this.#pid && now.ready) return;
      await delay(10);
    }
    const output = await readFile(`${this.#dir}.log`, 'utf8').catch(() => '');
    throw new GatewayError('DATABASE_UNAVAILABLE', `The embedded Postgres did not start: ${output.slice(-500).trim()}`);
  }

  async #watchForOrphan(user: SystemUser | null): Promise<void> {
    const { log, orphanMs = ORPHAN_MS } = this.deps;
    try {
      await watchForOrphan({ dir: this.#dir, postmaster: this.#pid, user, orphanMs });
    } catch (error) {
      log.warn('nobody would end the embedded Postgres of a killed gateway', { error });
    }
  }

  /** Looks every second, because an adopted postmaster is nobody's child here and sends no exit event. */
  #watch(binaries: PostgresBinaries, user: SystemUser | null): void {
    this.#cancelWatch = this.deps.clock.after(1000, () => {
      void this.#look(binaries, user)
        .catch((error: unknown) => this.deps.log.error('the embedded Postgres did not start again', { error }))
        .finally(() => this.#state === 'running' && this.#watch(binaries, user));
    });
  }

  async #look(binaries: PostgresBinaries, user: SystemUser | null): Promise<void> {
    if (this.#state !== 'running') return;
    if (user) await keepTraversable(dirname(this.#dir));
    if (isAlive(this.#pid)) return renewLease(this.#dir);
    this.deps.log.error('the embedded Postgres ended by itself; starting it again');
    this.#repair = this.#bringUp(binaries, user);
    await this.#repair;
    await this.#watchForOrphan(user);
  }

  async #stop(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    this.#state = 'stopping';
    this.#cancelWatch();
    await this.#repair?.catch(() => undefined);
    if (this.#pid > 0) await this.#end(this.#pid);
    if (this.#dir !== '') await endWatcher(this.#dir);
    process.off('exit', this.#onExit);
    const socketDir = this.#address?.socketDir;
    if (socketDir && socketDir !== this.#dir) await rm(socketDir, { recursive: true, force: true });
    this.#state = 'idle';
  }

  /** The process ends before it has stopped its server (a stop that took too long): it shuts down by itself. */
  readonly #onExit = (): void => {
    try {
      process.kill(this.#pid, 'SIGINT');
    } catch {
      // It has ended.
    }
  };

  /** SIGINT: fast shutdown. SIGQUIT after a while: immediate, recovered at the next start; nothing committed is lost. */
  async #end(pid: number): Promise<void> {
    for (const [signal, patienceMs] of [
      ['SIGINT', 5000],
      ['SIGQUIT', 3000],
      ['SIGKILL', 2000],
    ] as const) {
      const now = await readPostmaster(this.#dir);
      if (!isAlive(pid) || now === null || now.pid !== pid || !(await isOurs(now, this.#dir))) return;
      process.kill(pid, signal);
      for (let waited = 0; waited < patienceMs && isAlive(pid); waited += 10) await delay(10);
    }
  }
}

function spawned(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid ?? 0));
    child.once('error', reject);
  });
}
