import { Worker } from 'node:worker_threads';

/** As a string: a thread that must never fail to start loads no module of ours, compiled or not. */
const GUARD = `
const { workerData: { beats, ticks, tickMs, file } } = require('node:worker_threads');
const { writeFileSync, writeSync } = require('node:fs');
const counter = new Int32Array(beats);
let seen = -1;
let still = 0;
setInterval(() => {
  const now = Atomics.load(counter, 0);
  still = now === seen ? still + 1 : 0;
  seen = now;
  if (still < ticks) return;
  const reason = 'the event loop has not turned for ' + ticks * tickMs + ' ms';
  try { writeFileSync(file, JSON.stringify({ at: Date.now(), reason }), { mode: 0o600 }); } catch {}
  try { writeSync(2, 'beyond repair, the process leaves to its supervisor: ' + reason + '\\n'); } catch {}
  process.kill(process.pid, 'SIGKILL');
}, tickMs);
`;

const TICKS = 20;

/**
 * Ends a process whose event loop hangs: nothing inside that loop could. A thread looks at a counter that the loop moves;
 * when its own timer has seen it stand still for `stallMs`, it kills the process (everything durable resumes). Its ticks
 * are counted, not the time: a machine that slept wakes both threads at once, and no harm is done.
 */
export class LoopGuard {
  #worker: Worker | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @param options.file where the exit is noted; see `LastResort` */
  constructor(private readonly options: { stallMs: number; file: string }) {}

  /** Can be called twice. */
  start(): void {
    if (this.#worker) return;
    const tickMs = Math.max(50, Math.floor(this.options.stallMs / TICKS));
    const beats = new SharedArrayBuffer(4);
    const counter = new Int32Array(beats);
    this.#timer = setInterval(() => Atomics.add(counter, 0, 1), tickMs / 2).unref();
    const workerData = { beats, ticks: TICKS, tickMs, file: this.options.file };
    const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 };
    this.#worker = new Worker(GUARD, { eval: true, workerData, execArgv: [], env: {}, resourceLimits });
    this.#worker.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }
}
