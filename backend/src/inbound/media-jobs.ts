import type { LogEntry, MediaJob, MediaSource } from '../journal/records.js';
import type { Evento, EventoMensagem, ResultadoEvento } from '../supabase/evento.js';

/** What `dados.midia` of a row says (content/media.ts, fetchFacts); bytes as base64. */
export interface FetchFacts {
  classe: string;
  url?: string;
  directPath?: string;
  mediaKey?: string;
  fileSha256?: string;
  fileEncSha256?: string;
}

/**
 * The files that an entry's rows speak of, as jobs to fetch them. Pure: the row exists before its file is looked for, and
 * the job is queued in the commit that lets the entry go, so a crash loses neither.
 */
export function mediaJobs(entry: LogEntry, eventos: Evento[], resultados: ResultadoEvento[], now: number): MediaJob[] {
  return eventos.flatMap((evento, index) => {
    const rowId = resultados[index]?.mensagem_id;
    // Files of the history are fetched when somebody asks for them.
    if (evento.op !== 'mensagem' || evento.historico || !rowId) return [];
    const source = sourceOf(entry, evento);
    return source ? [jobOf(evento, rowId, source, now)] : [];
  });
}

function sourceOf(entry: LogEntry, { dados, midia_tamanho }: EventoMensagem): MediaSource | null {
  if (entry.kind === 'outgoing') return entry.file === undefined ? null : { kind: 'staged', file: entry.file };
  if (entry.kind === 'evolution' && entry.file !== undefined) return { kind: 'staged', file: entry.file };
  // WhatsApp's own copy is preferred to the server's: its hash is in the message.
  return fetchableMedia(dados, midia_tamanho) ?? mediaUrlOf(entry);
}

/**
 * Where WhatsApp has the file that a row's `dados` and `midia_tamanho` tell of; null when they tell of none, or of one that
 * only this gateway has had (sent from here).
 */
export function fetchableMedia(dados: unknown, tamanho: unknown): MediaSource | null {
  const facts = (dados as { midia?: FetchFacts } | null | undefined)?.midia;
  if (!facts?.mediaKey || !(facts.directPath ?? facts.url)) return null;
  return {
    kind: 'whatsapp',
    classe: facts.classe,
    url: facts.url ?? null,
    directPath: facts.directPath ?? null,
    mediaKey: Buffer.from(facts.mediaKey, 'base64'),
    fileSha256: bytes(facts.fileSha256),
    fileEncSha256: bytes(facts.fileEncSha256),
    fileLength: typeof tamanho === 'number' ? tamanho : null,
  };
}

function mediaUrlOf(entry: LogEntry): MediaSource | null {
  return entry.kind === 'evolution' && entry.mediaUrl !== null ? { kind: 'url', url: entry.mediaUrl } : null;
}

function jobOf(evento: EventoMensagem, rowId: string, source: MediaSource, now: number): MediaJob {
  const isGroup = evento.chat.tipo === 'grupo';
  return {
    connectionId: evento.sessao,
    rowId,
    whatsappId: evento.whatsapp_id,
    state: 'waiting',
    source,
    chatJid: evento.chat.jid,
    participant: isGroup ? evento.remetente_jid || null : null,
    fromMe: evento.autor === null,
    mimetype: evento.midia_tipo ?? null,
    nome: evento.midia_nome ?? null,
    timestamp: Date.parse(evento.timestamp),
    failures: {},
    dueAt: now,
    error: null,
    at: now,
  };
}

function bytes(base64: string | undefined): Uint8Array | null {
  return base64 === undefined ? null : Buffer.from(base64, 'base64');
}
