import type { ChatEnd } from '../inbound/history-entries.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { Evento, EventoMensagem } from '../supabase/evento.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import type { MessageName } from '../whatsapp/media-calls.js';

export interface HistoryGapsDeps {
  pool: Pick<WhatsAppPoolManager, 'get' | 'events'>;
  clock: Clock;
  log: Log;
  /** A connection that was away for longer may have missed messages. */
  gapMs: number;
}

/** A time of which nobody knows whether all messages came through. */
interface Gap {
  /** The last thing that is known from before, ms since the epoch. */
  since: number;
  /** Chats whose past was asked for, and how often. */
  asked: Map<string, number>;
  /** What could not be asked yet: the socket is still on its way. */
  waiting: { before: MessageName; timestampMs: number }[];
}

/** As many as WhatsApp Web asks for at a time. */
const COUNT = 50;
/** Chats of a connection that are asked for after one absence; the phone answers each with a file. */
const MOST_CHATS = 40;
const MOST_ROUNDS = 5;
/** After that nobody waits for the first message of a chat any more. */
const OPEN_MS = 86_400_000;

/**
 * Finds out what a connection missed. WhatsApp keeps messages for a device that is away, but not for ever, and not if the
 * device's data is restored from a backup. So after a long absence each chat's first message (what the offline queue
 * brought, or what came next) is the end of a possible gap: the phone is asked for what was said before it, back to the
 * last time that is known. The answers are rows like those of messages that come in; what was there is there once.
 */
export class HistoryGaps {
  readonly #gaps = new Map<string, Gap>();
  /** What was known of a connection when its socket began to open, before anything came in. */
  readonly #lastKnown = new Map<string, number | null>();

  constructor(private readonly deps: HistoryGapsDeps) {}

  /** Begins to watch. @returns the undo */
  watch(): () => void {
    return this.deps.pool.events.on('stateChanged', ({ connectionId, estado }) => {
      if (estado === 'ready') this.#back(connectionId);
      else if (!this.#lastKnown.has(connectionId)) this.#lastKnown.set(connectionId, this.#lastTime(connectionId));
    });
  }

  /** Since when messages of a connection may have been missed, ms since the epoch; null = none were. */
  missedSince(connectionId: string): number | null {
    return this.#gapOf(connectionId)?.since ?? null;
  }

  /** Told what has just become rows. */
  written(eventos: readonly Evento[]): void {
    if (this.#gaps.size + this.#lastKnown.size === 0) return;
    for (const evento of eventos) if (evento.op === 'mensagem' && !evento.historico) this.#seen(evento);
  }

  /** The phone has answered: asks on, until it reaches what is known. */
  answered(connectionId: string, chats: ChatEnd[]): void {
    const gap = this.#gaps.get(connectionId);
    for (const { chatJid, oldest, count } of chats) {
      if (!gap || oldest.timestampMs <= gap.since || count < COUNT) continue;
      this.#ask(
        connectionId,
        gap,
        { id: oldest.id, chatJid, fromMe: oldest.fromMe, participant: null },
        oldest.timestampMs,
      );
    }
  }

  #back(connectionId: string): void {
    const gap = this.#gapOf(connectionId);
    this.#lastKnown.delete(connectionId);
    for (const { before, timestampMs } of gap?.waiting.splice(0) ?? []) {
      gap?.asked.delete(before.chatJid);
      if (gap) this.#ask(connectionId, gap, before, timestampMs);
    }
  }

  /** What the offline queue brings may come before the connection counts as ready. */
  #gapOf(connectionId: string): Gap | null {
    const open = this.#gaps.get(connectionId);
    const since = this.#lastKnown.get(connectionId) ?? null;
    const { clock, gapMs, log } = this.deps;
    const awayMs = since === null ? 0 : clock.now() - since;
    if (open || since === null || awayMs < gapMs) return open ?? null;
    log.warn('a long absence: chats are compared with the phone', { connectionId, awayMs });
    const gap: Gap = { since, asked: new Map(), waiting: [] };
    this.#gaps.set(connectionId, gap);
    clock.after(OPEN_MS, () => this.#gaps.get(connectionId) === gap && this.#gaps.delete(connectionId));
    return gap;
  }

  /** The latest of what is known; null for a connection that was never there. */
  #lastTime(connectionId: string): number | null {
    const record = this.deps.pool.get(connectionId)?.record;
    const times = [record?.lastActivityAt, record?.disconnectedAt].filter((at) => at != null);
    return times.length > 0 ? Math.max(...times) : null;
  }

  #seen({ sessao, chat, autor, whatsapp_id: id, timestamp, dados }: EventoMensagem): void {
    const gap = this.#gapOf(sessao);
    const at = Date.parse(timestamp);
    // What was asked for itself, or is older than the gap, is no end of one.
    if (!gap || at <= gap.since || dados?.['recuperada'] || gap.asked.has(chat.jid)) return;
    if (gap.asked.size >= MOST_CHATS) return;
    const participant = chat.tipo === 'grupo' && autor !== null ? autor.jid : null;
    this.#ask(sessao, gap, { id, chatJid: chat.jid, fromMe: autor === null, participant }, at);
  }

  #ask(connectionId: string, gap: Gap, before: MessageName, timestampMs: number): void {
    const rounds = gap.asked.get(before.chatJid) ?? 0;
    const client = this.deps.pool.get(connectionId);
    if (rounds >= MOST_ROUNDS || !client) return;
    gap.asked.set(before.chatJid, rounds + 1);
    if (client.estado !== 'ready') return void gap.waiting.push({ before, timestampMs });
    client.calls.chat.fetchHistory(before, timestampMs, COUNT).catch((error: unknown) => {
      // The chat's next message asks again.
      if (rounds === 0) gap.asked.delete(before.chatJid);
      this.deps.log.warn('history could not be asked for', { connectionId, error });
    });
  }
}
