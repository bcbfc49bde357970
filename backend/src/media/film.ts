import { rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { GatewayError } from '../lib/errors.js';
import { secondsOfInput, secondsWritten, type Ffmpeg } from './ffmpeg/ffmpeg.js';

/** A film to read: where it is, its type as sniffed, and for whom. */
export interface FilmSource {
  file: string;
  type: string;
  /** Ends the work when the caller has left. */
  signal?: AbortSignal | undefined;
}

export interface FilmFacts {
  width?: number;
  height?: number;
  seconds?: number;
  /** JPEG of its first picture. */
  thumbnail?: Buffer;
}

const PREVIEW_DEADLINE_MS = 5_000;
const GIF_DEADLINE_MS = 30_000;
/** A GIF that lasts longer stays a picture. */
const MAX_GIF_SECONDS = 60;
const MAX_THUMBNAIL_BYTES = 64 * 1024;

/**
 * Reads length and measures of a film, as it is shown (phones record upright films lying, with a note to turn them), and makes
 * a preview of its first picture.
 * @throws GatewayError what {@link Ffmpeg.run} throws
 */
export async function describeFilm(ffmpeg: Ffmpeg, { file, type, signal }: FilmSource): Promise<FilmFacts> {
  const output = new Collector();
  const filters = 'showinfo,scale=w=72:h=512:force_original_aspect_ratio=decrease:force_divisible_by=2,format=yuvj420p';
  const picture = ['-map', '0:v:0', '-frames:v', '1', '-vf', filters, '-c:v', 'mjpeg', '-q:v', '8'];
  const args = [...picture, '-f', 'image2pipe', 'pipe:1'];
  const report = await ffmpeg.run({ input: file, type, args, output, deadlineMs: PREVIEW_DEADLINE_MS, signal });
  const shown = report.split('\n').find((line) => line.includes('Parsed_showinfo_0') && line.includes(' s:'));
  const size = / s:(\d{1,5})x(\d{1,5}) /.exec(shown ?? '');
  const seconds = secondsOfInput(report);
  return {
    ...(size && { width: Number(size[1]), height: Number(size[2]) }),
    ...(seconds !== null && { seconds: Math.max(1, Math.round(seconds)) }),
    ...(output.bytes.length > 0 && { thumbnail: output.bytes }),
  };
}

/**
 * Makes the silent MP4 that WhatsApp plays as a GIF.
 * @param target a new file; there is none after a failure
 * @throws GatewayError what {@link Ffmpeg.run} throws, `UNSUPPORTED_TYPE` when it lasts longer than a minute
 */
export async function gifToFilm(
  ffmpeg: Ffmpeg,
  { file, type, signal }: FilmSource,
  target: string,
  maxBytes: number,
): Promise<void> {
  const scale = "scale=w='min(640,iw)':h='min(640,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2";
  const picture = ['-map', '0:v:0', '-an', '-vf', `${scale},format=yuv420p`, '-map_metadata', '-1'];
  const codec = ['-c:v', 'libx264', '-preset', 'veryfast', '-threads', '1', '-movflags', '+faststart'];
  const limits = ['-t', String(MAX_GIF_SECONDS), '-fs', String(maxBytes + 1)];
  const args = [...picture, ...codec, ...limits, '-f', 'mp4'];
  const report = await ffmpeg.run({ input: file, type, args, target, deadlineMs: GIF_DEADLINE_MS, signal });
  if (secondsWritten(report) < MAX_GIF_SECONDS) return;
  await rm(target, { force: true });
  throw new GatewayError('UNSUPPORTED_TYPE', `A GIF that is sent as a film lasts ${MAX_GIF_SECONDS} s at most.`);
}

/** Keeps what is written to it, up to a size that no preview has. */
class Collector extends Writable {
  #chunks: Buffer[] = [];
  #size = 0;

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#size += chunk.length;
    if (this.#size > MAX_THUMBNAIL_BYTES) return done(new Error('the preview is too large'));
    this.#chunks.push(chunk);
    done();
  }
}
