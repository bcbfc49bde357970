import { localTime } from './business-hours.js';

/** What a text may name in double braces: `Olá, {{primeiro_nome}}!`. */
export interface TemplateFacts {
  nome: string | null;
  numero: string;
  /** Id of the atendimento; its first eight characters are the `protocolo`. */
  atendimentoId: string;
  at: Date;
  /** IANA time zone of `saudacao`, `data` and `hora`. */
  fuso: string;
}

/** Each variable and what it stands for. */
export const VARIABLES: Record<string, (facts: TemplateFacts) => string> = {
  nome: ({ nome }) => nome ?? '',
  primeiro_nome: ({ nome }) => nome?.trim().split(/\s+/)[0] ?? '',
  numero: ({ numero }) => numero,
  protocolo: ({ atendimentoId }) => atendimentoId.slice(0, 8).toUpperCase(),
  data: ({ at, fuso }) => at.toLocaleDateString('pt-BR', { timeZone: fuso }),
  hora: ({ at, fuso }) => at.toLocaleTimeString('pt-BR', { timeZone: fuso, timeStyle: 'short' }),
  saudacao: ({ at, fuso }) => greeting(localTime(fuso, at).minute / 60),
};

const VARIABLE = /\{\{\s*([\w.]+)\s*\}\}/g;

/** Names in double braces that are none of `VARIABLES`. */
export function unknownVariables(text: string): string[] {
  return [...text.matchAll(VARIABLE)].map(([, name]) => name!).filter((name) => !Object.hasOwn(VARIABLES, name));
}

/** Fills a text in; what is unknown stays as it was written, what is not known about somebody is left out. Values are
 *  not read again: a customer who is called `{{numero}}` is greeted by that name. */
export function fillTemplate(text: string, facts: TemplateFacts): string {
  return text.replace(VARIABLE, (whole, name: string) =>
    Object.hasOwn(VARIABLES, name) ? VARIABLES[name]!(facts) : whole,
  );
}

function greeting(hour: number): string {
  if (hour >= 5 && hour < 12) return 'Bom dia';
  return hour >= 12 && hour < 18 ? 'Boa tarde' : 'Boa noite';
}
