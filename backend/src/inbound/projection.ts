import type { FollowUps, LogEntry } from '../journal/records.js';
import type { WorkMarks } from '../journal/work-marks.js';
import type { NewEvent } from '../journal/webhooks/records.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { Evento, ResultadoEvento } from '../supabase/evento.js';
import type { DecodeOptions } from './decode-options.js';
import type { NumberOf } from './show-numbers.js';

/** What the projector needs of the journal. */
export interface ProjectorJournal {
  claimEntries(limit: number, afterSeq?: number): LogEntry[];
  completeEntries(seqs: number[], follow: FollowUps): Promise<void>;
  parkEntry(seq: number, reason: ParkReason): Promise<void>;
  readonly work: Pick<WorkMarks, 'begin' | 'deaths'>;
  onAppended(listener: (kinds: readonly LogEntry['kind'][]) => void): () => void;
}

/** What it needs of the database. A failure tells by its `retryClass` what is to be done (absent = `retry`). */
export interface ProjectorDatabase {
  registrarEventos(lote: Evento[]): Promise<ResultadoEvento[]>;
}

/** Why an entry lies with the dead letters. */
export interface ParkReason {
  code: string;
  message: string;
}

export type ProjectorState = 'idle' | 'running' | 'backing-off' | 'paused' | 'stopping';

export interface ProjectorEvents {
  /** One entry has become rows. `resultados` has one item per item of `eventos`; empty when the database knew them all. */
  projected: { entry: LogEntry; eventos: Evento[]; resultados: ResultadoEvento[] };
  /** One entry was refused for good and now lies with the dead letters. */
  parked: { seq: number; connectionId: string; reason: ParkReason };
  stateChanged: { from: ProjectorState; to: ProjectorState; reason: string | null };
  /** A person must act: the database refuses the gateway, not one message. */
  alert: { code: 'DATABASE_REFUSED'; message: string };
}

export interface ProjectorDeps {
  journal: ProjectorJournal;
  database: ProjectorDatabase;
  /** What a connection leaves out; asked for each entry, so a changed setting counts from the next one on. */
  optionsFor(connectionId: string): DecodeOptions;
  /** Whether a send of ours has no row (a reaction, an edit): its receipts are no news, and would wait for one for 30 days. */
  isRowless?: (connectionId: string, whatsappId: string) => boolean;
  /** Whose numbers LIDs are, in a chat of a connection; default: nobody's is known. */
  numbersOf?: (connectionId: string, chatJid: string | null) => NumberOf;
  /** What webhooks are to be told about an entry that has become rows; committed together with its completion. */
  announce?: (projected: ProjectorEvents['projected']) => NewEvent[];
  clock: Clock;
  log: Log;
  /** For tests, in [0, 1). */
  random?: () => number;
}

/** One life of the projector, from a start to its stop. */
export interface ProjectionRun {
  /** Aborted when the stop begins: no new write starts. */
  readonly signal: AbortSignal;
  /** The stop did not wait any longer: the journal may be closed, so it is left alone. */
  abandoned: boolean;
}
