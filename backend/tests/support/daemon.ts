import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Simulator } from '../../src/simulator/index.js';
import { Crm } from './crm.js';
import { HttpClient } from './http-client.js';
import { program } from './installation.js';
import { until } from './until.js';

const DEADLINE_MS = 60_000;

/** The daemon as it is shipped: the built program in a process of its own, with the embedded database. */
export class Daemon {
  readonly #child: ChildProcess;
  #stderr = '';
  readonly #startedAt: number;

  private constructor(
    main: string,
    private readonly dir: string,
    env: Record<string, string>,
  ) {
    // A test may shift the daemon's clock.
    this.#startedAt = Date.now() + Number(env['CLOCK_SHIFT_MS'] ?? 0);
    const own = { PATH: process.env['PATH'] ?? '', HOME: dir, NODE_ENV: 'test', DATA_DIR: join(dir, 'sessions') };
    this.#child = spawn(process.execPath, [main], {
      cwd: dir,
      env: { ...own, LOG_DIR: join(dir, 'logs'), PORT: '0', SUPABASE_LOCAL_PORT: '0', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (bytes: Buffer) => (this.#stderr += bytes.toString()));
  }

  /**
   * Starts it on what is in `dir`, pointed at a simulated WhatsApp. Does not wait for anything.
   * @param main another installation's program
   */
  static async spawn(
    dir: string,
    simulator: Simulator,
    env: Record<string, string> = {},
    main?: string,
  ): Promise<Daemon> {
    const whatsapp = { WHATSAPP_WS_URL: simulator.wsUrl, WHATSAPP_NOISE_ROOT_KEY: simulator.noiseRootKeyHex };
    const settings = { ...whatsapp, WHATSAPP_VERSION: '2.3000.1035194821', RECONNECT_DELAY_MS: '20', ...env };
    return new Daemon(main ?? (await program('main')), dir, settings);
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Its API, once it says that it has started; the database may be away. */
  async listening(): Promise<HttpClient> {
    return new HttpClient((await this.#logged('gateway started'))['url']!);
  }

  /** Its API and its rows, once both are there. */
  async ready(): Promise<{ http: HttpClient; crm: Crm }> {
    const http = await this.listening();
    const database = await this.#logged('database open');
    const keys = JSON.parse(await readFile(join(this.dir, 'sessions', 'supabase-keys.json'), 'utf8')) as {
      serviceRoleKey: string;
    };
    return { http, crm: new Crm(database['url']!, keys.serviceRoleKey) };
  }

  /** Sends a signal (none: it ends by itself) and waits for the end. @returns the exit code, or the signal's name */
  async end(signal?: NodeJS.Signals): Promise<number | string> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode!;
    const exited = once(this.#child, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) });
    if (signal) this.#child.kill(signal);
    const [code, killedBy] = (await exited) as [number | null, string | null];
    return code ?? killedBy ?? 'unknown';
  }

  /** The newest line of this process with that message in its log. */
  #logged(message: string): Promise<Record<string, string>> {
    const find = async () => {
      if (this.#child.exitCode !== null) throw new Error(`the daemon ended (${this.#child.exitCode}): ${this.stderr}`);
      const text = await readFile(join(this.dir, 'logs', 'combined.log'), 'utf8').catch(() => '');
      const lines = text.split('\n').filter((line) => line.includes(`"${message}"`));
      const found = lines.map((line) => JSON.parse(line) as Record<string, string>);
      return found.find((line) => Date.parse(line['time']!) >= this.#startedAt);
    };
    return until(`"${message}" in the log`, find, DEADLINE_MS);
  }
}
