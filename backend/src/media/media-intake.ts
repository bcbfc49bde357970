import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extractImageThumb, getAudioDuration } from '@whiskeysockets/baileys';
import type { Dispatcher } from 'undici';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { tooLarge } from './decrypt-media.js';
import { openUrl } from './fetch-url.js';
import type { Ffmpeg } from './ffmpeg/ffmpeg.js';
import { sealFile, type SealFacts } from './seal-file.js';
import { sniff } from './sniff.js';
import type { StagedFiles } from './staged-files.js';
import { isVoice, toVoice, waveformOf, type SoundSource } from './voice.js';

export type MediaKind = 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker';

/** A caller's file on our disk, durable, before anything is promised about it. */
export interface StagedFile {
  /** Name among the staged files: a UUID, which becomes the id of the message's row. */
  file: string;
  size: number;
  sha256: Buffer;
  name: string | null;
}

/** A staged file, ready to be a message of its kind. */
export interface PreparedFile extends SealFacts {
  file: string;
  mimetype: string;
  mediaKey: Buffer;
  seconds?: number;
  width?: number;
  height?: number;
  thumbnail?: Buffer;
  /** Of voice messages: 64 bars from 0 to 100. */
  waveform?: Uint8Array;
}

export interface MediaIntakeDeps {
  files: StagedFiles;
  /** The guarded way to hosts that callers name. */
  dispatcher: Dispatcher;
  maxBytes: number;
  ffmpeg: Ffmpeg;
}

const URL_DEADLINE_MS = 60_000;
const FACTS_DEADLINE_MS = 5_000;

/** What the bytes must be for each kind; phones show anything else as broken. */
const ACCEPTED: Record<MediaKind, { type: RegExp; inWords: string }> = {
  image: { type: /^image\/(jpeg|png|webp|gif)$/, inWords: 'JPEG, PNG, WebP or GIF' },
  video: { type: /^video\/(mp4|3gpp|quicktime|x-m4v)$/, inWords: 'MP4, 3GPP or QuickTime' },
  audio: { type: /^audio\//, inWords: 'a sound file' },
  voice: { type: /^(audio|video)\//, inWords: 'a sound file' },
  document: { type: /./, inWords: 'any file' },
  sticker: { type: /^image\/webp$/, inWords: 'WebP' },
};

/** Takes the files of outgoing messages in: streamed to the disk, measured, sniffed, never whole in memory. */
export class MediaIntake {
  constructor(private readonly deps: MediaIntakeDeps) {}

  /** @throws GatewayError `MEDIA_TOO_LARGE`, `MEDIA_STORE_FAILED`, or what the stream fails with */
  async fromStream(stream: Readable, name: string | null, signal?: AbortSignal): Promise<StagedFile> {
    const file = randomUUID();
    const target = this.deps.files.path(file);
    const hash = createHash('sha256');
    let size = 0;
    const { maxBytes } = this.deps;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        hash.update(chunk);
        done(size > maxBytes ? tooLarge(maxBytes) : null, chunk);
      },
    });
    try {
      await pipeline(stream, measure, createWriteStream(target, { mode: 0o600, flush: true }), {
        ...(signal && { signal }),
      });
      if (size === 0) throw new GatewayError('BAD_REQUEST', 'The file is empty.');
      return { file, size, sha256: hash.digest(), name };
    } catch (error) {
      await this.deps.files.remove(file);
      if (isGatewayError(error)) throw error;
      throw new GatewayError('MEDIA_FETCH_FAILED', 'The file did not arrive whole.', { cause: error });
    }
  }

  /** @throws GatewayError `FORBIDDEN_DESTINATION`, `MEDIA_FETCH_FAILED`, `MEDIA_TOO_LARGE` */
  async fromUrl(url: string, caller?: AbortSignal): Promise<StagedFile> {
    const deadline = AbortSignal.timeout(URL_DEADLINE_MS);
    const signal = caller ? AbortSignal.any([deadline, caller]) : deadline;
    const { stream, name } = await openUrl(this.deps.dispatcher, url, signal);
    return this.fromStream(stream, name, signal);
  }

  fromBytes(bytes: Buffer, name: string | null): Promise<StagedFile> {
    return this.fromStream(Readable.from([bytes]), name);
  }

  /** A file that is not sent after all. */
  discard(staged: Pick<StagedFile, 'file'>): Promise<void> {
    return this.deps.files.remove(staged.file);
  }

  /**
   * @param signal ends what is under way when the caller has left
   * @throws GatewayError `UNSUPPORTED_TYPE` when the bytes are of another kind, `FFMPEG_MISSING`, and what `toVoice` throws
   */
  async prepare(staged: StagedFile, kind: MediaKind, signal?: AbortSignal): Promise<PreparedFile> {
    const path = this.deps.files.path(staged.file);
    let { type } = await sniff(path, staged.name);
    const accepted = ACCEPTED[kind];
    if (!accepted.type.test(type)) {
      const fix = `${kind} takes ${accepted.inWords}; document takes any file.`;
      throw new GatewayError('UNSUPPORTED_TYPE', `The file is ${type}, which cannot be sent as ${kind}: ${fix}`, {
        details: { field: 'type', found: type, fix },
      });
    }
    if (kind === 'voice' && !isVoice(type)) type = await this.#convert({ file: path, type, signal });
    const mediaKey = randomBytes(32);
    const classe = kind === 'voice' ? 'audio' : kind;
    const facts = await sealFile(path, classe, mediaKey, null);
    const description = {
      ...(await this.#describe(path, kind)),
      ...(kind === 'voice' && (await this.#waveform({ file: path, type, signal }))),
    };
    return { ...facts, ...description, file: staged.file, mimetype: type, mediaKey };
  }

  async #convert(source: SoundSource): Promise<string> {
    const { ffmpeg, maxBytes } = this.deps;
    const converted = `${source.file}-voice`;
    try {
      await toVoice(ffmpeg, source, converted, { maxBytes });
      if ((await stat(converted)).size > maxBytes) throw tooLarge(maxBytes);
      await rename(converted, source.file);
    } finally {
      await rm(converted, { force: true });
    }
    return 'audio/ogg; codecs=opus';
  }

  /** Without ffmpeg phones draw a flat line. */
  async #waveform(source: SoundSource): Promise<Partial<PreparedFile>> {
    try {
      return { waveform: await waveformOf(this.deps.ffmpeg, source) };
    } catch {
      return {};
    }
  }

  /** Preview, measures, duration: nice to have; a file that they cannot be read from goes without. */
  async #describe(path: string, kind: MediaKind): Promise<Partial<PreparedFile>> {
    try {
      return await withDeadline(describe(path, kind), FACTS_DEADLINE_MS, 'the facts of a file');
    } catch {
      return {};
    }
  }
}

async function describe(path: string, kind: MediaKind): Promise<Partial<PreparedFile>> {
  if (kind === 'image') {
    // Typed `any` in Baileys: it may be one of two picture libraries that makes it.
    const made: unknown = await extractImageThumb(path, 72);
    const { buffer, original } = made as { buffer: Buffer; original: { width?: number; height?: number } };
    const { width, height } = original;
    return { thumbnail: buffer, ...(width && { width }), ...(height && { height }) };
  }
  if (kind === 'document' || kind === 'sticker') return {};
  const seconds = await getAudioDuration(path);
  return seconds === undefined ? {} : { seconds: Math.max(0, Math.ceil(seconds)) };
}
