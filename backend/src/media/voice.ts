import { spawn } from 'node:child_process';
import { GatewayError } from '../lib/errors.js';

/** What phones play as a voice message. */
const VOICE_TYPE = /^audio\/ogg; ?codecs=opus$/;
const CONVERSION_DEADLINE_MS = 60_000;

export function isVoice(type: string): boolean {
  return VOICE_TYPE.test(type);
}

/**
 * Makes Ogg Opus, one channel, out of any sound (or the sound of a film).
 * @param ffmpegPath FFMPEG_PATH
 * @throws GatewayError `FFMPEG_MISSING`, `UNSUPPORTED_TYPE` when it is no sound that ffmpeg can read
 */
export async function toVoice(ffmpegPath: string, file: string, target: string): Promise<void> {
  const options = ['-vn', '-map_metadata', '-1', '-c:a', 'libopus', '-ac', '1', '-ar', '48000', '-b:a', '32k'];
  // `file:` and the protocol list: an ffmpeg playlist must not make it open other files or addresses.
  const input = ['-protocol_whitelist', 'file', '-i', `file:${file}`];
  const args = ['-nostdin', '-v', 'error', '-y', ...input, ...options, '-f', 'ogg', `file:${target}`];
  const signal = AbortSignal.timeout(CONVERSION_DEADLINE_MS);
  const child = spawn(ffmpegPath, args, { stdio: 'ignore', signal });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'EACCES')
      throw new GatewayError('FFMPEG_MISSING', undefined, { cause });
    throw new GatewayError('DEADLINE_EXCEEDED', 'ffmpeg took too long.', { cause });
  });
  if (code !== 0) throw new GatewayError('UNSUPPORTED_TYPE', 'The file is no sound that ffmpeg can read.');
}
