import { visibleName } from '../../lib/text.js';
import { localTime } from '../robot/business-hours.js';

/** What a text may name in double braces (`Olá, {{primeiro_nome}}!`), and how each name reads. */
export type Values = Record<string, string>;

/** What the robot knows about whom it writes to. */
export interface RobotFacts {
  nome: string | null;
  numero: string;
  /** Id of the atendimento; its first eight characters are the `protocolo`. */
  atendimentoId: string;
  at: Date;
  /** IANA time zone of `saudacao`, `data` and `hora`. */
  fuso: string;
}

/** A name may have letters of any alphabet: people write `{{endereço}}`. */
const VARIABLE = /\{\{\s*([\p{L}\p{N}_.]+)\s*\}\}/gu;

/** Names that every text may use: they come from the clock. */
const CLOCK_NAMES = ['data', 'hora', 'saudacao'];

/** Names that the robot's texts may use. */
export const ROBOT_NAMES: readonly string[] = ['nome', 'primeiro_nome', 'numero', 'protocolo', ...CLOCK_NAMES];

/** The names in double braces, each once, in the order of the text. */
export function namesIn(text: string): string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map(([, name]) => name!))];
}

/** Whether there are double braces with something in them that is no name. */
export function hasBrokenBraces(text: string): boolean {
  return /\{\{|\}\}/.test(text.replace(VARIABLE, ''));
}

/** Names in a text of the robot that it does not know. */
export function unknownVariables(text: string): string[] {
  return namesIn(text).filter((name) => !ROBOT_NAMES.includes(name));
}

/** Names in a text that neither the clock nor the given values fill. */
export function missingVariables(text: string, values: Values): string[] {
  return namesIn(text).filter((name) => !CLOCK_NAMES.includes(name) && !Object.hasOwn(values, name));
}

/** Fills a text in; a name without a value stays as it was written. Values are not read again: a customer who is called
 *  `{{numero}}` is greeted by that name. */
export function fillTemplate(text: string, values: Values): string {
  return text.replace(VARIABLE, (whole, name: string) => (Object.hasOwn(values, name) ? values[name]! : whole));
}

/** `data`, `hora` and `saudacao` at a moment. @param fuso IANA time zone */
export function clockValues(at: Date, fuso: string): Values {
  return {
    data: at.toLocaleDateString('pt-BR', { timeZone: fuso }),
    hora: at.toLocaleTimeString('pt-BR', { timeZone: fuso, timeStyle: 'short' }),
    saudacao: greeting(localTime(fuso, at).minute / 60),
  };
}

/** What the robot's texts are filled with. Who has no name that can be seen is called by their number. */
export function robotValues({ nome, numero, atendimentoId, at, fuso }: RobotFacts): Values {
  const called = visibleName(nome) ?? numero;
  return {
    nome: called,
    primeiro_nome: called.split(' ').find((word) => visibleName(word) !== null) ?? called,
    numero,
    protocolo: atendimentoId.slice(0, 8).toUpperCase(),
    ...clockValues(at, fuso),
  };
}

function greeting(hour: number): string {
  if (hour >= 5 && hour < 12) return 'Bom dia';
  return hour >= 12 && hour < 18 ? 'Boa tarde' : 'Boa noite';
}
