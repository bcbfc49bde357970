import { createCipheriv, randomBytes } from 'node:crypto';
import { getBinaryNodeChild, hkdf, proto, type BinaryNode } from '@whiskeysockets/baileys';
import type { Companion } from '../companion.js';
import { node } from '../stanzas.js';
import type { World } from '../world.js';

const { ResultType } = proto.MediaRetryNotification;

/**
 * `<receipt type="server-error">`: a companion cannot download a file any more and asks the owner's phone, which uploads
 * it again and tells the new path in a `mediaretry` notification (Baileys Utils/messages-media.js, decodeMediaRetryNode).
 * A phone that is off (`author.answersRetries`) says nothing.
 */
export function onMediaRetry(world: World, companion: Companion, receipt: BinaryNode): void {
  const { id } = receipt.attrs;
  const { jid, participant, from_me: fromMe } = getBinaryNodeChild(receipt, 'rmr')?.attrs ?? {};
  if (!companion.phone.author.answersRetries) return;
  const author = fromMe === 'true' ? companion.phone : world.directory.find(participant ?? jid ?? '');
  const media = mediaOf(author?.author.original(id!));
  const directPath = world.media.renew(media?.directPath);
  if (!media?.mediaKey) return;
  const answer = directPath
    ? { stanzaId: id!, directPath, result: ResultType.SUCCESS }
    : { stanzaId: id!, result: ResultType.NOT_FOUND };
  const children = [
    node('rmr', { jid, from_me: fromMe, participant }),
    sealed(proto.MediaRetryNotification.encode(answer).finish(), media.mediaKey, id!),
  ];
  companion.mailbox.post({
    stanza: node('notification', { id: id!, from: companion.phone.pnJid, type: 'mediaretry' }, children),
  });
}

function mediaOf(message: proto.IMessage | undefined): proto.Message.IImageMessage | undefined {
  if (!message) return undefined;
  return Object.values(message).find(
    (content): content is proto.Message.IImageMessage => (content as { mediaKey?: unknown } | null)?.mediaKey != null,
  );
}

function sealed(plain: Uint8Array, mediaKey: Uint8Array, id: string): BinaryNode {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', hkdf(mediaKey, 32, { info: 'WhatsApp Media Retry Notification' }), iv);
  cipher.setAAD(Buffer.from(id));
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return node('encrypt', {}, [node('enc_p', {}, ciphertext), node('enc_iv', {}, iv)]);
}
