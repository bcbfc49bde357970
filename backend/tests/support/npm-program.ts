import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.js';

/** A program of package.json, started by npm as people start it, with everything it may leave behind within sight. */
export class NpmProgram {
  readonly #mark = `SENTINELA_TEST_MARK=${randomUUID()}`;
  readonly #dir = mkdtempSync(join(tmpdir(), 'sentinela-npm-'));
  readonly #child: ChildProcess;
  #output = '';

  /** @param cwd a folder with package.json */
  constructor(args: string[], cwd: string, env: Record<string, string> = {}) {
    // As root, the embedded Postgres runs as somebody else, who must get there.
    chmodSync(this.#dir, 0o711);
    mkdirSync(this.#temporary, { mode: 0o711 });
    const [name, value] = this.#mark.split('=') as [string, string];
    const own = { PATH: process.env['PATH'] ?? '', HOME: this.#dir, TMPDIR: this.#temporary, [name]: value };
    const settings = { DATA_DIR: join(this.#dir, 'sessions'), LOG_DIR: join(this.#dir, 'logs') };
    this.#child = spawn('npm', args, {
      cwd,
      env: { ...own, ...settings, PORT: '0', SUPABASE_LOCAL_PORT: '0', ...env },
      // A process group of its own, as a shell gives it to a job.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (bytes: Buffer) => (this.#output += bytes.toString()));
  }

  get #temporary(): string {
    return join(this.#dir, 'tmp');
  }

  get output(): string {
    return this.#output;
  }

  /** The text on its output, once it is there. */
  async says(text: string): Promise<void> {
    await until(`"${text}" of npm's program`, () => {
      if (this.#child.exitCode !== null) throw new Error(`it ended (${this.#child.exitCode}): ${this.#output}`);
      return this.#output.includes(text);
    });
  }

  /** Nobody reads what it prints any more. */
  closeOutput(): void {
    this.#child.stdout?.destroy();
  }

  /** Command lines of everything that it started and that lives. */
  processes(): string[] {
    return readdirSync('/proc').flatMap((pid) => {
      if (!/^\d+$/.test(pid)) return [];
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(this.#mark)) return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
        return command === '' ? [] : [command];
      } catch {
        return [];
      }
    });
  }

  /** The embedded database is being made or started: the worst moment for a signal. */
  async isOpeningDatabase(): Promise<void> {
    await until('Postgres', () => this.processes().some((command) => /(initdb|bin\/postgres)\b/.test(command)));
  }

  kill(signal: NodeJS.Signals, to: 'npm' | 'group'): void {
    process.kill(to === 'npm' ? this.#child.pid! : -this.#child.pid!, signal);
  }

  /** Resolves when nothing of it is left: no process, and no temporary folder. */
  async gone(): Promise<void> {
    await until('the end of npm', () => this.#child.exitCode !== null || this.#child.signalCode !== null);
    await until(`the end of every process (${this.processes().join('; ')})`, () => this.processes().length === 0);
  }

  /** Temporary folders that are left (tsx keeps a cache of its own). */
  leftovers(): string[] {
    return readdirSync(this.#temporary).filter((name) => !/^(tsx-|node-compile-cache)/.test(name));
  }

  /** Ends what is left, for tests that failed. */
  async dispose(): Promise<void> {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (readFileSync(`/proc/${pid}/environ`, 'latin1').includes(this.#mark)) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
