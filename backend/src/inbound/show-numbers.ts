import { digitsOfJid } from '../lib/phone-number.js';
import type { Endereco, Evento } from '../supabase/evento.js';
import { plainJid } from './addresses.js';
import type { ContentRow, Facts } from './content/handler.js';

/** The digits of the number that belongs to a LID; null while nobody knows it. */
export type NumberOf = (lid: string) => string | null;

/** The digits of somebody's number; null while only the LID is known. */
export function numberOf({ pn }: Endereco): string | null {
  return pn === null ? null : digitsOfJid(pn);
}

/** Whom a described text mentions, for an edit. */
export function mentionsOf({ dados }: ContentRow): { mencoes?: string[] } {
  const mencoes = dados?.['mencoes'];
  return isTexts(mencoes) ? { mencoes } : {};
}

/**
 * An event in which people are named by number wherever it is known: in mentions and the text around them, quotes, lists
 * of participants, and answers to events. A LID whose number is unknown stays, as `<digits>@lid`; the database replaces it
 * when it learns the number (supabase/migrations/20261121002200).
 */
export function withNumbers<E extends Evento>(event: E, numberOfLid: NumberOf): E {
  if (event.op === 'edicao')
    return event.mencoes ? { ...event, ...text(event.conteudo, event.mencoes, numberOfLid) } : event;
  if (event.op === 'dados') return { ...event, dados: withAnswers(event.dados, numberOfLid) };
  if (event.op !== 'mensagem' || !event.dados) return event;
  const { mencoes, citacao, chamada, aviso } = event.dados;
  const dados: Facts = {};
  if (isFacts(citacao)) dados['citacao'] = quote(citacao, numberOfLid);
  if (isFacts(chamada) && isTexts(chamada['participantes']))
    dados['chamada'] = { ...chamada, participantes: shown(chamada['participantes'], numberOfLid) };
  if (isFacts(aviso) && Array.isArray(aviso['participantes']))
    dados['aviso'] = { ...aviso, participantes: aviso['participantes'].map((party) => withPn(party, numberOfLid)) };
  const mentioned = isTexts(mencoes) ? text(event.conteudo, mencoes, numberOfLid) : null;
  if (mentioned) dados['mencoes'] = mentioned.mencoes;
  if (Object.keys(dados).length === 0) return event;
  return { ...event, ...(mentioned && { conteudo: mentioned.conteudo }), dados: { ...event.dados, ...dados } };
}

/** Digits for what is or becomes a number, each person once. */
function shown(addresses: readonly string[], numberOfLid: NumberOf): string[] {
  return [...new Set(addresses.map((address) => shownOne(address, numberOfLid)))];
}

function shownOne(address: string, numberOfLid: NumberOf): string {
  const jid = plainJid(address);
  if (jid.endsWith('@s.whatsapp.net')) return digitsOfJid(jid) ?? jid;
  return jid.endsWith('@lid') ? (numberOfLid(jid) ?? jid) : jid;
}

/** `@` and the digits of an address, as WhatsApp writes a mention into a text. */
const MENTION = /@(\d{5,20})(?!\d)/g;

/** One pass over the text, however many are mentioned. */
function text(conteudo: string, mencoes: readonly string[], numberOfLid: NumberOf) {
  const numbers = new Map<string, string>();
  const list = mencoes.map((address) => {
    const digits = digitsOfJid(plainJid(address));
    const number = shownOne(address, numberOfLid);
    if (digits && !number.includes('@')) numbers.set(digits, number);
    return number;
  });
  return {
    conteudo: conteudo.replace(MENTION, (whole, digits: string) =>
      numbers.has(digits) ? `@${numbers.get(digits)}` : whole,
    ),
    mencoes: [...new Set(list)],
  };
}

function quote(citacao: Facts, numberOfLid: NumberOf): Facts {
  const { autor, conteudo, mencoes } = citacao;
  return {
    ...citacao,
    ...(typeof autor === 'string' && { autor: shownOne(autor, numberOfLid) }),
    ...(typeof conteudo === 'string' && isTexts(mencoes) && text(conteudo, mencoes, numberOfLid)),
  };
}

function withPn(party: unknown, numberOfLid: NumberOf): unknown {
  if (!isFacts(party) || party['pn'] != null || typeof party['lid'] !== 'string') return party;
  const number = numberOfLid(party['lid']);
  return number === null ? party : { ...party, pn: `${number}@s.whatsapp.net` };
}

function withAnswers(dados: Facts, numberOfLid: NumberOf): Facts {
  const evento = dados['evento'];
  if (!isFacts(evento) || !isFacts(evento['respostas'])) return dados;
  const respostas = Object.entries(evento['respostas']).map(([who, answer]) => [shownOne(who, numberOfLid), answer]);
  return { ...dados, evento: { ...evento, respostas: Object.fromEntries(respostas) as Facts } };
}

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
