import { withoutTrailing } from '../../lib/text.js';
import type { Cuts } from './caps.js';

/** What an agent needs of a contact card. */
export interface CardFacts {
  nome: string | null;
  /** Digits with country code where the card has WhatsApp's own `waid`, else as written. */
  numeros: string[];
  emails: string[];
  empresa: string | null;
}

/** The part of a card that is read; photos come after it. */
const MAX_READ_CHARS = 65_536;

/** Reads the few properties of a vCard (RFC 6350, and 3.0 as phones write it) that a person would act on. */
export function readVcard(text: string, cuts: Cuts): CardFacts {
  const facts: CardFacts = { nome: null, numeros: [], emails: [], empresa: null };
  let structuredName: string | null = null;
  // Continuation lines start with white space (RFC 6350, section 3.2).
  for (const line of text
    .slice(0, MAX_READ_CHARS)
    .replace(/\r?\n[ \t]/g, '')
    .split(/\r?\n/)) {
    const property = /^(?:[\w-]+\.)?([\w-]+)((?:;[^:]*)?):(.*)$/.exec(line);
    if (!property) continue;
    const [, name = '', parameters = '', raw = ''] = property;
    const value = unescape(raw);
    if (value === '') continue;
    switch (name.toUpperCase()) {
      case 'FN':
        facts.nome ??= value;
        break;
      case 'N':
        structuredName = value.split(';').reverse().filter(Boolean).join(' ').trim();
        break;
      case 'TEL':
        facts.numeros.push(/;waid=(\d+)/i.exec(parameters)?.[1] ?? value);
        break;
      case 'EMAIL':
        facts.emails.push(value);
        break;
      case 'ORG':
        facts.empresa ??= withoutTrailing(value, ';');
        break;
    }
  }
  facts.nome ??= structuredName || null;
  return { ...facts, numeros: cuts.take('numeros', facts.numeros), emails: cuts.take('emails', facts.emails) };
}

function unescape(value: string): string {
  return value
    .replace(/\\n/gi, ' ')
    .replace(/\\([,;:\\])/g, '$1')
    .trim();
}
