import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { GatewayError } from './errors.js';

/** A recipient as a person or a program wrote it, understood. */
export type Recipient =
  | {
      kind: 'number';
      /** E.164 without `+`, as written. */
      digits: string;
      /** Spellings under which WhatsApp may know this number, the most plausible first; `digits` is among them. */
      candidates: string[];
    }
  | {
      kind: 'jid';
      /** `<digits>@lid` or `<id>@g.us`, without device. */
      jid: string;
      tipo: 'pessoa' | 'grupo';
    };

/** Brazilian area codes in use. */
const DDD = '(?:1[1-9]|2[12478]|3[1-578]|4[1-9]|5[1345]|6[1-9]|7[134579]|8[1-9]|9[1-9])';
/** Area code and subscriber: mobile with the ninth digit, mobile in the old spelling, or landline. */
const BRAZIL_NATIONAL = new RegExp(`^${DDD}(?:9\\d{8}|[2-9]\\d{7})$`);
/** E.164 allows 15 digits; group ids made since 2021 have 18. */
const GROUP_ID = /^(?:\d{16,20}|\d{8,15}-\d{10})$/;
const BRAZILIAN_MOBILE = /^55([1-9][1-9])9?([6-9]\d{7})$/;
/** Toll-free and shared-cost numbers of Brazil (0800, 0300, 0500, 0900): people keep the trunk zero, some accounts have it too. */
const BRAZILIAN_SERVICE = /^550?([3589]00\d{6,7})$/;
/** A Brazilian number without its area code. */
const BRAZILIAN_LOCAL = /^(?:9\d{8}|[2-9]\d{7})$/;
const PERSON_SERVERS = new Set(['s.whatsapp.net', 'c.us', 'hosted']);

/**
 * Countries where one line has two spellings, and which of them WhatsApp's own address may use.
 * Brazil added a ninth digit to mobiles: accounts of area codes 11-28 mostly moved with it, the older ones elsewhere kept
 * eight digits. Mexico dropped the 1 after 52 and Argentina's 9 after 54 is often left out by people.
 */
const SPELLINGS: { pattern: RegExp; candidates: (match: RegExpExecArray) => string[] }[] = [
  {
    pattern: BRAZILIAN_MOBILE,
    candidates: ([, ddd = '', line = '']) => {
      const spellings = [`55${ddd}9${line}`, `55${ddd}${line}`];
      return Number(ddd) <= 28 ? spellings : spellings.reverse();
    },
  },
  { pattern: BRAZILIAN_SERVICE, candidates: ([, line = '']) => [`55${line}`, `550${line}`] },
  { pattern: /^521?(\d{10})$/, candidates: ([, line = '']) => [`521${line}`, `52${line}`] },
  { pattern: /^549?(\d{10})$/, candidates: ([, line = '']) => [`549${line}`, `54${line}`] },
];

/**
 * Understands a phone number in any usual Brazilian or international spelling, a person's address or a group's.
 * Without a country code the number is Brazilian.
 * @param field the request's field, named in the error
 * @throws GatewayError `INVALID_RECIPIENT` with `details: { field, fix }`
 */
export function parseRecipient(input: string, field = 'to'): Recipient {
  const text = plain(input);
  assertUndamaged(text, field);
  if (text === '') throw invalid(field, 'is empty', 'Give a phone number with area code, such as +55 11 99999-9999.');
  if (text.includes('@')) return parseAddress(text, field);
  if (GROUP_ID.test(text)) return { kind: 'jid', jid: `${text}@g.us`, tipo: 'grupo' };
  return number(parseDigits(text, field));
}

/**
 * What stands there if it is digits alone, however they are grouped: possibly a number as WhatsApp writes it, with its
 * country code and without a plus sign. Null for addresses, for `+…` and for what spreadsheets have damaged.
 */
export function bareDigits(input: string): string | null {
  const text = plain(input);
  if (text.startsWith('+') || !WRITTEN_NUMBER.test(text) || DAMAGED.some(({ pattern }) => pattern.test(text)))
    return null;
  const digits = text.replace(/\D/g, '');
  return digits.length >= 3 && digits.length <= 15 ? digits : null;
}

/** Whether a number with its country code (no plus sign) is one of today's numbering plans, in any of its spellings. */
export function isValidAbroad(digits: string): boolean {
  return spellings(digits).some((spelling) => parsePhoneNumberFromString(`+${spelling}`)?.isValid() === true);
}

/** The digits before the server of a WhatsApp address, device left out; null when there are none. */
export function digitsOfJid(jid: string): string | null {
  return /^(\d+)(?:_\d+)?(?::\d+)?@/.exec(jid)?.[1] ?? null;
}

/** The forms under which WhatsApp may know a number (E.164 without `+`), the most plausible first. */
export function spellings(digits: string): string[] {
  for (const { pattern, candidates } of SPELLINGS) {
    const match = pattern.exec(digits);
    if (match) return candidates(match);
  }
  return [digits];
}

/**
 * One spelling for both forms of a Brazilian number: the official one, with a mobile's ninth digit and without a service's
 * trunk zero. WhatsApp knows older accounts by eight digits, so this names a person (a queue, an unresolved row), not an address.
 */
export function officialSpelling(digits: string): string {
  const mobile = BRAZILIAN_MOBILE.exec(digits);
  if (mobile) return `55${mobile[1]}9${mobile[2]}`;
  const service = BRAZILIAN_SERVICE.exec(digits);
  return service ? `55${service[1]}` : digits;
}

/** Whether two numbers (digits with country code) are one line: both spellings of a Brazilian number are. */
export function isSameLine(a: string, b: string): boolean {
  return officialSpelling(a) === officialSpelling(b);
}

