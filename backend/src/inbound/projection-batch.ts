import type { LogEntry } from '../journal/records.js';
import type { Evento } from '../supabase/evento.js';

/** What `registrar_eventos` takes in one call. */
export const MAX_EVENTS_PER_CALL = 500;
/** Entries of a batch, and what their plaintexts may take: memory stays flat whatever the backlog. */
export const MAX_ENTRIES = 500;
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;

/** An entry with what it means for the database. */
export interface DecodedEntry {
  entry: LogEntry;
  eventos: Evento[];
}

/** Entries that are written together, in log order. */
export class ProjectionBatch {
  readonly items: DecodedEntry[] = [];
  #events = 0;
  #bytes = 0;
  #lastSeq: number | null;

  /** @param afterSeq the last entry of the batch before this one; null = start at the oldest */
  constructor(afterSeq: number | null) {
    this.#lastSeq = afterSeq;
  }

  /** Where the log goes on after this batch; null = at its oldest entry. */
  get lastSeq(): number | null {
    return this.#lastSeq;
  }

  /** How many more entries may be claimed for it. */
  get room(): number {
    if (this.#events >= MAX_EVENTS_PER_CALL || this.#bytes >= MAX_BATCH_BYTES) return 0;
    return MAX_ENTRIES - this.items.length;
  }

  /** False when the entry's events no longer fit in one call; an entry that alone is too large gets a batch of its own. */
  add(item: DecodedEntry): boolean {
    const fits = this.#events + item.eventos.length <= MAX_EVENTS_PER_CALL;
    if (!fits && this.items.length > 0) return false;
    this.items.push(item);
    this.#events += item.eventos.length;
    this.#bytes += entryBytes(item.entry);
    this.#lastSeq = item.entry.seq;
    return true;
  }

  /** An entry that leaves the log by another way (dead letter). */
  skip(entry: LogEntry): void {
    this.#lastSeq = entry.seq;
  }
}

/** Roughly what an entry takes in memory. */
function entryBytes(entry: LogEntry): number {
  if (entry.kind === 'outgoing') return 512 + entry.message.length;
  if (entry.kind === 'history') return 512 + entry.info.length;
  if (entry.kind === 'opened') return 512 + (entry.plaintext?.length ?? 0);
  if (entry.kind !== 'stanza') return 512;
  return entry.parts.reduce((sum, part) => sum + (part.plaintext?.length ?? 0), 1024);
}
