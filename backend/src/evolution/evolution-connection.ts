import type { Journal } from '../journal/journal.js';
import type { CommitBatch, ConnectionRecord, EvolutionHome } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { textOf } from '../lib/party.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { ClientEvents } from '../whatsapp/client-events.js';
import { wasAskedFor } from '../whatsapp/advice.js';
import { ESTADO_TABLE, type Estado } from '../whatsapp/estado.js';
import { lastNumber, numberChange } from '../whatsapp/number-change.js';
import type { QrCode } from '../whatsapp/pairing.js';
import type { EvolutionQrContent, StateChange } from './state-events.js';

/** A QR code of an Evolution server; `code` is the picture's data URL when the server told no text. */
export interface EvolutionQr extends QrCode {
  image: string | null;
}

export interface EvolutionConnectionDeps {
  journal: Pick<Journal, 'commit'>;
  clock: Clock;
  events: TypedEmitter<ClientEvents>;
}

/** The server makes a new one about every 30 s and tells us; after this long an old one is not shown any more. */
const QR_LIFE_MS = 60_000;

/**
 * What is known of one connection on an Evolution server. Every change is one commit: the registry's record, the row's new
 * columns, and whatever belongs to it (the key of the webhook that told it). The same events follow as from a socket here.
 */
export class EvolutionConnection {
  #record: ConnectionRecord;
  #qr: EvolutionQr | null = null;
  #forgotten = false;

  constructor(
    record: ConnectionRecord,
    private readonly deps: EvolutionConnectionDeps,
  ) {
    this.#record = record;
  }

  get connectionId(): string {
    return this.#record.connectionId;
  }
  get record(): Readonly<ConnectionRecord> {
    return this.#record;
  }
  get estado(): Estado {
    return this.#record.estado as Estado;
  }
  get home(): EvolutionHome {
    return this.#record.evolution!;
  }
  /** This number's own address; null before it is known. */
  get me(): { id: string; lid: string | null } | null {
    const { numero, lid } = this.#record;
    return numero === null ? null : { id: `${numero}@s.whatsapp.net`, lid };
  }
  /** The code that a phone can scan now; null when there is none. */
  get qr(): EvolutionQr | null {
    return this.#qr !== null && this.#qr.expiresAt > this.deps.clock.now() ? this.#qr : null;
  }

