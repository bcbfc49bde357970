import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_DECODE_OPTIONS } from '../../../src/inbound/decode-options.js';
import type { ProjectorEvents } from '../../../src/inbound/projection.js';
import { Projector } from '../../../src/inbound/projector.js';
import { Journal } from '../../../src/journal/journal.js';
import type { LogEntry } from '../../../src/journal/records.js';
import { silentLog } from '../../../src/lib/log.js';
import type { Evento, ResultadoEvento } from '../../../src/supabase/evento.js';
import { aText } from './entries.js';
import { ManualClock } from './manual-clock.js';

/** What the database says to one call: results, or an error to throw. */
export type Answer = (lote: Evento[], call: number) => Promise<ResultadoEvento[]> | ResultadoEvento[];

export const accept = (lote: Evento[]): ResultadoEvento[] =>
  lote.map((_, indice) => ({
    indice,
    resultado: 'inserida',
    mensagem_id: null,
    atendimento_id: null,
    contato_id: null,
    atendimento_novo: false,
    atendimento_status: null,
    unidos: null,
  }));

/** A failure as the database part classifies it. */
export function failure(retryClass: 'retry' | 'pause' | 'dead' | 'duplicate', message: string = retryClass): Error {
  return Object.assign(new Error(message), { retryClass, code: '22000' });
}

export function refuse(retryClass: Parameters<typeof failure>[0]): Answer {
  return () => Promise.reject(failure(retryClass));
}

export function idOf(event: Evento): string {
  return ('whatsapp_id' in event ? event.whatsapp_id : null) ?? '';
}

/** A projector on a real journal, before a database that a test scripts. */
export class ProjectorFixture {
  readonly clock = new ManualClock();
  /** The ids of each call, in order of the calls. */
  readonly calls: string[][] = [];
  /** What was accepted, in order. */
  readonly written: Evento[] = [];
  readonly states: string[] = [];
  readonly alerts: string[] = [];
  readonly projected: ProjectorEvents['projected'][] = [];
  readonly projector: Projector;
  answer: Answer = accept;
  /** Sends of ours that have no row. */
  readonly rowless = new Set<string>();

  private constructor(
    readonly journal: Journal,
    private readonly dir: string,
  ) {
    const database = { registrarEventos: (lote: Evento[]) => this.#register(lote) };
    this.projector = new Projector({
      journal,
      database,
      clock: this.clock,
      log: silentLog,
      optionsFor: () => DEFAULT_DECODE_OPTIONS,
      isRowless: (_connectionId, whatsappId) => this.rowless.has(whatsappId),
      random: () => 0.999,
    });
    this.projector.events.on('stateChanged', ({ to }) => this.states.push(to));
    this.projector.events.on('alert', ({ message }) => this.alerts.push(message));
    this.projector.events.on('projected', (fact) => this.projected.push(fact));
  }

  static async open(): Promise<ProjectorFixture> {
    const dir = await mkdtemp(join(tmpdir(), 'projector-'));
    const journal = await Journal.open({ dir, encryptionKey: null, maxBytes: 2 ** 30, log: silentLog });
    return new ProjectorFixture(journal, dir);
  }

  async close(): Promise<void> {
    await this.projector.stop();
    await this.journal.close();
    await rm(this.dir, { recursive: true });
  }

  async append(...entries: LogEntry[]): Promise<number[]> {
    const { seqs } = await this.journal.commit({ entries: entries });
    return seqs;
  }

  /** Texts with these ids, in one commit. */
  appendTexts(...ids: string[]): Promise<number[]> {
    return this.append(...ids.map((id) => aText(`texto ${id}`, { attrs: { id } })));
  }

  get writtenIds(): string[] {
    return this.written.map(idOf);
  }

  get pending(): number {
    return this.journal.stats().pendingEntries;
  }

  /** Resolves when the log is worked off. */
  drained(): Promise<void> {
    return until(() => this.pending === 0 && this.projector.state === 'idle');
  }

  async #register(lote: Evento[]): Promise<ResultadoEvento[]> {
    this.calls.push(lote.map(idOf));
    const results = await this.answer(lote, this.calls.length);
    this.written.push(...lote);
    return results;
  }
}

/** Waits for a condition, at most 10 s. */
export async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`still not so after 10 s: ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
