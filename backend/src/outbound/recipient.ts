import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { GatewayError } from '../lib/errors.js';

/** Whom a send is for, as far as the request alone can say. `digits` carry the country code, no plus. */
export type Recipient =
  { kind: 'person'; digits: string } | { kind: 'lid'; jid: string } | { kind: 'group'; jid: string };

const PERSON_SERVERS = new Set(['s.whatsapp.net', 'c.us']);
const BRAZILIAN_NATIONAL = /^[1-9]{2}(?:9\d{8}|[2-9]\d{7})$/;
const BRAZILIAN_MOBILE = /^55([1-9]{2})9?([6-9]\d{7})$/;

/**
 * Reads a recipient in any usual spelling: `+55 (11) 99999-9999`, `011 99999-9999`, `5511999999999`, a person's JID by
 * number or LID (a device part is dropped), or a group's JID. A number without country code is Brazilian when it can be.
 * @throws GatewayError `INVALID_RECIPIENT`
 */
export function parseRecipient(to: string): Recipient {
  const text = to.trim();
  const recipient = text.includes('@') ? fromJid(text) : fromNumber(text);
  if (recipient === null) throw new GatewayError('INVALID_RECIPIENT');
  return recipient;
}

function fromJid(text: string): Recipient | null {
  const [local = '', server = '', ...rest] = text.toLowerCase().split('@');
  if (rest.length > 0) return null;
  if (server === 'g.us') return /^\d{5,25}(?:-\d{5,15})?$/.test(local) ? { kind: 'group', jid: `${local}@g.us` } : null;
  const user = /^\+?(\d{5,20})(?::\d{1,5})?$/.exec(local)?.[1];
  if (user === undefined) return null;
  if (server === 'lid') return { kind: 'lid', jid: `${user}@lid` };
  return PERSON_SERVERS.has(server) && user.length <= 15 ? { kind: 'person', digits: user } : null;
}

function fromNumber(text: string): Recipient | null {
  if (!/^\+?[\d\s().\-/]+$/.test(text)) return null;
  const digits = text.replace(/\D/g, '');
  if (text.startsWith('+')) return international(digits);
  if (digits.startsWith('00')) return international(digits.slice(2));
  const national = digits.replace(/^0/, '');
  if (BRAZILIAN_NATIONAL.test(national)) return { kind: 'person', digits: `55${national}` };
  return international(digits);
}

function international(digits: string): Recipient | null {
  // Length only: numbering plans change faster than this library, and WhatsApp has the last word anyway.
  const phone = parsePhoneNumberFromString(`+${digits}`);
  return phone?.isPossible() ? { kind: 'person', digits: phone.number.slice(1) } : null;
}

/**
 * One spelling for both forms of a Brazilian mobile number: the official one with the ninth digit. WhatsApp knows older
 * accounts by the eight-digit form, so this names a person (a queue, an unresolved row), not an address.
 */
export function officialSpelling(digits: string): string {
  const mobile = BRAZILIAN_MOBILE.exec(digits);
  return mobile ? `55${mobile[1]}9${mobile[2]}` : digits;
}

/** The forms under which WhatsApp may know the number, the likelier first: only Brazilian mobiles have two. */
export function spellings(digits: string): string[] {
  const mobile = BRAZILIAN_MOBILE.exec(digits);
  return mobile ? [`55${mobile[1]}9${mobile[2]}`, `55${mobile[1]}${mobile[2]}`] : [digits];
}

/** `5511999999999` → `5511999999999@s.whatsapp.net`. */
export function pnJid(digits: string): string {
  return `${digits}@s.whatsapp.net`;
}

/** The user part of a JID, without device: `5511999999999:3@s.whatsapp.net` → `5511999999999`. */
export function jidUser(jid: string): string {
  return jid.replace(/[:@].*$/, '');
}
