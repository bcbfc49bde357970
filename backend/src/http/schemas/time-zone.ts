import { z } from 'zod';

/** An IANA name that this process's Intl knows. */
export const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be an IANA time zone, such as America/Sao_Paulo')
  .default('America/Sao_Paulo');

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('pt-BR', { timeZone: name }));
  } catch {
    return false;
  }
}
