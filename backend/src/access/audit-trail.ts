import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { AuditRecord } from '../journal/access-records.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { readAuditRows, removeAuditRows, writeAuditRows, type AuditQuery } from '../supabase/access-rows.js';
import { DatabaseFailure } from '../supabase/database-failure.js';
import type { Row, RowPage } from '../supabase/rows.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';

export interface AuditTrailDeps {
  journal: Pick<Journal, 'access'>;
  database: Pick<SupabaseWhatsAppService, 'query'>;
  clock: Clock;
  log: Log;
}

export type AuditFact = Omit<AuditRecord, 'id' | 'at'>;

/** Records gather for so long, so that busy times write batches. */
const GATHER_MS = 1_000;
const RETRY_MS = 15_000;
const BATCH = 500;
/** Rows that one round of housekeeping removes at most, in calls of `BATCH`: an hour later it goes on. */
const MOST_REMOVED = 100_000;
/** About 100 MB. A database that is away for longer than this lasts loses the oldest records, with an error in the log. */
const MOST_WAITING = 200_000;

/** Who did what: on the disk before the call is answered, in `whatsapp_auditoria` as soon as the database takes it. */
export class AuditTrail {
  #cancel: (() => void) | null = null;
  #writing: Promise<void> | null = null;
  #stopped = true;

  constructor(private readonly deps: AuditTrailDeps) {}

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#later(0);
  }

  /** Waits for the batch that is being written; what is left is written after the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = null;
    await this.#writing;
  }

  /** Durable when it resolves. Never rejects: what was done is done, and its answer must not depend on this. */
  async record(fact: AuditFact): Promise<void> {
    const { journal, clock, log } = this.deps;
    try {
      await journal.access.appendAudit({ ...fact, id: randomUUID(), at: clock.now() });
      this.#later(GATHER_MS);
    } catch (error) {
      log.error('audit record lost', { caller: fact.caller, operation: fact.operation, status: fact.status, error });
    }
  }

  /** What is in the table, the newest first. @throws GatewayError `BAD_REQUEST` (cursor), DatabaseFailure */
  list(query: AuditQuery): Promise<RowPage> {
    return readAuditRows(this.deps.database, query);
  }

  /** Forgets what was done before that time, here and in the table. @returns how many @throws DatabaseFailure */
  async forgetBefore(time: number): Promise<number> {
    const { journal, database } = this.deps;
    let forgotten = 0;
    for (;;) {
      const old = journal.access.claimAudit(BATCH).filter(({ at }) => at < time);
      if (old.length === 0) break;
      await journal.access.completeAudit(old);
      forgotten += old.length;
    }
    const before = new Date(time).toISOString();
    for (let removed = BATCH; removed === BATCH && forgotten < MOST_REMOVED; forgotten += removed) {
      removed = await removeAuditRows(database, before, BATCH);
      await turn();
    }
    return forgotten;
  }

  #later(ms: number): void {
    if (this.#stopped || this.#cancel || this.#writing) return;
    this.#cancel = this.deps.clock.after(ms, () => {
      this.#cancel = null;
      this.#writing = this.#writeAll().finally(() => {
        this.#writing = null;
        if (this.deps.journal.access.countAudit() > 0) this.#later(RETRY_MS);
      });
    });
  }

  async #writeAll(): Promise<void> {
    const { journal, log } = this.deps;
    try {
      await this.#dropOldest();
      while (!this.#stopped) {
        const records = journal.access.claimAudit(BATCH);
        if (records.length === 0) return;
        await this.#write(records);
        await journal.access.completeAudit(records);
      }
    } catch (error) {
      log.warn('audit records wait for the database', { waiting: journal.access.countAudit(), error });
    }
  }

  /** One that the database refuses for good must not hold up the others. */
  async #write(records: AuditRecord[]): Promise<void> {
    try {
      await writeAuditRows(this.deps.database, records.map(toRow));
    } catch (error) {
      if (!(error instanceof DatabaseFailure) || error.retryClass !== 'dead') throw error;
      const [only, ...more] = records;
      if (only && more.length === 0) return this.deps.log.error('audit record refused', { id: only.id, error });
      const half = Math.ceil(records.length / 2);
      await this.#write(records.slice(0, half));
      await this.#write(records.slice(half));
    }
  }

  async #dropOldest(): Promise<void> {
    const { journal, log } = this.deps;
    for (let over = journal.access.countAudit() - MOST_WAITING; over > 0; over -= BATCH) {
      const records = journal.access.claimAudit(Math.min(BATCH, over));
      await journal.access.completeAudit(records);
      log.error('audit records dropped: too many wait for the database', { dropped: records.length });
    }
  }
}

function toRow(record: AuditRecord): Row {
  return {
    id: record.id,
    em: new Date(record.at).toISOString(),
    quem: record.caller,
    owner_id: record.ownerId,
    operacao: record.operation,
    sessao: record.connectionId,
    alvo: record.target,
    status: record.status,
    erro: record.error,
    request_id: record.requestId,
    endereco: record.address,
  };
}
