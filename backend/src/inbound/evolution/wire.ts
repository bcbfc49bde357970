import { z } from 'zod';

/**
 * What an Evolution API server (2.2 to 2.3.6) puts into the `data` of its events, as far as we read it. What a row needs is
 * demanded; of everything else a wrong type counts as absent, since a newer server must not make us lose a message.
 */

const jid = z
  .string()
  .regex(/^[\w.+:-]{1,64}@[a-z.]{1,24}$/i, 'must be a WhatsApp address such as 5511…@s.whatsapp.net');
const messageId = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be the id of a message');
const maybeJid = jid.optional().catch(undefined);
const maybeText = z.string().max(1024).optional().catch(undefined);
const maybeFlag = z.boolean().optional().catch(undefined);
const maybeObject = z.record(z.string(), z.unknown()).optional().catch(undefined);
/** Seconds; some versions send text. */
const maybeSeconds = z.coerce.number().positive().optional().catch(undefined);

const key = z.looseObject({
  remoteJid: jid,
  id: messageId,
  fromMe: maybeFlag,
  participant: maybeJid,
  /** 2.3.5 and later: the other address of the chat or the author. */
  remoteJidAlt: maybeJid,
  participantAlt: maybeJid,
  /** 2.2 to 2.3.4: the author's phone number. */
  senderPn: maybeJid,
  participantPn: maybeJid,
});
export type WireKey = z.output<typeof key>;

/** `messages.upsert`, `messages.set`, `send.message`. */
export const wireMessage = z.looseObject({
  key,
  pushName: maybeText,
  status: maybeText,
  message: maybeObject,
  contextInfo: maybeObject,
  messageTimestamp: maybeSeconds,
});
export type WireMessage = z.output<typeof wireMessage>;

/** `messages.edited`: a protocol message with the key of what it edits. */
export const wireEdit = z.looseObject({
  key,
  editedMessage: z.record(z.string(), z.unknown()),
  timestampMs: maybeSeconds,
});

/** Older versions nest what newer ones have flat: one form of all. */
function withKey(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const item = value as Record<string, unknown>;
  if (typeof item['key'] === 'object' && item['key'] !== null)
    return { ...item, ...(item['update'] as object | undefined) };
  const { remoteJid, fromMe, participant, id, keyId } = item;
  return { ...item, key: { remoteJid, fromMe, participant, id: keyId ?? id } };
}

/** `messages.update` and `send.message.update`: a new status of one message. */
export const wireUpdate = z.preprocess(
  withKey,
  z.looseObject({
    key,
    status: z
      .union([z.string().max(32), z.number()])
      .optional()
      .catch(undefined),
    pollUpdates: z
      .array(z.looseObject({ name: z.string().max(512), voters: z.array(z.string().max(96)).max(4096) }))
      .max(64)
      .optional()
      .catch(undefined),
  }),
);

/** `messages.delete`. */
export const wireDeletion = z.preprocess(withKey, z.looseObject({ key }));

/** `contacts.*`: `remoteJid` here, `id` in older versions. */
export const wireContact = z.preprocess(
  named('remoteJid'),
  z.looseObject({ remoteJid: jid, remoteJidAlt: maybeJid, pushName: maybeText, name: maybeText }),
);

/** `groups.*`. */
export const wireGroup = z.preprocess(named('id'), z.looseObject({ id: jid, subject: maybeText }));

/** The address under its name, whichever of the two the version uses. */
function named(field: 'remoteJid' | 'id') {
  return (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const item = value as Record<string, unknown>;
    return { ...item, [field]: item[field] ?? item['id'] ?? item['remoteJid'] };
  };
}

/** Which form the items of an event have; events without rows are not here. */
export const WIRE_ITEMS = {
  'messages.upsert': wireMessage,
  'messages.set': wireMessage,
  'send.message': wireMessage,
  'messages.edited': wireEdit,
  'messages.update': wireUpdate,
  'send.message.update': wireUpdate,
  'messages.delete': wireDeletion,
  'contacts.set': wireContact,
  'contacts.upsert': wireContact,
  'contacts.update': wireContact,
  'groups.upsert': wireGroup,
  'groups.update': wireGroup,
} as const satisfies Record<string, z.ZodType>;
export type RowEvent = keyof typeof WIRE_ITEMS;

/** Whether an event of that name (dots, lower case) becomes rows. */
export function isRowEvent(event: string): event is RowEvent {
  return Object.hasOwn(WIRE_ITEMS, event);
}
