/** Bodies that no route may fall over, by what is wrong with them. */
export const RAW_BODIES: [string, string | Uint8Array, string][] = [
  ['half a JSON', '{"connectionId":"a', 'application/json'],
  ['no JSON at all', 'olá', 'application/json'],
  ['nothing', '', 'application/json'],
  ['a JSON array', '[1,2]', 'application/json'],
  ['a JSON string', '"a"', 'application/json'],
  ['null', 'null', 'application/json'],
  ['a number', '7', 'application/json'],
  ['bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 'application/json'],
  ['deep nesting', '['.repeat(50_000) + ']'.repeat(50_000), 'application/json'],
  ['a poisoned prototype', '{"__proto__":{"admin":true},"constructor":{"prototype":{}}}', 'application/json'],
  ['two megabytes', JSON.stringify({ content: 'a'.repeat(2_000_000) }), 'application/json'],
  ['a form', 'connectionId=a&to=b', 'application/x-www-form-urlencoded'],
  ['plain text', 'oi', 'text/plain'],
  ['another charset', '{"a":1}', 'application/json; charset=utf-16'],
];

/** Values for every field, of every wrong type. */
export const WRONG_VALUES: unknown[] = [
  null,
  0,
  -1,
  1e308,
  true,
  [],
  {},
  [[]],
  '',
  ' ',
  '../../etc/passwd',
  'a\u0000b',
  '\ud800',
  '\u202e\u200f',
  "'; drop table whatsapp_mensagens; --",
  'x'.repeat(70_000),
  { toString: 'x' },
  { $ne: null },
];

/** Ids as they stand in a path. */
export const BAD_PATH_IDS = [
  '..%2f..%2fetc',
  '%00',
  '%',
  '%zz',
  '%c3%28',
  'a%0d%0aSet-Cookie:x',
  '..%5c..',
  '%F0%9F%98%80',
  'x'.repeat(3000),
  '00000000-0000-0000-0000-00000000000g',
  '00000000-0000-0000-0000-000000000000',
  "1' or '1'='1",
];

/** Texts that must come out of the other end as they went in, or be refused. */
export const HARD_TEXTS: [string, string, boolean][] = [
  ['64 KB', 'á'.repeat(65_536), true],
  ['emoji joined with joiners', '👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇧🇷', true],
  ['right-to-left text', 'مرحبا بالعالم‏ ‮abc‬', true],
  ['control characters', 'a\u0001\u0007\u001b[31mb\tc\nd\u007f', true],
  ['combining marks', 'Z̵̛̝a̷l̴g̶o̸'.repeat(50), true],
  ['SQL', "'); delete from whatsapp_mensagens; --", true],
  ['a JSON escape', '\\u0000 \\n "}', true],
  ['noncharacters', '\ufffe\uffff\u{10ffff}', true],
  ['NUL', 'a\u0000b', false],
  ['half of a surrogate pair', 'a\ud83db', false],
];
