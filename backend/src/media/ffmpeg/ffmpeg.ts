import { spawn, type ChildProcess } from 'node:child_process';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { constants as system, setPriority } from 'node:os';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GatewayError } from '../../lib/errors.js';
import type { Log } from '../../lib/log.js';
import { Semaphore } from '../../lib/semaphore.js';
import { inputArguments } from './demuxers.js';
import { findProgram, limitedCommand } from './process-limits.js';

export interface FfmpegDeps {
  /** FFMPEG_PATH: a name or a path. */
  program: string;
  /** Folders in which a name is looked for, as in `PATH`. */
  searchPath: string;
  /** Largest file that is read or written. */
  maxBytes: number;
  log: Pick<Log, 'warn'>;
}

/** One run over one file of a stranger's. */
export interface FfmpegCall {
  input: string;
  /** MIME type of the input, as sniffed: the only format that it is read as. */
  type: string;
  /** What is made of it, in ffmpeg's words; `pipe:1` is `output`, `target` is added as the last one. */
  args: readonly string[];
  /** From the start of the process; the time in the queue is not counted. */
  deadlineMs: number;
  /** Takes what is written to `pipe:1`. */
  output?: Writable;
  /** A file that is made (0600), and removed again when the run fails. */
  target?: string;
  /** Leaves the queue, or kills the process. */
  signal?: AbortSignal | undefined;
}

/** Two: sounds and films are converted beside the messages, never instead of them. */
const PARALLEL = 2;
const MAX_WAITING = 64;
const MEMORY_BYTES = 1 << 30;
/** The container beside its content, and the part after which ffmpeg looks at its own limit. */
const SPARE_BYTES = 16 << 20;
const MAX_REPORT_CHARS = 16 * 1024;

/**
 * The only way to ffmpeg. It gets the file as its standard input and may open nothing else (demuxers.ts), has an environment
 * of its own, lower priority, limits of the kernel where `prlimit` is there, and a deadline. Two run at once, the others wait
 * in their order. Whoever aborts a call, and the stop of the gateway, kills its process; nothing that it wrote stays.
 */
export class Ffmpeg {
  readonly #permits = new Semaphore(PARALLEL);
  readonly #running = new Set<() => void>();
  readonly #ended = new Set<Promise<unknown>>();
  #waiting = 0;
  #isClosed = false;
  #saidMissing = false;
  #prlimit: Promise<string | null> | null = null;

  constructor(private readonly deps: FfmpegDeps) {}

  /** Processes that run now. */
  get running(): number {
    return this.#running.size;
  }

  /** Calls that wait for their turn now. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether there is a program to run; the first time there is none, the log names what is missing without it. */
  async isInstalled(): Promise<boolean> {
    const found = (await this.#find()) !== null;
    if (!found && !this.#saidMissing) {
      this.#saidMissing = true;
      this.deps.log.warn(
        'ffmpeg is not installed (FFMPEG_PATH): voice messages must be Ogg Opus, videos go without preview, GIFs as pictures',
        { program: this.deps.program },
      );
    }
    return found;
  }

  /**
   * Runs ffmpeg on one file.
   * @returns its report on input and output (standard error at level `info`)
   * @throws GatewayError `FFMPEG_MISSING`, `UNSUPPORTED_TYPE` when it cannot read the file, `DEADLINE_EXCEEDED`,
   *   `RATE_LIMITED` when too many wait, `BAD_REQUEST` after `signal`, `SERVICES_STOPPED`
   */
  async run(call: FfmpegCall): Promise<string> {
    const source = inputArguments(call.type);
    if (!(await this.isInstalled())) throw new GatewayError('FFMPEG_MISSING');
    if (this.#waiting >= MAX_WAITING) {
      throw new GatewayError('RATE_LIMITED', 'Too many files wait to be converted: try again in a minute.');
    }
    this.#waiting += 1;
    let isWaiting = true;
    const leaveQueue = () => {
      if (isWaiting) this.#waiting -= 1;
      isWaiting = false;
    };
    try {
      return await this.#permits.run(async () => {
        leaveQueue();
        const work = this.#execute(call, source);
        this.#ended.add(work);
        return await work.finally(() => this.#ended.delete(work));
      }, call.signal);
    } catch (error) {
      throw call.signal?.aborted ? new GatewayError('BAD_REQUEST', 'The request broke off.', { cause: error }) : error;
    } finally {
      leaveQueue();
    }
  }

