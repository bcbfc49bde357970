import { randomUUID } from 'node:crypto';
import { normalizeMessageContent, type proto } from '@whiskeysockets/baileys';
import { GatewayError } from '../lib/errors.js';
import type { Journal } from '../journal/journal.js';
import type { OutboxRecord } from '../journal/records.js';
import { sealFile } from '../media/seal-file.js';
import type { StagedFiles } from '../media/staged-files.js';
import type { SendChannel } from './send-channel.js';
import { decodeMessage, encodeMessage } from './text-message.js';

export interface MediaUploadsDeps {
  journal: Pick<Journal, 'commit' | 'getMediaJob'>;
  files: StagedFiles;
}

type Sealed = Pick<proto.Message.IImageMessage, 'mediaKey' | 'fileEncSha256' | 'url' | 'directPath'>;

/**
 * Gives the file of an accepted message to WhatsApp before the message goes. Key and hashes were chosen at acceptance: an
 * upload that is repeated after a crash puts the same bytes there again, and no recipient sees two.
 */
export class MediaUploads {
  constructor(private readonly deps: MediaUploadsDeps) {}

  /**
   * @returns the record whose message says where its file lies, durable; the given one when there is nothing to do.
   * @throws GatewayError `MEDIA_NOT_FOUND` (the staged file is gone), `MEDIA_FETCH_FAILED`, `NOT_CONNECTED`, `JOURNAL_FAILED`
   */
  async ensure(channel: SendChannel, record: OutboxRecord): Promise<OutboxRecord> {
    const { media } = record;
    if (!media || media.uploaded) return record;
    const message = decodeMessage(record.message);
    const content = sealedContent(message);
    const place = await this.#upload(channel, media, content);
    Object.assign(content, place);
    const uploaded = { ...record, message: encodeMessage(message), media: { ...media, uploaded: true } };
    await this.deps.journal.commit({ outbox: [uploaded] });
    await this.#release(uploaded);
    return uploaded;
  }

  async #upload(channel: SendChannel, media: NonNullable<OutboxRecord['media']>, content: Sealed) {
    const { files } = this.deps;
    const encrypted = `enc-${randomUUID()}`;
    try {
      await sealFile(files.path(media.file), media.classe, content.mediaKey!, files.path(encrypted)).catch(
        (cause: NodeJS.ErrnoException) => {
          if (cause.code !== 'ENOENT') throw cause;
          throw new GatewayError('MEDIA_NOT_FOUND', 'The file of this message is gone.', { cause });
        },
      );
      const about = { classe: media.classe, fileEncSha256: content.fileEncSha256! };
      return await channel.uploadMedia(files.path(encrypted), about);
    } finally {
      await files.remove(encrypted);
    }
  }

  /** The media queue removes the file when it comes second. */
  async #release({ connectionId, rowId, media }: OutboxRecord): Promise<void> {
    if (media && this.deps.journal.getMediaJob(connectionId, rowId)?.state === 'done') {
      await this.deps.files.remove(media.file);
    }
  }
}

/** The part of the message, out of its wrappers, that names the file. @throws Error when a damaged journal has none */
function sealedContent(message: proto.IMessage): Sealed {
  const inner = normalizeMessageContent(message) ?? {};
  const values = Object.values(inner) as (Sealed | null)[];
  const found = values.find((value) => value?.mediaKey != null);
  if (!found) throw new Error('the message names no file');
  return found;
}
