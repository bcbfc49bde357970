import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { getAudioDuration } from '@whiskeysockets/baileys';
import type { Dispatcher } from 'undici';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { safeFileName } from '../lib/file-name.js';
import { tooLarge } from './decrypt-media.js';
import { diskRefusal } from './disk-refusal.js';
import { openUrl } from './fetch-url.js';
import type { Ffmpeg } from './ffmpeg/ffmpeg.js';
import { describeFilm, gifToFilm, type FilmSource } from './film.js';
import { describePicture } from './picture.js';
import { sealFile, type SealFacts } from './seal-file.js';
import { sniff, type FileKind } from './sniff.js';
import type { StagedFiles } from './staged-files.js';
import { isVoice, toVoice, waveformOf } from './voice.js';

export type MediaKind = 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker';

/** A caller's file on our disk, durable, before anything is promised about it. */
export interface StagedFile {
  /** Name among the staged files: a UUID, which becomes the id of the message's row. */
  file: string;
  size: number;
  sha256: Buffer;
  name: string | null;
  /** MIME type as its sender declares it. */
  declared: string | null;
}

/** What the sender of a file says of it. */
export interface FileLabel {
  name: string | null;
  /** MIME type; counts only where the bytes say nothing. */
  type?: string | null | undefined;
}

/** A staged file, ready to be a message of its kind. */
export interface PreparedFile extends SealFacts {
  /** Another one than was asked for when the file became something else: a GIF goes out as a film. */
  kind: MediaKind;
  file: string;
  mimetype: string;
  /** Fits the type; without the dot. */
  extension: string;
  mediaKey: Buffer;
  seconds?: number;
  width?: number;
  height?: number;
  thumbnail?: Buffer;
  /** Of voice messages: 64 bars from 0 to 100. */
  waveform?: Uint8Array;
  /** Of films: played silently and again and again. */
  gifPlayback?: true;
}

export interface MediaIntakeDeps {
  files: StagedFiles;
  /** The guarded way to hosts that callers name. */
  dispatcher: Dispatcher;
  maxBytes: number;
  ffmpeg: Ffmpeg;
}

const URL_DEADLINE_MS = 60_000;
/** With the time that a file waits for its turn. */
const FACTS_DEADLINE_MS = 20_000;

