import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GatewayError } from '../lib/errors.js';

/** Where ffmpeg is, what it reads, and how long it may take. */
export interface FfmpegCall {
  /** FFMPEG_PATH */
  ffmpegPath: string;
  /** A file of any format that ffmpeg knows. */
  input: string;
  /** What is made of it, and where it goes (`file:…`, or `pipe:1` with `output`). */
  args: string[];
  deadlineMs: number;
  output?: Writable;
}

/**
 * Runs ffmpeg on one file of a stranger's.
 * @throws GatewayError `FFMPEG_MISSING`, `UNSUPPORTED_TYPE` when it cannot read the file, `DEADLINE_EXCEEDED`
 */
export async function runFfmpeg({ ffmpegPath, input, args, deadlineMs, output }: FfmpegCall): Promise<void> {
  // `file:` and the protocol list: an ffmpeg playlist must not make it open other files or addresses.
  const source = ['-nostdin', '-v', 'error', '-y', '-protocol_whitelist', 'file', '-i', `file:${input}`];
  const signal = AbortSignal.timeout(deadlineMs);
  const child = spawn(ffmpegPath, [...source, ...args], {
    stdio: ['ignore', output ? 'pipe' : 'ignore', 'ignore'],
    signal,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'EACCES')
      throw new GatewayError('FFMPEG_MISSING', undefined, { cause });
    throw new GatewayError('DEADLINE_EXCEEDED', 'ffmpeg took too long.', { cause });
  });
  // What came out of an ffmpeg that failed is told by how it ended.
  const read = output && child.stdout ? pipeline(child.stdout, output).catch(() => undefined) : null;
  const [code] = await Promise.all([ended, read]);
  if (code !== 0) throw new GatewayError('UNSUPPORTED_TYPE', 'The file is no sound that ffmpeg can read.');
}