  /** Kills what runs; resolves when no process is left. Later calls are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const kill of this.#running) kill();
    await Promise.allSettled([...this.#ended]);
  }

  async #execute(call: FfmpegCall, source: string[]): Promise<string> {
    const { target } = call;
    const input = await open(call.input, 'r');
    try {
      // Made here: ffmpeg would make it readable for everybody.
      if (target !== undefined) await (await open(target, 'wx', 0o600)).close();
      return await this.#spawn(call, source, input);
    } catch (error) {
      if (target !== undefined) await rm(target, { force: true });
      throw error;
    } finally {
      await input.close();
    }
  }

  async #spawn(call: FfmpegCall, source: string[], input: FileHandle): Promise<string> {
    const { args, target, output, signal, deadlineMs } = call;
    const program = await this.#find();
    if (program === null) throw new GatewayError('FFMPEG_MISSING');
    const limits = {
      cpuSeconds: Math.ceil(deadlineMs / 1000),
      memoryBytes: MEMORY_BYTES,
      fileBytes: this.deps.maxBytes + SPARE_BYTES,
    };
    const goal = target === undefined ? [] : [`file:${target}`];
    const line = [
      ...['-nostdin', '-hide_banner', '-nostats', '-v', 'info', '-abort_on', 'empty_output', '-y'],
      ...source,
      ...args,
      ...goal,
    ];
    const prlimit = await (this.#prlimit ??= findProgram('prlimit', this.deps.searchPath));
    if (this.#isClosed) throw new GatewayError('SERVICES_STOPPED');
    signal?.throwIfAborted();
    const [file, ...rest] = limitedCommand(prlimit, limits, [program, ...line]);
    const child = spawn(file, rest, {
      stdio: [input.fd, output ? 'pipe' : 'ignore', 'pipe'],
      cwd: '/',
      env: { LC_ALL: 'C' },
    });
    return this.#follow(child, call);
  }

  async #follow(child: ChildProcess, { output, signal, deadlineMs }: FfmpegCall): Promise<string> {
    let isLate = false;
    const kill = () => child.kill('SIGKILL');
    const timer = setTimeout(() => {
      isLate = true;
      kill();
    }, deadlineMs);
    signal?.addEventListener('abort', kill, { once: true });
    this.#running.add(kill);
    try {
      yieldTo(child);
      const report = reportOf(child);
      const ended = endOf(child);
      // How an ffmpeg ended says more than the stream that broke with it.
      const read = output && child.stdout ? pipeline(child.stdout, output).catch(kill) : null;
      const [code] = await Promise.all([ended, read]);
      if (code === 0) return report();
      if (isLate) throw new GatewayError('DEADLINE_EXCEEDED', 'The conversion of the file took too long.');
      if (this.#isClosed) throw new GatewayError('SERVICES_STOPPED');
      signal?.throwIfAborted();
      throw new GatewayError('UNSUPPORTED_TYPE', 'The file cannot be read or converted by ffmpeg.');
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      this.#running.delete(kill);
    }
  }

  #find(): Promise<string | null> {
    return findProgram(this.deps.program, this.deps.searchPath);
  }
}

/** Exit code of a process; null when it was killed. */
function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (cause) => reject(new GatewayError('FFMPEG_MISSING', undefined, { cause })));
  });
}

/** Its beginning names the input, its end the output; a long middle is left out. */
function reportOf(child: ChildProcess): () => string {
  let [head, tail] = ['', ''];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const room = MAX_REPORT_CHARS - head.length;
    head += text.slice(0, room);
    tail = (tail + text.slice(room)).slice(-MAX_REPORT_CHARS);
  });
  return () => head + tail;
}

/** Messages go first. */
function yieldTo({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, system.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, or the system knows no priorities.
  }
}

/** Seconds of sound or film that a run has written, out of its report; 0 when it does not say. */
export function secondsWritten(report: string): number {
  return secondsOf(report.slice(report.lastIndexOf('time=')), /^time=(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,6})?)/) ?? 0;
}

/** Length of the input out of a report; null when its format does not tell. */
export function secondsOfInput(report: string): number | null {
  return secondsOf(report, /^ {2}Duration: (\d{1,4}):(\d\d):(\d\d(?:\.\d{1,6})?),/m);
}

function secondsOf(text: string, pattern: RegExp): number | null {
  const found = pattern.exec(text);
  return found && Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3]);
}
