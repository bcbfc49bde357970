import type { ConnectionRecord } from '../journal/records.js';
import { isSameLine } from '../lib/phone-number.js';

/** Digits of the number that a connection had, and of the one that it has now. */
export interface NumberChange {
  de: string;
  para: string;
}

type Numbers = Pick<ConnectionRecord, 'numero' | 'lastNumero'>;

/** The last number that a connection is known to have had; null when it never had one. */
export function lastNumber({ numero, lastNumero }: Numbers): string | null {
  return numero ?? lastNumero ?? null;
}

/**
 * Whether a connection has become another number.
 * @returns null for the same number paired again, in either Brazilian spelling, and for one that is learned for the first time
 */
export function numberChange(before: Numbers, numero: string | null): NumberChange | null {
  const de = lastNumber(before);
  return de === null || numero === null || isSameLine(de, numero) ? null : { de, para: numero };
}
