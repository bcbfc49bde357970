import type { ApiKeyRecord } from '../journal/access-records.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { readApiKeyRows, writeApiKeyRows } from '../supabase/access-rows.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import { fromRow, toRow } from './api-key-row.js';
import type { ApiKeys } from './api-keys.js';
import { mergeKeys } from './merge-keys.js';

export interface KeyMirrorDeps {
  keys: ApiKeys;
  database: Pick<SupabaseWhatsAppService, 'query'>;
  clock: Clock;
  log: Log;
}

/** So long, at most, a revocation that was written into the table takes to hold. */
export const LOOK_MS = 15_000;

/** Keeps `whatsapp_api_keys` and the journal's keys alike. While the database is away the journal's go on alone. */
export class KeyMirror {
  #cancel: (() => void) | null = null;
  #looking: Promise<void> | null = null;
  #again = false;
  #stopped = true;
  #unsubscribe: (() => void) | null = null;
  #failure: string | null = null;

  constructor(private readonly deps: KeyMirrorDeps) {}

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#unsubscribe = this.deps.keys.events.on('changed', () => this.look());
    void this.look();
  }

  /** Waits for the look that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe?.();
    this.#cancel?.();
    await this.#looking;
  }

  /** Looks now. A call while one look is under way makes one more look after it. Never rejects. */
  look(): Promise<void> {
    if (this.#looking) this.#again = true;
    return (this.#looking ??= this.#lookUntilDone().finally(() => (this.#looking = null)));
  }

  async #lookUntilDone(): Promise<void> {
    do {
      this.#again = false;
      await this.#once();
    } while (this.#again && !this.#stopped);
    this.#cancel?.();
    if (!this.#stopped) this.#cancel = this.deps.clock.after(LOOK_MS, () => void this.look());
  }

  async #once(): Promise<void> {
    try {
      await this.#exchange();
      if (this.#failure !== null) this.deps.log.info('api keys are mirrored again');
      this.#failure = null;
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      if (failure !== this.#failure) this.deps.log.warn('api keys not mirrored, ours go on', { error });
      this.#failure = failure;
    }
  }

  async #exchange(): Promise<void> {
    const { keys, database } = this.deps;
    const rows = (await readApiKeyRows(database)).flatMap((row) => this.#readable(row));
    await keys.update((ours) => mergeKeys(ours, rows));
    const there = new Map(rows.map((row) => [row.id, row]));
    const due = keys.records().filter((record) => !record.mirrored || isNews(record, there.get(record.id)));
    if (due.length === 0) return;
    await writeApiKeyRows(database, due.map(toRow));
    const written = new Map(due.map((record) => [record.id, definition(record)]));
    // What changed meanwhile is not in the table yet.
    const isWritten = (record: ApiKeyRecord) => written.get(record.id) === definition(record);
    await keys.update((ours) => ours.filter(isWritten).map((record) => ({ ...record, mirrored: true })));
  }

  #readable(columns: Record<string, unknown>): ApiKeyRecord[] {
    const record = fromRow(columns);
    if (record) return [record];
    this.deps.log.warn('a row of whatsapp_api_keys is no key, and is left alone', { id: columns['id'] });
    return [];
  }
}

/** The table lacks the key, or its latest use. */
function isNews(record: ApiKeyRecord, row: ApiKeyRecord | undefined): boolean {
  return row === undefined || (record.lastUsedAt ?? 0) > (row.lastUsedAt ?? 0);
}

/** All that a row says, but when it was last used. */
function definition(record: ApiKeyRecord): string {
  return JSON.stringify(toRow({ ...record, lastUsedAt: null }));
}
