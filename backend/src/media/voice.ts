import { Writable } from 'node:stream';
import { runFfmpeg } from './ffmpeg.js';

/** What phones play as a voice message. */
const VOICE_TYPE = /^audio\/ogg; ?codecs=opus$/;
const CONVERSION_DEADLINE_MS = 60_000;
const WAVEFORM_DEADLINE_MS = 10_000;

export function isVoice(type: string): boolean {
  return VOICE_TYPE.test(type);
}

/**
 * Makes Ogg Opus, one channel, out of any sound (or the sound of a film).
 * @param ffmpegPath FFMPEG_PATH
 * @throws GatewayError `FFMPEG_MISSING`, `UNSUPPORTED_TYPE` when it is no sound that ffmpeg can read, `DEADLINE_EXCEEDED`
 */
export function toVoice(ffmpegPath: string, file: string, target: string): Promise<void> {
  const options = ['-vn', '-map_metadata', '-1', '-c:a', 'libopus', '-ac', '1', '-ar', '48000', '-b:a', '32k'];
  const args = [...options, '-f', 'ogg', `file:${target}`];
  return runFfmpeg({ ffmpegPath, input: file, args, deadlineMs: CONVERSION_DEADLINE_MS });
}

/** As many bars as phones draw, each from 0 to 100 (Baileys Utils/messages-media.js, getAudioWaveform). */
const BARS = 64;
const SAMPLE_RATE = 8000;
/** Samples that are summed up as they come (50 ms): an hour of sound is 72,000 numbers, not its samples. */
const BLOCK = SAMPLE_RATE / 20;

/**
 * How loud a sound is from its beginning to its end, for the drawing of a voice message.
 * @throws GatewayError like `toVoice`
 */
export async function waveformOf(ffmpegPath: string, file: string): Promise<Uint8Array> {
  const meter = new LoudnessMeter();
  const args = ['-vn', '-ac', '1', '-ar', String(SAMPLE_RATE), '-f', 's16le', 'pipe:1'];
  await runFfmpeg({ ffmpegPath, input: file, args, deadlineMs: WAVEFORM_DEADLINE_MS, output: meter });
  return barsOf(meter.blocks);
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
