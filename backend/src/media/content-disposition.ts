/** One parameter: `; name=token` or `; name="quoted"` (RFC 9110, 5.6.6). */
const PARAMETER = /;[ \t]*([!#$&+.^_`|~0-9a-z-]{1,40}\*?)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))/giy;
const CHARSETS: Record<string, string> = { 'utf-8': 'utf-8', 'iso-8859-1': 'windows-1252' };

/**
 * The file name in a `Content-Disposition` (RFC 6266): `filename*` (RFC 5987) is preferred; a plain `filename` is also read as
 * servers write it who do not know the rule: as raw UTF-8, or percent-encoded.
 * @returns the name as it is said, which may be anything; null when there is none
 */
export function nameInDisposition(header: string): string | null {
  const found = parametersOf(header);
  const extended = found.get('filename*');
  const plain = found.get('filename');
  return (extended === undefined ? null : extendedValue(extended)) ?? (plain === undefined ? null : plainValue(plain));
}

function parametersOf(header: string): Map<string, string> {
  const found = new Map<string, string>();
  const pattern = new RegExp(PARAMETER);
  pattern.lastIndex = Math.max(0, header.indexOf(';'));
  for (let match = pattern.exec(header); match; match = pattern.exec(header)) {
    const name = match[1]!.toLowerCase();
    const value = match[2]?.replace(/\\(.)/g, '$1') ?? match[3]!.trim();
    if (!found.has(name)) found.set(name, value);
    // White space before the next semicolon.
    while (header[pattern.lastIndex] === ' ' || header[pattern.lastIndex] === '\t') pattern.lastIndex += 1;
  }
  return found;
}

/** `charset'language'percent-encoded` */
function extendedValue(value: string): string | null {
  const [charset = '', , encoded, ...more] = value.split("'");
  const known = CHARSETS[charset.toLowerCase()];
  if (known === undefined || encoded === undefined || more.length > 0) return null;
  return decoded(bytesOf(encoded), known);
}

function plainValue(value: string): string | null {
  if (value === '') return null;
  if (/%[0-9a-f]{2}/i.test(value)) return decoded(bytesOf(value), 'utf-8') ?? value;
  // Node reads headers as ISO-8859-1; most servers write UTF-8 into them.
  if (/[\u0080-\u00ff]/.test(value) && !/[^\u0000-\u00ff]/.test(value)) {
    return decoded(Buffer.from(value, 'latin1'), 'utf-8') ?? value;
  }
  return value;
}

function bytesOf(text: string): Buffer {
  const encoded = text.replace(/[^\u0000-\u007f]/g, encodeURIComponent);
  const plain = encoded.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(plain, 'latin1');
}

function decoded(bytes: Buffer, charset: string): string | null {
  try {
    // `stream`: without it Node 20 reads 0x80 to 0x9f of windows-1252 as control characters.
    const decoder = new TextDecoder(charset, { fatal: true });
    return decoder.decode(bytes, { stream: true }) + decoder.decode();
  } catch {
    return null;
  }
}