/** What the bytes must be for each kind; phones show anything else as broken. */
const ACCEPTED: Record<MediaKind, { type: RegExp; inWords: string }> = {
  image: { type: /^image\/(jpeg|png|webp|gif)$/, inWords: 'JPEG, PNG, WebP or GIF' },
  video: { type: /^(video\/(mp4|3gpp|quicktime|x-m4v)|image\/gif)$/, inWords: 'MP4, 3GPP, QuickTime or GIF' },
  audio: { type: /^audio\//, inWords: 'a sound file' },
  voice: { type: /^(audio|video)\//, inWords: 'a sound file' },
  document: { type: /./, inWords: 'any file' },
  sticker: { type: /^image\/webp$/, inWords: 'WebP' },
};

/** Takes the files of outgoing messages in: streamed to the disk, measured, sniffed, never whole in memory. */
export class MediaIntake {
  constructor(private readonly deps: MediaIntakeDeps) {}

  /** @throws GatewayError `MEDIA_TOO_LARGE`, `JOURNAL_FULL` or `JOURNAL_FAILED` (the disk), or what the stream fails with */
  async fromStream(stream: Readable, label: FileLabel, signal?: AbortSignal): Promise<StagedFile> {
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
      const name = label.name === null ? null : safeFileName(label.name);
      return { file, size, sha256: hash.digest(), name, declared: label.type ?? null };
    } catch (error) {
      // A disk that takes no file may not let go of one either: what is left is swept.
      await this.deps.files.remove(file).catch(() => undefined);
      if (isGatewayError(error)) throw error;
      throw (
        diskRefusal(error) ?? new GatewayError('MEDIA_FETCH_FAILED', 'The file did not arrive whole.', { cause: error })
      );
    }
  }

  /** @throws GatewayError `FORBIDDEN_DESTINATION`, `MEDIA_FETCH_FAILED`, `MEDIA_TOO_LARGE` */
  async fromUrl(url: string, caller?: AbortSignal): Promise<StagedFile> {
    const deadline = AbortSignal.timeout(URL_DEADLINE_MS);
    const signal = caller ? AbortSignal.any([deadline, caller]) : deadline;
    const { stream, name, type } = await openUrl(this.deps.dispatcher, url, signal);
    return this.fromStream(stream, { name, type }, signal);
  }

  fromBytes(bytes: Buffer, label: FileLabel): Promise<StagedFile> {
    return this.fromStream(Readable.from([bytes]), label);
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
    const found = await sniff(path, { name: staged.name, type: staged.declared });
    const accepted = ACCEPTED[kind];
    if (!accepted.type.test(found.type)) {
      const fix = `${kind} takes ${accepted.inWords}; document takes any file.`;
      throw new GatewayError('UNSUPPORTED_TYPE', `The file is ${found.type}, which cannot be sent as ${kind}: ${fix}`, {
        details: { field: 'type', found: found.type, fix },
      });
    }
    const shape = await this.#shape({ file: path, type: found.type, signal }, found, kind);
    const mediaKey = randomBytes(32);
    const classe = shape.kind === 'voice' ? 'audio' : shape.kind;
    const facts = await sealFile(path, classe, mediaKey, null);
    const description = await this.#describe({ file: path, type: shape.type, signal }, shape.kind);
    const { type: mimetype, ...rest } = shape;
    return { ...facts, ...description, ...rest, file: staged.file, mimetype, mediaKey };
  }

  /** Makes of the file what phones show as that kind, and says what it is then. */
  async #shape(
    source: FilmSource,
    { type, extension }: FileKind,
    kind: MediaKind,
  ): Promise<FileKind & Pick<PreparedFile, 'kind' | 'gifPlayback'>> {
    if (kind === 'voice' && !isVoice(type)) {
      await this.#convert(source, (target) => toVoice(this.deps.ffmpeg, source, target, this.deps));
      return { kind, type: 'audio/ogg; codecs=opus', extension: 'ogg' };
    }
    const isMoving =
      type === 'image/gif' && (kind === 'video' || (kind === 'image' && (await this.#moves(source.file))));
    if (!isMoving) return { kind, type, extension };
    try {
      await this.#convert(source, (target) => gifToFilm(this.deps.ffmpeg, source, target, this.deps.maxBytes));
      return { kind: 'video', type: 'video/mp4', extension: 'mp4', gifPlayback: true };
    } catch (error) {
      if (kind === 'video' || source.signal?.aborted) throw error;
      return { kind, type, extension };
    }
  }

  /** Puts what `make` writes in the place of the file. */
  async #convert({ file }: FilmSource, make: (target: string) => Promise<void>): Promise<void> {
    const { maxBytes } = this.deps;
    const converted = `${file}-converted`;
    try {
      await make(converted);
      if ((await stat(converted)).size > maxBytes) throw tooLarge(maxBytes);
      await rename(converted, file);
    } finally {
      await rm(converted, { force: true });
    }
  }

  async #moves(file: string): Promise<boolean> {
    const facts = await describePicture(file).catch(() => null);
    // ffmpeg is asked only then, so that it is missed only where it is needed.
    return facts !== null && facts.frames > 1 && (await this.deps.ffmpeg.isInstalled());
  }

  /** Preview, measures, duration, loudness: nice to have; a file that they cannot be read from goes without. */
  async #describe(source: FilmSource, kind: MediaKind): Promise<Partial<PreparedFile>> {
    try {
      const work = DESCRIBERS[kind]?.(source, this.deps.ffmpeg);
      return work ? await withDeadline(work, FACTS_DEADLINE_MS, 'the facts of a file') : {};
    } catch {
      return {};
    }
  }
}

type Describer = (source: FilmSource, ffmpeg: Ffmpeg) => Promise<Partial<PreparedFile>>;

/** What is told of a file beside its bytes, by kind; stickers and documents need nothing. */
const DESCRIBERS: Partial<Record<MediaKind, Describer>> = {
  image: async ({ file }) => {
    const { frames: _frames, ...facts } = await describePicture(file);
    return facts;
  },
  video: async (source, ffmpeg) => {
    // Without ffmpeg the length is still told.
    const [told, facts] = await Promise.allSettled([secondsOf(source.file), describeFilm(ffmpeg, source)]);
    return { ...(told.status === 'fulfilled' && told.value), ...(facts.status === 'fulfilled' && facts.value) };
  },
  audio: ({ file }) => secondsOf(file),
  voice: async (source, ffmpeg) => {
    // Without ffmpeg phones draw a flat line.
    const [told, waveform] = await Promise.allSettled([secondsOf(source.file), waveformOf(ffmpeg, source)]);
    return {
      ...(told.status === 'fulfilled' && told.value),
      ...(waveform.status === 'fulfilled' && { waveform: waveform.value }),
    };
  },
};

async function secondsOf(file: string): Promise<Partial<PreparedFile>> {
  const seconds = await getAudioDuration(file);
  return seconds === undefined ? {} : { seconds: Math.max(0, Math.ceil(seconds)) };
}
