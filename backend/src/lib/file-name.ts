import { cutText, storableText } from './text.js';

const MAX_CHARS = 255;
/** Control characters (line breaks too), marks that turn the direction of text around ("fdp.exe"), and zero-width ones. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const EXTENSION = /\.(?=[0-9]{0,7}[a-z])[a-z0-9]{1,8}$/i;

/**
 * A file name out of what somebody calls a file: of one line, without folders (`../`, `C:\`), and not hidden.
 * Null when nothing of it remains.
 */
export function safeFileName(text: string): string | null {
  const parts = storableText(text.slice(0, 4 * MAX_CHARS).replace(UNSEEN, ''))
    .split(/[/\\]/)
    .map((part) => trimmed(part))
    .filter((part) => part !== '');
  const name = parts.join('_');
  if (name.length <= MAX_CHARS) return name === '' ? null : name;
  const extension = extensionIn(name);
  return cutText(name, MAX_CHARS - extension.length) + extension;
}

/** The extension of a name with its dot, or nothing: numbers alone are part of a name ("v1.2"). */
export function extensionIn(name: string): string {
  return EXTENSION.exec(name)?.[0] ?? '';
}

/** Blanks and leading dots go, and so do dots at the end, which Windows drops. */
function trimmed(part: string): string {
  let [from, to] = [0, part.length];
  while (from < to && (part[from] === '.' || part[from]!.trim() === '')) from += 1;
  while (to > from && (part[to - 1] === '.' || part[to - 1]!.trim() === '')) to -= 1;
  return part.slice(from, to);
}
