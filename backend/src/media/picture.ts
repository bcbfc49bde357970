import type sharpFunction from 'sharp';
import type { Metadata } from 'sharp';
import { GatewayError } from '../lib/errors.js';
import { Semaphore } from '../lib/semaphore.js';

/** Measures of a picture and what is shown before it is loaded. */
export interface PictureFacts {
  width: number;
  height: number;
  /** JPEG; absent when the picture is too large to be decoded here. */
  thumbnail?: Buffer;
  /** More than one: it moves. */
  frames: number;
}

/** Box of the preview, in pixels; the height is for pictures that are much higher than wide. */
const [PREVIEW_WIDTH, PREVIEW_HEIGHT] = [72, 512];
/** Decoded line by line, of which few are in memory; beyond a phone with 108 megapixels. */
const MAX_STREAMED_PIXELS = 120_000_000;
/** Of what has to be in memory whole while it is decoded. */
const MAX_HELD_BYTES = 128 << 20;
const DECODE_SECONDS = 5;

/** Only these are opened: libvips knows dozens more, each with a decoder of its own for strangers' bytes. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Nsgif'].map((name) => `VipsForeignLoad${name}File`);

/** One at a time: what a picture may take of the memory is taken once. */
const turns = new Semaphore(1);
let loaded: Promise<typeof sharpFunction> | null = null;

/**
 * Reads the head of a JPEG, PNG, WebP or GIF, and makes a preview unless decoding it would take too much memory.
 * @throws Error when it is no such picture
 */
export async function describePicture(file: string): Promise<PictureFacts> {
  const sharp = await (loaded ??= load());
  return turns.run(async () => {
    // The head alone: its pixels are counted before any is decoded.
    const head = await sharp(file, { limitInputPixels: false }).metadata();
    const { width, height, pages: frames = 1 } = head;
    if (!(width > 0 && height > 0)) throw new GatewayError('UNSUPPORTED_TYPE', 'The picture has no size.');
    if (isTooLarge(head)) return { width, height, frames };
    const thumbnail = await sharp(file, { limitInputPixels: MAX_STREAMED_PIXELS, sequentialRead: true })
      .resize({ width: PREVIEW_WIDTH, height: PREVIEW_HEIGHT, fit: 'inside' })
      .jpeg({ quality: 50 })
      .timeout({ seconds: DECODE_SECONDS })
      .toBuffer();
    return { width, height, frames, thumbnail };
  });
}

/** A tenth of a second to load: at the first picture, not at every start. */
async function load(): Promise<typeof sharpFunction> {
  const { default: sharp } = await import('sharp');
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
  sharp.cache(false);
  return sharp;
}

function isTooLarge({ width, height, format, isProgressive, channels = 4, depth }: Metadata): boolean {
  const pixels = width * height;
  const isStreamed = (format === 'jpeg' || format === 'png') && isProgressive !== true;
  if (isStreamed) return pixels > MAX_STREAMED_PIXELS;
  // A progressive JPEG is held as coefficients of two bytes.
  const bytesPerChannel = format === 'jpeg' || depth === 'ushort' ? 2 : 1;
  return pixels * channels * bytesPerChannel > MAX_HELD_BYTES;
}
