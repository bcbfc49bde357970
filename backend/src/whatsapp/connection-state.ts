import { textOf } from '../lib/party.js';
import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { ESTADO_TABLE, type Estado } from './estado.js';
import { lastNumber } from './number-change.js';

/** Columns of `whatsapp_sessions` that change with the state. */
type SessionChanges = Record<string, unknown>;

const ACTIVITY_EVERY_MS = 60_000;

/**
 * The one place where a connection's state is kept: in memory for whoever asks, in the journal's registry for the next
 * start, and as a `session` entry in the log for the row in Postgres.
 */
export class ConnectionStateKeeper {
  #record: ConnectionRecord;
  #activitySavedAt = 0;
  /** Messages were counted that are not on the disk. */
  #unsaved = false;

  constructor(
    record: ConnectionRecord,
    private readonly deps: { journal: Journal; clock: Clock; onFailed: (error: unknown) => void },
  ) {
    this.#record = record;
  }

  get record(): Readonly<ConnectionRecord> {
    return this.#record;
  }

  get estado(): Estado {
    return this.#record.estado as Estado;
  }

  /** @returns whether anything changed. */
  move(estado: Estado, motivo: string | null, more: Partial<ConnectionRecord> = {}): boolean {
    const before = this.#record;
    if (before.estado === estado && before.motivo === motivo && Object.keys(more).length === 0) return false;
    const now = this.deps.clock.now();
    const connectedAt = estado === 'ready' ? now : before.connectedAt;
    const came = before.estado !== 'ready' && estado === 'ready';
    const left = before.estado === 'ready' && estado !== 'ready';
    this.#record = {
      ...before,
      ...more,
      estado,
      motivo,
      lastNumero: more.numero ?? lastNumber(before),
      connectedAt,
      disconnectedAt: left ? now : before.disconnectedAt,
      connects: (before.connects ?? 0) + Number(came),
      disconnects: (before.disconnects ?? 0) + Number(left),
    };
    this.#save({ ...this.#columns(), ...(estado === 'qr_ready' ? {} : { qr_code: null }) });
    return true;
  }

  /** A QR code to show (its text), in the row too. @param shownAt ms since the epoch */
  showQr(code: string, shownAt: number): void {
    this.#record = { ...this.#record, lastQrAt: shownAt };
    this.#save({ qr_code: code });
  }

  /** Rejects when it could not be stored; then everything is as before. */
  async configure(changes: Pick<ConnectionRecord, 'settings' | 'proxy'>): Promise<void> {
    const { settings, proxy = null } = this.#record;
    this.#record = { ...this.#record, ...changes };
    try {
      await this.#commit({ configuracao: changes.settings });
    } catch (error) {
      this.#record = { ...this.#record, settings, proxy };
      throw error;
    }
  }

  want(wanted: ConnectionRecord['wanted']): void {
    if (this.#record.wanted === wanted) return;
    this.#record = { ...this.#record, wanted };
    this.#save(null);
  }

  /** Something was received or sent. Saved once a minute at most, and by `flush`. */
  active(messages: number): void {
    const now = this.deps.clock.now();
    const messageCount = this.#record.messageCount + messages;
    this.#record = { ...this.#record, messageCount, lastActivityAt: now };
    this.#unsaved = true;
    if (now - this.#activitySavedAt < ACTIVITY_EVERY_MS) return;
    this.#activitySavedAt = now;
    this.#save({ ultima_atividade: iso(now) });
  }

  /** Saves what was counted since the last time. */
  flush(): void {
    if (this.#unsaved) this.#save(null);
  }

  /** What a new row of this connection starts with. */
  firstRow(): SessionChanges {
    const { rowId, ownerId, companyId, name, driver, settings } = this.#record;
    return {
      id: rowId,
      owner_id: ownerId,
      company_id: companyId,
      nome: name,
      driver,
      configuracao: settings,
      ...this.#columns(),
    };
  }

  #columns(): SessionChanges {
    const { estado, motivo, numero, lid, connectedAt, disconnectedAt } = this.#record;
    return {
      status: ESTADO_TABLE[estado as Estado].session,
      estado,
      motivo,
      numero,
      lid,
      connected_at: iso(connectedAt),
      disconnected_at: iso(disconnectedAt),
    };
  }

  /** Rows carry owner and id every time, so that one that was lost with its database comes back. */
  #save(changes: SessionChanges | null): void {
    this.#commit(changes).catch(this.deps.onFailed);
  }

  async #commit(changes: SessionChanges | null): Promise<void> {
    this.#unsaved = false;
    const { connectionId, rowId, ownerId, companyId, texts, name, driver } = this.#record;
    const named = { owner_texto: textOf(texts, ownerId), company_texto: textOf(texts, companyId) };
    const identity = { id: rowId, owner_id: ownerId, company_id: companyId, ...named, nome: name, driver };
    const entries = changes ? [{ kind: 'session' as const, connectionId, changes: { ...identity, ...changes } }] : [];
    await this.deps.journal.commit({ connections: [this.#record], entries });
  }
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