  /**
   * Brings it into another state, durably, then tells the listeners. Without a change only `also` is written.
   * @param at the server's time of the news; older news than what was applied last change nothing
   * @throws GatewayError `JOURNAL_FAILED`, `JOURNAL_FULL`; then everything is as before
   */
  async move(change: StateChange | null, also: CommitBatch = {}, at: number | null = null): Promise<void> {
    if (this.#forgotten) return;
    const before = this.#record;
    const isLate = at !== null && before.evolution?.stateAt != null && at < before.evolution.stateAt;
    const next = change === null || isLate || isOwnEnd(before, change) ? before : this.#changed(before, change, at);
    if (next === before) return this.#commit(also);
    // With the state that speaks of it: who sees `qr_ready` sees the code.
    const shownBefore = this.#qr;
    this.#record = next;
    this.#qr = change?.qr ? this.#shown(change.qr) : null;
    const entries = [...(also.entries ?? []), this.#sessionEntry(next, change!)];
    try {
      await this.#commit({ ...also, connections: [...(also.connections ?? []), next], entries });
    } catch (error) {
      // Memory must not be ahead of the disk: the news comes again, and would change nothing then.
      if (this.#record === next) [this.#record, this.#qr] = [before, shownBefore];
      throw error;
    }
    this.#tell(before, next, change!);
  }

  /** Other settings from the next event on, durably. @throws JOURNAL_FAILED */
  async configure(settings: ConnectionRecord['settings']): Promise<void> {
    if (this.#forgotten) return;
    const { connectionId, rowId, ownerId, companyId } = this.#record;
    const changes = { id: rowId, owner_id: ownerId, company_id: companyId, configuracao: settings };
    const next = { ...this.#record, settings };
    await this.#commit({ connections: [next], entries: [{ kind: 'session', connectionId, changes }] });
    this.#record = { ...this.#record, settings };
  }

  /** So many messages more went through it. @returns its record with them, for the commit of what is counted */
  counted(messages: number): ConnectionRecord[] {
    if (this.#forgotten) return [];
    const { messageCount } = this.#record;
    this.#record = {
      ...this.#record,
      messageCount: messageCount + messages,
      lastActivityAt: this.deps.clock.now(),
    };
    return [this.#record];
  }

  /** Its server has accepted a message of ours. Never rejects: a count that is not written is in the next one. */
  async sent(): Promise<void> {
    await this.deps.journal.commit({ connections: this.counted(1) }, 'soon').catch(() => undefined);
  }

  /** It was deleted: what is still under way must not bring its record back. */
  forget(): void {
    this.#forgotten = true;
  }

  /** Records what a person wants of it. */
  async want(wanted: ConnectionRecord['wanted']): Promise<void> {
    if (this.#record.wanted === wanted || this.#forgotten) return;
    this.#record = { ...this.#record, wanted };
    await this.deps.journal.commit({ connections: [this.#record] });
  }

  async #commit(batch: CommitBatch): Promise<void> {
    if (Object.values(batch).some((part: unknown[]) => part.length > 0)) await this.deps.journal.commit(batch);
  }

  #changed(before: ConnectionRecord, change: StateChange, at: number | null): ConnectionRecord {
    const { estado, motivo, numero = before.numero, qr } = change;
    const now = this.deps.clock.now();
    const isSame = before.estado === estado && before.motivo === motivo && before.numero === numero && !qr;
    const wasReady = before.estado === 'ready';
    const home = before.evolution!;
    const evolution = { ...home, stateAt: at === null ? home.stateAt : Math.max(at, home.stateAt ?? 0) };
    if (isSame && evolution.stateAt === home.stateAt) return before;
    return {
      ...{ ...before, evolution, estado, motivo, numero },
      lastNumero: numero ?? lastNumber(before),
      connectedAt: estado === 'ready' && !wasReady ? now : before.connectedAt,
      disconnectedAt: wasReady && estado !== 'ready' ? now : before.disconnectedAt,
      connects: (before.connects ?? 0) + Number(estado === 'ready' && !wasReady),
      disconnects: (before.disconnects ?? 0) + Number(wasReady && estado !== 'ready'),
      ...(qr && { lastQrAt: now }),
    };
  }

  /** Rows carry owner and id every time, so that one that was lost with its database comes back. */
  #sessionEntry(record: ConnectionRecord, { qr }: StateChange) {
    const { connectionId, rowId: id, ownerId, companyId, name: nome, driver, estado, motivo, numero } = record;
    const changes = {
      owner_texto: textOf(record.texts, ownerId),
      company_texto: textOf(record.texts, companyId),
      ...{ id, owner_id: ownerId, company_id: companyId, nome, driver, estado, motivo, numero },
      status: ESTADO_TABLE[estado as Estado].session,
      connected_at: iso(record.connectedAt),
      disconnected_at: iso(record.disconnectedAt),
      qr_code: qr ? (qr.code ?? qr.image) : null,
    };
    return { kind: 'session' as const, connectionId, changes };
  }

  #tell(before: ConnectionRecord, { estado, motivo, numero }: ConnectionRecord, { qr, code }: StateChange): void {
    const { connectionId } = this;
    const { events } = this.deps;
    if (before.estado !== estado || before.motivo !== motivo) {
      events.emit('stateChanged', { connectionId, estado: estado as Estado, motivo });
    }
    if (qr && this.#qr) events.emit('qr', { connectionId, qr: this.#qr });
    const changed = numberChange(before, numero);
    if (changed) events.emit('numberChanged', { connectionId, ...changed });
    if (before.estado !== 'ready' && estado === 'ready') events.emit('ready', { connectionId, numero });
    if (before.estado === 'ready' && estado !== 'ready') {
      events.emit('closed', { connectionId, code: code ?? 0, reason: motivo ?? estado, retryInMs: null });
    }
  }

  #shown({ code, image }: EvolutionQrContent): EvolutionQr {
    const shownAt = this.deps.clock.now();
    return { code: code ?? image ?? '', image, shownAt, expiresAt: shownAt + QR_LIFE_MS };
  }
}

/** A logout that was asked for, told again by the server in its own words. */
function isOwnEnd(before: ConnectionRecord, { estado }: StateChange): boolean {
  return (
    before.estado === 'logged_out' && wasAskedFor(before.motivo) && ['logged_out', 'disconnected'].includes(estado)
  );
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
