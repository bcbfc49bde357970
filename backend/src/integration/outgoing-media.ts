import { GatewayError } from '../lib/errors.js';
import { extensionIn, safeFileName } from '../lib/file-name.js';
import type { MediaIntake, StagedFile } from '../media/media-intake.js';
import type { MediaContent, MediaKind } from '../outbound/content.js';
import type { MediaMessageInput, MediaSourceInput } from './resources.js';

/** Brings the file of a message to our disk and makes a content of it. What fails leaves nothing behind. */
export async function mediaContent(
  intake: MediaIntake,
  input: MediaMessageInput,
  signal?: AbortSignal,
): Promise<MediaContent> {
  const staged = await stage(intake, input.source, input.fileName ?? null, signal);
  try {
    return await contentOf(intake, staged, input, signal);
  } catch (error) {
    await intake.discard(staged);
    throw error;
  }
}

/** The same of a file that is already staged, such as a forwarded one. */
export async function contentOf(
  intake: MediaIntake,
  staged: StagedFile,
  {
    type: kind,
    caption,
    fileName,
    viewOnce,
  }: Pick<MediaMessageInput, 'caption' | 'fileName' | 'viewOnce'> & { type: MediaKind },
  signal?: AbortSignal,
): Promise<MediaContent> {
  const { file, mimetype, extension, mediaKey, fileSha256, fileEncSha256, fileLength, ...facts } = await intake.prepare(
    staged,
    kind,
    signal,
  );
  const sealed = { file, mimetype, mediaKey, fileSha256, fileEncSha256, fileLength };
  const name = safeFileName(fileName ?? '') ?? staged.name ?? undefined;
  const fitting = kind === 'document' ? documentName(name, extension) : name;
  return { sealed, caption, viewOnce, fileName: fitting, ...facts };
}

/** Phones open a document by the extension of its name; one that the sender has chosen stays. */
function documentName(name = 'documento', extension: string): string {
  return extensionIn(name) !== '' || extension === 'bin' ? name : `${name}.${extension}`;
}

function stage(
  intake: MediaIntake,
  source: MediaSourceInput,
  name: string | null,
  signal?: AbortSignal,
): Promise<StagedFile> {
  switch (source.kind) {
    case 'upload':
      return Promise.resolve({ ...source.staged, name: name ?? source.staged.name });
    case 'url':
      return intake.fromUrl(source.url, signal).then((staged) => ({ ...staged, name: name ?? staged.name }));
    case 'base64':
      return intake.fromBytes(decoded(source.data), { name, type: declaredIn(source.data) });
  }
}

/** MIME type in the `data:` head that browsers put before base64. */
function declaredIn(text: string): string | null {
  return /^data:([^,;]{3,100})[;,]/.exec(text)?.[1] ?? null;
}

/** With or without the `data:` head that browsers put before it. */
function decoded(text: string): Buffer {
  const data = text.replace(/^data:[^,]{0,200};base64,/, '');
  if (!/^[A-Za-z0-9+/_=\s-]*$/.test(data)) throw new GatewayError('BAD_REQUEST', 'mediaBase64 must be base64.');
  return Buffer.from(data, 'base64');
}
