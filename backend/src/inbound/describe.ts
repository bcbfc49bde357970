import type { proto } from '@whiskeysockets/baileys';
import type { ContentRow, Facts, Field, Handler } from './content/handler.js';
import { Cuts, type CutFacts } from './content/caps.js';
import { contextFacts, type ContextFacts } from './content/context-facts.js';
import { base64, compact, protoJson } from './content/proto-values.js';
import { CONTENT_TABLE } from './content/table.js';

/** The one content field of a message that counts, out of its wrappers. */
export interface OpenedMessage {
  /** null: no field that we know. */
  field: Field | null;
  value: unknown;
  handler: Handler<unknown> | null;
  /** What the wrappers said about it. */
  facts: Facts;
}

/** Deeper nesting is no message that WhatsApp makes. */
const MAX_WRAPPERS = 8;

/** Takes a message out of its wrappers (ephemeral, view once, edited …). */
export function openMessage(message: proto.IMessage): OpenedMessage {
  const facts: Facts = {};
  let current: proto.IMessage | null | undefined = message;
  let opened: OpenedMessage = { field: null, value: null, handler: null, facts };
  for (let depth = 0; current && depth < MAX_WRAPPERS; depth++) {
    Object.assign(facts, secretFacts(current.messageContextInfo));
    opened = contentOf(current, facts);
    if (opened.handler?.as !== 'wrapper') return opened;
    Object.assign(facts, opened.handler.facts?.(opened.value));
    current = opened.handler.inner(opened.value);
  }
  return { ...opened, handler: null };
}

function contentOf(message: proto.IMessage, facts: Facts): OpenedMessage {
  let silent: OpenedMessage = { field: null, value: null, handler: null, facts };
  for (const field of Object.keys(message) as Field[]) {
    const value = message[field];
    const handler = CONTENT_TABLE[field] as Handler<unknown> | undefined;
    if (value == null || handler === undefined) continue;
    const opened = { field, value, handler, facts };
    if (handler.as !== 'nothing') return opened;
    if (field !== 'messageContextInfo') silent = opened;
  }
  return silent;
}

/** What later messages about this one need: votes and edits are encrypted with its secret; albums name their parent. */
function secretFacts(info: proto.IMessageContextInfo | null | undefined): Facts {
  if (!info) return {};
  const association = info.messageAssociation;
  return compact({
    messageSecret: base64(info.messageSecret),
    associacao:
      association?.parentMessageKey?.id &&
      compact({
        tipo: association.associationType,
        de: association.parentMessageKey.id,
        indice: association.messageIndex,
      }),
  });
}

/** A described content, and which message its `contextInfo` quotes. */
export interface Description {
  row: ContentRow;
  respostaA: string | null;
}

/** How an opened message reads as a row. */
export function describeOpened(opened: OpenedMessage): Description {
  const { field, value, handler, facts } = opened;
  if (field === null || handler?.as !== 'row') return { row: unknownRow(field, value, facts), respostaA: null };
  const row = handler.row(value);
  const context = contextOf(value);
  const dados = row.dados ?? {};
  if (context !== null) addContext(dados, context.dados);
  row.dados = Object.assign(dados, facts);
  return { row, respostaA: context?.respostaA ?? (facts.comentarioDe as string | undefined) ?? null };
}

/** Both may have been cut, each in lists of its own. */
function addContext(dados: Facts, ofContext: Facts): void {
  const cortes = { ...(dados['cortes'] as CutFacts | undefined), ...(ofContext['cortes'] as CutFacts | undefined) };
  Object.assign(dados, ofContext, Object.keys(cortes).length > 0 && { cortes });
}

/** How a quoted, edited or commented message reads. */
export function describe(message: proto.IMessage): ContentRow {
  return describeOpened(openMessage(message)).row;
}

/** A quote inside a quote is not described: WhatsApp shows one level. */
function describeShallow(message: proto.IMessage): ContentRow {
  const opened = openMessage(message);
  if (opened.field === null || opened.handler?.as !== 'row') return unknownRow(opened.field, opened.value, {});
  const row = opened.handler.row(opened.value);
  // Numbers take the place of LIDs in its text, too.
  const cuts = new Cuts();
  const mencoes = cuts.take('mencoes', (opened.value as Contextual | null)?.contextInfo?.mentionedJid);
  return mencoes.length > 0 ? { ...row, dados: { ...row.dados, mencoes, ...cuts.facts() } } : row;
}

function contextOf(value: unknown): ContextFacts | null {
  const context = typeof value === 'object' && value !== null ? (value as Contextual).contextInfo : null;
  return context ? contextFacts(context, describeShallow) : null;
}

interface Contextual {
  contextInfo?: proto.IContextInfo | null;
}

/** A kind that nobody has taught us: shown, with all of it kept. */
export function unknownRow(field: Field | null, value: unknown, facts: Facts): ContentRow {
  return {
    tipo: 'TEXTO',
    subtipo: 'DESCONHECIDO',
    conteudo: 'Mensagem de um tipo ainda não suportado',
    dados: { ...facts, ...(field === null ? {} : { campo: field, proto: protoJson(value) }) },
  };
}
