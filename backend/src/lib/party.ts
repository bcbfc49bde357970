import { uuidV5 } from './uuid-v5.js';

/** Namespace of owners, companies and users that other systems name by a text: a random UUID, fixed for good. */
export const PARTY_NAMESPACE = '38a1a39c-7f5c-4cfd-8745-04f901be84d5';

export const MAX_PARTY_TEXT = 200;

/** An owner, company or user. */
export interface Party {
  /** UUID in lower case: what the tables and the access rules know. */
  id: string;
  /** The text that became `id`; null when the caller gave a UUID. */
  text: string | null;
}

/** UUID of a party → the text that it was made of. Parties that were named by a UUID are not in it. */
export type PartyTexts = Readonly<Record<string, string>>;

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const NAMESPACE_BYTES = Buffer.from(PARTY_NAMESPACE.replaceAll('-', ''), 'hex');

/**
 * Reads whom a caller means. A UUID is itself, in any case of letters; any other text becomes the UUIDv5 of it. Blanks
 * around a text do not count, and the two Unicode spellings of an accent are one; everything else does, upper and lower case
 * included, so two different texts never meet.
 */
export function partyOf(given: string): Party {
  const text = given.trim().normalize('NFC');
  return UUID.test(text) ? { id: text.toLowerCase(), text: null } : { id: uuidV5(NAMESPACE_BYTES, text), text };
}

/** Whether a text can name a party: not blank, short, and storable in Postgres. */
export function isPartyText(text: string): boolean {
  return /\S/.test(text) && text.trim().length <= MAX_PARTY_TEXT && !/[\0\p{Surrogate}]/u.test(text);
}

/** The texts of those parties that have one; undefined when none has. */
export function textsOf(...parties: readonly (Party | null | undefined)[]): PartyTexts | undefined {
  const named = parties.flatMap((party) => (party && party.text !== null ? [[party.id, party.text] as const] : []));
  return named.length > 0 ? Object.fromEntries(named) : undefined;
}

/** The text that a party was named by; null for a UUID. */
export function textOf(texts: PartyTexts | undefined, id: string | null): string | null {
  return id === null ? null : (texts?.[id] ?? null);
}

/** The texts of these parties out of several lists; undefined when none has one. */
export function pickTexts(
  ids: readonly (string | null | undefined)[],
  ...lists: readonly (PartyTexts | undefined)[]
): PartyTexts | undefined {
  return textsOf(...ids.flatMap((id) => (id ? lists.map((texts) => ({ id, text: textOf(texts, id) })) : [])));
}
