import type { Row } from './resources.js';

type Dados = Record<string, unknown>;

/** Keys of `dados` that only the gateway needs, and what they hold. The rows keep them; no answer, event or file has them. */
const HIDDEN: Readonly<Record<string, string>> = {
  bruto: 'plaintexts that could not be decoded',
  cifrado: 'a comment that is sealed',
  cifradosPendentes: 'the mark that there are seals to open',
};

/** The same wherever they lie, also in what was kept of an unknown message (`proto`, `modelo`, …). */
const HIDDEN_ANYWHERE: Readonly<Record<string, string>> = {
  messageSecret: 'opens the votes, edits and reactions of a message, and makes such',
  mediaKey: "opens the file at WhatsApp's public address",
  cortado: 'the text of something too large, in which the others may stand',
};

/** Under `<kind>:<id>` lies what is sealed (a vote, an edit): it is shown when it has been opened. */
const SEALED = /^\w+:/;

/**
 * The one door of `dados`: what of it leaves the gateway, in rows, exports, webhooks and WebSockets.
 * @returns null when nothing is left
 */
export function publicDados(dados: Dados | null | undefined): Dados | null {
  const shown = Object.entries(dados ?? {}).filter(([key]) => !Object.hasOwn(HIDDEN, key) && !SEALED.test(key));
  const facts = withoutSecrets(Object.fromEntries(shown)) as Dados;
  return Object.keys(facts).length > 0 ? facts : null;
}

/** A row of `whatsapp_mensagens` as whoever may read it sees it. */
export function publicMensagem(row: Row): Row {
  return { ...row, dados: publicDados(row['dados'] as Dados | null) };
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  const shown = Object.entries(value).filter(([key]) => !Object.hasOwn(HIDDEN_ANYWHERE, key));
  return Object.fromEntries(shown.map(([key, inner]) => [key, withoutSecrets(inner)]));
}
