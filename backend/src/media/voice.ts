import { rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { GatewayError } from '../lib/errors.js';
import { secondsWritten, type Ffmpeg } from './ffmpeg/ffmpeg.js';

/** What phones play as a voice message. */
const VOICE_TYPE = /^audio\/ogg; ?codecs=opus$/;
const CONVERSION_DEADLINE_MS = 60_000;
const WAVEFORM_DEADLINE_MS = 15_000;
/** An hour, which is converted within the deadline. */
const MAX_SECONDS = 3_600;

/** A file to read: where it is, its type as sniffed, and for whom. */
export interface SoundSource {
  file: string;
  type: string;
  /** Ends the work when the caller has left. */
  signal?: AbortSignal | undefined;
}

export function isVoice(type: string): boolean {
  return VOICE_TYPE.test(type);
}

/**
 * Makes Ogg Opus, one channel, out of any sound (or the sound of a film).
 * @param target a new file; there is none after a failure
 * @param limits writing ends soon after so many bytes; a longer sound is refused
 * @throws GatewayError `FFMPEG_MISSING`, `UNSUPPORTED_TYPE` when it is no sound that ffmpeg can read, or one of more than an
 *   hour; `DEADLINE_EXCEEDED`, and what {@link Ffmpeg.run} throws
 */
export async function toVoice(
  ffmpeg: Ffmpeg,
  { file, type, signal }: SoundSource,
  target: string,
  { maxBytes, maxSeconds = MAX_SECONDS }: { maxBytes: number; maxSeconds?: number },
): Promise<void> {
  const stream = ['-map', '0:a:0', '-map_metadata', '-1', '-c:a', 'libopus', '-ac', '1', '-ar', '48000', '-b:a', '32k'];
  const limits = ['-t', String(maxSeconds), '-fs', String(maxBytes + 1)];
  const args = [...stream, ...limits, '-f', 'ogg'];
  const report = await ffmpeg.run({ input: file, type, args, target, deadlineMs: CONVERSION_DEADLINE_MS, signal });
  if (secondsWritten(report) < maxSeconds) return;
  await rm(target, { force: true });
  throw new GatewayError('UNSUPPORTED_TYPE', `Voice messages last ${maxSeconds} s at most.`);
}

/** As many bars as phones draw, each from 0 to 100 (Baileys Utils/messages-media.js, getAudioWaveform). */
const BARS = 64;
const SAMPLE_RATE = 8000;
/** Samples that are summed up as they come (50 ms): an hour of sound is 72,000 numbers, not its samples. */
const BLOCK = SAMPLE_RATE / 20;

/**
 * How loud a sound is from its beginning to its end, for the drawing of a voice message.
 * @throws GatewayError what {@link Ffmpeg.run} throws
 */
export async function waveformOf(ffmpeg: Ffmpeg, { file, type, signal }: SoundSource): Promise<Uint8Array> {
  const output = new LoudnessMeter();
  const args = [
    '-map',
    '0:a:0',
    '-t',
    String(MAX_SECONDS),
    '-ac',
    '1',
    '-ar',
    String(SAMPLE_RATE),
    '-f',
    's16le',
    'pipe:1',
  ];
  await ffmpeg.run({ input: file, type, args, deadlineMs: WAVEFORM_DEADLINE_MS, output, signal });
  return barsOf(output.blocks);
}

/** Takes signed 16-bit samples, keeps the mean loudness of each block. */
class LoudnessMeter extends Writable {
  readonly blocks: number[] = [];
  #sum = 0;
  #count = 0;
  /** A sample may be cut between two chunks. */
  #odd: Buffer = Buffer.alloc(0);

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const bytes = this.#odd.length > 0 ? Buffer.concat([this.#odd, chunk]) : chunk;
    const even = bytes.length - (bytes.length % 2);
    for (let at = 0; at < even; at += 2) this.#add(Math.abs(bytes.readInt16LE(at)));
    this.#odd = Buffer.from(bytes.subarray(even));
    done();
  }

  override _final(done: () => void): void {
    if (this.#count > 0) this.blocks.push(this.#sum / this.#count);
    done();
  }

  #add(loudness: number): void {
    this.#sum += loudness;
    this.#count += 1;
    if (this.#count < BLOCK) return;
    this.blocks.push(this.#sum / this.#count);
    this.#sum = this.#count = 0;
  }
}

/** The loudest is 100; a silent sound has no bars. */
function barsOf(blocks: readonly number[]): Uint8Array {
  const bars = Array.from({ length: BARS }, (_, bar) => {
    const from = Math.floor((bar * blocks.length) / BARS);
    const part = blocks.slice(from, Math.max(from + 1, Math.floor(((bar + 1) * blocks.length) / BARS)));
    return part.reduce((sum, each) => sum + each, 0) / Math.max(1, part.length);
  });
  const loudest = Math.max(...bars);
  return new Uint8Array(bars.map((bar) => (loudest > 0 ? Math.floor((100 * bar) / loudest) : 0)));
}