/** `5511999999999` → `5511999999999@s.whatsapp.net`. */
export function pnJid(digits: string): string {
  return `${digits}@s.whatsapp.net`;
}

/** Without the invisible characters that come along when a number is copied, and without a link's or scheme's prefix. */
function plain(input: string): string {
  return input
    .normalize('NFKC')
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, '')
    .trim()
    .replace(/^(?:tel:|whatsapp:|(?:https?:\/\/)?(?:wa\.me|api\.whatsapp\.com\/send\/?\?phone=)\/?)/i, '');
}

/** A number may have these characters, and has a digit. */
const WRITTEN_NUMBER = /^\+?[\d\s()./\p{Pd}]+$/u;

/** What spreadsheets make of a number that they take for a quantity. Reading on would reach somebody else. */
const DAMAGED: { pattern: RegExp; problem: string }[] = [
  { pattern: /\d[.,]0{1,2}$/, problem: 'ends in decimals, as spreadsheets write quantities' },
  {
    pattern: /^[+-]?\d+(?:[.,]\d*)?e[+-]?\d+$/i,
    problem: 'is written with an exponent, as spreadsheets write quantities',
  },
];

function assertUndamaged(text: string, field: string): void {
  const damage = DAMAGED.find(({ pattern }) => pattern.test(text));
  if (damage) throw invalid(field, damage.problem, 'Format the column as text and give all digits of the number.');
}

function parseAddress(text: string, field: string): Recipient {
  const match = /^(\d+(?:-\d+)?)(?:_\d+)?(?::\d+)?@([a-z.]+)$/i.exec(text);
  const user = match?.[1] ?? '';
  const server = match?.[2]?.toLowerCase() ?? '';
  // Who has an address exists: short codes and numbers of no numbering plan, too.
  if (PERSON_SERVERS.has(server) && /^\d{1,20}$/.test(user)) return number(user);
  if ((server === 'lid' || server === 'hosted.lid') && /^\d{1,20}$/.test(user)) {
    return { kind: 'jid', jid: `${user}@lid`, tipo: 'pessoa' };
  }
  if (server === 'g.us' && (GROUP_ID.test(user) || /^\d{10,20}$/.test(user))) {
    return { kind: 'jid', jid: `${user}@g.us`, tipo: 'grupo' };
  }
  throw invalid(
    field,
    'is no address of a person or a group',
    'Use <digits>@s.whatsapp.net, <digits>@lid or <id>@g.us.',
  );
}

function parseDigits(text: string, field: string): string {
  if (!WRITTEN_NUMBER.test(text) || !/\d/.test(text)) {
    throw invalid(field, 'has characters that no phone number has', 'Use digits, spaces, ( ) - . / and a leading +.');
  }
  const digits = text.replace(/\D/g, '');
  const found =
    text.startsWith('+') || digits.startsWith('00')
      ? international(digits.replace(/^00/, ''))
      : digits.startsWith('0')
        ? afterTrunkZero(digits.replace(/^0/, ''))
        : unprefixed(digits);
  if (found !== null) return found;
  throw BRAZILIAN_LOCAL.test(digits) && !text.startsWith('+')
    ? invalid(field, 'has no area code', 'Add the area code (DDD), such as 11 99999-9999.')
    : invalid(field, 'is no phone number', 'Give country code and area code, such as +55 11 99999-9999.');
}

/** Written with its plus sign or `00`: a country was meant. */
function international(digits: string): string | null {
  if (digits.startsWith('55')) return brazilian(digits.slice(2));
  const parsed = parsePhoneNumberFromString(`+${digits}`);
  // Numbering plans change faster than libraries: the length decides, not the ranges.
  const mexicanMobile = /^521\d{10}$/.test(digits);
  return parsed?.isPossible() || mexicanMobile ? digits : null;
}

/** A national number with its country code; also one without an area code (0800, 4004), which the plan knows as valid. */
function brazilian(national: string): string | null {
  if (BRAZIL_NATIONAL.test(national)) return `55${national}`;
  // The trunk zero stays where it was written: it may be part of the account's address.
  return isValidAbroad(`55${national}`) ? `55${national}` : null;
}

/** `011 9…` (trunk zero), `0 15 11 9…` (with a carrier's code), the frequent slip `0 55 11 9…`, and `0800 …`. */
function afterTrunkZero(digits: string): string | null {
  if (BRAZIL_NATIONAL.test(digits)) return `55${digits}`;
  if (digits.startsWith('55') && BRAZIL_NATIONAL.test(digits.slice(2))) return digits;
  if (BRAZIL_NATIONAL.test(digits.slice(2))) return `55${digits.slice(2)}`;
  return BRAZILIAN_SERVICE.test(`55${digits}`) ? `55${digits}` : null;
}

/**
 * Brazilian when it can be (55 is an area code too), else with its country code and no plus sign. Nobody said that a foreign
 * number was meant, so it has to be a valid one: a digit too many would make a Brazilian one possible somewhere else.
 */
function unprefixed(digits: string): string | null {
  if (BRAZIL_NATIONAL.test(digits)) return `55${digits}`;
  if (BRAZILIAN_LOCAL.test(digits)) return null;
  if (digits.startsWith('55')) return brazilian(digits.slice(2));
  return isValidAbroad(digits) ? digits : null;
}

function number(digits: string): Recipient {
  return { kind: 'number', digits, candidates: spellings(digits) };
}

function invalid(field: string, problem: string, fix: string): GatewayError {
  return new GatewayError('INVALID_RECIPIENT', `${field} ${problem}. ${fix}`, { details: { field, fix } });
}
