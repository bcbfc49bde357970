import { deferred } from '../lib/deferred.js';
import type { Clock } from '../lib/clock.js';
import type { Evento, ResultadoEvento } from '../supabase/evento.js';

/**
 * Tells a waiting request where its message's row landed. Only what is waited for is held; a row that came before the
 * wait began is found among the last ones.
 */
export class RowWatcher {
  readonly #recent = new Map<string, string | null>();
  readonly #waiting = new Map<string, (atendimentoId: string | null) => void>();

  constructor(
    private readonly clock: Clock,
    private readonly keep = 1000,
  ) {}

  /** Told after every batch. */
  written(eventos: Evento[], resultados: ResultadoEvento[]): void {
    eventos.forEach((evento, index) => {
      if (evento.op !== 'mensagem' || evento.remetente === 'CLIENTE') return;
      const atendimentoId = resultados[index]?.atendimento_id ?? null;
      this.#remember(evento.id, atendimentoId);
      this.#waiting.get(evento.id)?.(atendimentoId);
    });
  }

  /** @returns the atendimento of the message's row, or null when the row is not there within `ms`. */
  async atendimentoOf(rowId: string, ms: number): Promise<string | null> {
    if (this.#recent.has(rowId)) return this.#recent.get(rowId) ?? null;
    const found = deferred<string | null>();
    const cancel = this.clock.after(ms, () => found.resolve(null));
    this.#waiting.set(rowId, (atendimentoId) => found.resolve(atendimentoId));
    try {
      return await found.promise;
    } finally {
      cancel();
      this.#waiting.delete(rowId);
    }
  }

  #remember(rowId: string, atendimentoId: string | null): void {
    this.#recent.set(rowId, atendimentoId);
    if (this.#recent.size <= this.keep) return;
    const [oldest] = this.#recent.keys();
    if (oldest !== undefined) this.#recent.delete(oldest);
  }
}
