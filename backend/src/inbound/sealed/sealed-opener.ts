import type { NewLogEntry } from '../../journal/records.js';
import type { Clock } from '../../lib/clock.js';
import type { Log } from '../../lib/log.js';
import { Rounds } from '../../lib/rounds.js';
import type { Endereco, Evento } from '../../supabase/evento.js';
import { person } from '../addresses.js';
import { openSeal } from './message-secret.js';
import { kindOfKey, type SealedChange } from './sealed-kinds.js';

/** A message with sealed changes, as `cifrados_pendentes` answers it. */
export interface SealedMessage {
  id: string;
  /** Its connection. */
  sessao: string;
  whatsapp_id: string;
  /** `messageSecret`, and the changes under `<kind>:<id>`. */
  dados: Record<string, unknown>;
  chat: Endereco;
  /** null = this number. */
  autor: Endereco | null;
  /** Addresses of the message's author. */
  criador: string[] | null;
  /** `autor` of a change → their addresses. */
  quem: Record<string, string[]> | null;
}

export interface SealedOpenerDeps {
  sealed: {
    pending(limit: number): Promise<SealedMessage[]>;
    /** @param seen all keys of this round; @param opened those whose seal is not needed any more */
    settle(id: string, seen: string[], opened: string[]): Promise<void>;
  };
  journal: { commit(batch: { entries: NewLogEntry[] }): Promise<unknown> };
  clock: Clock;
  log: Log;
}

/** The database keeps what is waiting; a hint that was missed costs at most this long. */
const LOOK_EVERY_MS = 30_000;
const BATCH = 50;
/** So many messages are waited for by name; for more, and after a restart, the next look will do. */
const MAX_AWAITED = 1_000;

/**
 * Opens edits, reactions and answers to events that are sealed with the secret of the message they change. What it finds
 * goes into the journal's log and from there the way of every message: rows, webhooks, WebSockets. The seal is dropped
 * only after that commit, so a crash or an outage only delays it; opened twice it is the same change.
 */
export class SealedOpener {
  readonly #rounds: Rounds;
  /** whatsapp_id of messages whose sealed changes came first. */
  readonly #awaited = new Set<string>();

  constructor(private readonly deps: SealedOpenerDeps) {
    const round = (signal: AbortSignal) => this.#openAll(signal);
    const failure = 'sealed changes not opened now';
    this.#rounds = new Rounds({ clock: deps.clock, log: deps.log, round, waitMs: () => LOOK_EVERY_MS, failure });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Resolves when the round under way has ended, after 5 s at the latest. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Told what has just become rows: a sealed change, or a message whose changes may have waited for it. */
  written(eventos: readonly Evento[], resultados: readonly { resultado: string }[]): void {
    const news = eventos.filter((evento, index) => this.#isNews(evento, resultados[index]?.resultado));
    if (news.length > 0) this.#rounds.wake();
  }

  #isNews(evento: Evento, resultado: string | undefined): boolean {
    // Updated: its content has come, only now is its secret known.
    if (evento.op === 'mensagem') return this.#awaited.delete(evento.whatsapp_id) || resultado === 'atualizada';
    if (evento.op !== 'dados' || !('cifradosPendentes' in evento.dados)) return false;
    if (resultado !== 'pendente') return true;
    if (this.#awaited.size < MAX_AWAITED) this.#awaited.add(evento.alvo.whatsapp_id);
    return false;
  }

  async #openAll(signal: AbortSignal): Promise<void> {
    for (;;) {
      const messages = await this.deps.sealed.pending(BATCH);
      for (const message of messages) {
        if (signal.aborted) return;
        await this.#open(message);
      }
      if (messages.length < BATCH || signal.aborted) return;
    }
  }

  async #open(message: SealedMessage): Promise<void> {
    const entries = sealedOf(message).map(([key, change]) => openChange(message, key, change));
    if (entries.length > 0) await this.deps.journal.commit({ entries });
    const opened = entries.filter(({ plaintext }) => plaintext !== null).map(({ key }) => key);
    await this.deps.sealed.settle(
      message.id,
      Object.keys(message.dados).filter((key) => kindOfKey(key) !== undefined),
      opened,
    );
  }
}

/** Oldest first, without those that were tried before. */
function sealedOf({ dados }: SealedMessage): [string, SealedChange][] {
  const found = Object.entries(dados).filter(([key]) => kindOfKey(key) !== undefined) as [string, SealedChange][];
  return found
    .filter(([, { ilegivel }]) => ilegivel === undefined)
    .sort(([a, x], [b, y]) => (x.em === y.em ? (a < b ? -1 : 1) : x.em < y.em ? -1 : 1));
}

type Opened = Extract<NewLogEntry, { kind: 'opened' }>;

function openChange(message: SealedMessage, key: string, change: SealedChange): Opened {
  const { sessao: connectionId, chat, autor, whatsapp_id: whatsappId } = message;
  const plaintext = plaintextOf(message, key, change);
  return {
    ...{ kind: 'opened', connectionId, key, em: change.em },
    target: { chat, author: autor, whatsappId },
    author: change.autor === 'eu' ? null : person(change.autor, message.quem?.[change.autor]),
    ...(typeof plaintext === 'string' ? { plaintext: null, error: plaintext } : { plaintext, error: null }),
  };
}

/** Or why there is none. */
function plaintextOf(message: SealedMessage, key: string, change: SealedChange): Uint8Array | string {
  const useCase = kindOfKey(key)?.useCase(change) ?? null;
  const { messageSecret } = message.dados;
  if (useCase === null) return 'tipoDesconhecido';
  if (typeof messageSecret !== 'string') return 'semSegredo';
  const bytes = (text: string | string[] | undefined) => Buffer.from([text ?? ''].flat().join(''), 'base64');
  const { whatsapp_id: messageId, criador, quem } = message;
  const people = { authors: criador ?? [], senders: quem?.[change.autor] ?? [] };
  const context = { useCase, secret: bytes(messageSecret), messageId, ...people };
  return openSeal(bytes(change.encPayload), bytes(change.encIv), context) ?? 'naoAbre';
}
