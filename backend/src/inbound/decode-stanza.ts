import { proto, unpadRandomMax16, type WAMessage } from '@whiskeysockets/baileys';
import type { StanzaEntry, StoredNode } from '../journal/records.js';
import { poisonPoint } from '../lib/crash-points.js';
import type { Evento } from '../supabase/evento.js';
import type { ContentRow, Facts } from './content/handler.js';
import { base64, compact, isoFromSeconds } from './content/proto-values.js';
import { isLeftOut, type DecodeOptions } from './decode-options.js';
import { unknownRow } from './describe.js';
import type { MessageContext } from './message-context.js';
import { messageEvents, rowEvent } from './message-events.js';
import { resentMessages } from './placeholder-resend.js';
import { rebuildMessage } from '../whatsapp/rebuild-message.js';
import { rowId } from './row-id.js';
import { stanzaAddresses, UndecodableEntry, type ChatKind, type StanzaAddresses } from './stanza-addresses.js';

/** Unknown contents are kept up to this size; they are for a person who teaches the gateway a new kind. */
const MAX_RAW_BYTES = 24_576;

/**
 * A received `<message>` stanza → what it means for the database.
 * @throws UndecodableEntry only when it has no id or no sender; any other failure becomes a row that says so
 */
export async function decodeStanza(entry: StanzaEntry, options: DecodeOptions): Promise<Evento[]> {
  const { attrs } = entry.node;
  const addresses = stanzaAddresses(attrs, entry.me);
  if (!attrs.id) throw new UndecodableEntry('the stanza has no message id');
  if (isLeftOut(addresses.kind, options)) return [];
  const context = contextOf(entry, addresses);
  poisonPoint(entry.parts);
  try {
    const message = await rebuildMessage(entry);
    if (attrs.category === 'peer') return resentMessages(message, context, options);
    return stanzaEvents(entry, message, context, stanzaFacts(addresses.kind, message));
  } catch (error) {
    const erroDecodificacao = error instanceof Error ? error.message : String(error);
    return [rowEvent(context, unknownRow(null, null, { erroDecodificacao, ...rawFacts(entry) }))];
  }
}

function contextOf(entry: StanzaEntry, { chat, autor, remetenteJid }: StanzaAddresses): MessageContext {
  const { attrs } = entry.node;
  const ours = autor === null;
  return {
    chat,
    autor,
    remetenteJid,
    sessao: entry.connectionId,
    ordem: entry.seq,
    rowId: () => rowId(entry.connectionId, chat.jid, autor?.jid ?? 'eu', attrs.id!),
    me: entry.me,
    whatsappId: attrs.id!,
    timestamp: isoFromSeconds(Number(attrs.t)) ?? new Date(entry.at).toISOString(),
    remetente: ours ? 'ATENDENTE' : 'CLIENTE',
    // What comes from our own phone has been sent by it.
    status: ours ? 'ENVIADA' : 'RECEBIDA',
    edit: attrs.edit,
  };
}

/** What the stanza says beside its content. */
function stanzaFacts(kind: ChatKind, message: WAMessage): Facts {
  const facts: Facts = {};
  if (kind === 'lista') facts.listaDeTransmissao = true;
  if (message.verifiedBizName) facts.nomeVerificado = message.verifiedBizName;
  return facts;
}

function stanzaEvents(entry: StanzaEntry, message: WAMessage, context: MessageContext, facts: Facts): Evento[] {
  const content = message.message;
  const failed = message.messageStubType === proto.WebMessageInfo.StubType.CIPHERTEXT;
  if (content == null || isKeysOnly(content)) {
    if (failed || message.key.isViewOnce) return unreadable(entry, message, context, facts);
    if (content?.senderKeyDistributionMessage && !hasGroupContent(entry.node)) return [];
  }
  const events = messageEvents(content ?? {}, context, facts);
  return events.map((event) =>
    isUnknown(event) ? { ...event, dados: { ...event.dados, ...rawFacts(entry) } } : event,
  );
}

/** Only what accompanies a content: a group's first message brings its key in a part of its own. */
function isKeysOnly(content: proto.IMessage): boolean {
  return Object.keys(content).every((field) => field === 'messageContextInfo' || /senderKeyDistribution/i.test(field));
}

function children(node: StoredNode): StoredNode[] {
  return Array.isArray(node.content) ? node.content : [];
}

function hasGroupContent(node: StoredNode): boolean {
  return children(node).some(({ tag, attrs }) => tag === 'enc' && attrs.type === 'skmsg');
}

function isUnknown(event: Evento): event is Extract<Evento, { op: 'mensagem' }> {
  return event.op === 'mensagem' && event.subtipo === 'DESCONHECIDO';
}

/**
 * A message whose content is not here: lost keys, or meant for the phone alone. The row waits and is replaced in place
 * when the content comes. What would change another message (hidden failures, edits, reactions) shows nothing: its
 * retry makes no row that could replace one.
 */
function unreadable(entry: StanzaEntry, message: WAMessage, context: MessageContext, facts: Facts): Evento[] {
  const { attrs } = entry.node;
  const parts = children(entry.node);
  const hidden = parts.some(({ tag, attrs: part }) => tag === 'enc' && part['decrypt-fail'] === 'hide');
  if (hidden || attrs.type === 'reaction' || attrs.edit !== undefined) return [];
  const why = compact({
    ...facts,
    erro: (message.messageStubParameters as string[] | undefined)?.[0],
    indisponivel: parts.find(({ tag }) => tag === 'unavailable')?.attrs.type,
  });
  return [rowEvent(context, message.key.isViewOnce ? viewOnceRow(why) : waitingRow(why))];
}

function waitingRow(dados: Facts): ContentRow {
  return { tipo: 'TEXTO', subtipo: 'INDECIFRAVEL', conteudo: 'Aguardando mensagem', dados };
}

/** WhatsApp gives view-once contents to the phone only, unless the sender's app still sends them to all devices. */
function viewOnceRow(dados: Facts): ContentRow {
  const conteudo = 'Mensagem de visualização única (abra no celular)';
  return { tipo: 'TEXTO', subtipo: 'INDECIFRAVEL', conteudo, dados: { ...dados, visualizacaoUnica: true } };
}

/** The plaintexts of a message that we do not understand, so that nothing of it is lost. */
function rawFacts(entry: StanzaEntry): Facts {
  const bruto = entry.parts.flatMap(({ plaintext }) => {
    if (!plaintext?.length || plaintext.length > MAX_RAW_BYTES) return [];
    return [base64(unpadded(plaintext))];
  });
  return compact({ bruto });
}

function unpadded(plaintext: Uint8Array): Uint8Array {
  const padding = plaintext[plaintext.length - 1]!;
  return padding > 0 && padding <= 16 && padding <= plaintext.length ? unpadRandomMax16(plaintext) : plaintext;
}
