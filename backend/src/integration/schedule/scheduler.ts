import { createHash } from 'node:crypto';
import type { Journal } from '../../journal/journal.js';
import type { OutboxRecord } from '../../journal/records.js';
import type { ScheduledRecord } from '../../journal/schedule-records.js';
import { backoffMs, type BackoffPolicy } from '../../lib/backoff.js';
import type { Clock } from '../../lib/clock.js';
import { GatewayError, isGatewayError } from '../../lib/errors.js';
import type { Log } from '../../lib/log.js';
import { isSameLine } from '../../lib/phone-number.js';
import { Rounds } from '../../lib/rounds.js';
import type { MessageAcceptor } from '../../outbound/accept-message.js';
import type { MessageContext, OutgoingContent } from '../../outbound/content.js';
import { filledText } from '../templates/message-templates.js';
import { Holds } from './holds.js';
import type { ScheduledBook } from './scheduled-book.js';
import { previewOf } from './scheduled-row.js';

export interface SchedulerDeps {
  journal: Pick<Journal, 'schedule' | 'getConnection' | 'getOutbox'>;
  book: ScheduledBook;
  acceptor: Pick<MessageAcceptor, 'accept'>;
  /** Whether a message would leave now. */
  isReady(connectionId: string): boolean;
  /** Refuses what the account may not send now. @throws NEW_CHATS_PAUSED */
  admit(connectionId: string, to: string): Promise<void>;
  clock: Clock;
  log: Log;
  /** Later than this a message is not sent any more. */
  maxLateMs: number;
  random?: () => number;
}

/** How long a look may be away when nothing is due: clocks are set, and a hint may be missed. */
const LOOK_EVERY_MS = 15_000;
/** A connection that is not ready tells nobody here when it is. */
const NOT_READY_LOOK_MS = 1_000;
/** Scheduled messages of one connection under way at once: an agent's answer never waits behind a thousand of them. */
const UNDER_WAY = 5;
const DUE_AT_ONCE = 50;
const HOLD: BackoffPolicy = { baseMs: 5_000, capMs: 60_000 };

/**
 * Sends scheduled messages when their time has come. What is due is read from the journal, so neither a crash nor the
 * database being away loses one; the message, its id and the record's new state are one commit, so none is sent twice.
 *
 * - `idle`: waits for the next one's time, or to be told of a new one.
 * - `running`: works off what is due, connection by connection. One that is not ready keeps its messages waiting; a message
 *   that cannot go now waits, too, and holds back what comes after it to the same recipient; too late, it is `EXPIRADA`.
 */
export class Scheduler {
  readonly #rounds: Rounds;
  readonly #holds: Holds;
  /** Accepted and without an outcome, by connection. */
  readonly #underWay = new Map<string, Set<string>>();
  /** What was accepted before the process ended has been looked at. */
  #caughtUp = false;

  constructor(private readonly deps: SchedulerDeps) {
    const { clock, log } = deps;
    this.#holds = new Holds(clock);
    const round = (signal: AbortSignal) => this.#round(signal);
    const failure = 'scheduled messages could not be worked off';
    this.#rounds = new Rounds({ clock, log, round, waitMs: () => this.#waitMs(), failure });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Resolves when the round under way has ended, after 5 s at the latest. */
  async stop(): Promise<void> {
    await this.#rounds.stop();
    this.#caughtUp = false;
  }

  /** Something may be due earlier than was known. */
  wake(): void {
    this.#rounds.wake();
  }

  /** Told what became of a send; what was missed is found when the gateway starts again. Never rejects. */
  async settled({ scheduledId, connectionId, whatsappId }: OutboxRecord): Promise<void> {
    if (scheduledId === undefined) return;
    await this.#settle(scheduledId, connectionId, whatsappId).catch((error: unknown) =>
      this.deps.log.error('outcome of a scheduled message not written', { id: scheduledId, error }),
    );
    this.wake();
  }

  async #round(signal: AbortSignal): Promise<void> {
    if (!this.#caughtUp) await this.#catchUp();
    this.#caughtUp = true;
    await Promise.all(this.deps.journal.schedule.lanes().map((lane) => this.#lane(lane, signal)));
  }

  /** What was accepted before the process ended. */
  async #catchUp(): Promise<void> {
    this.#underWay.clear();
    for (const { id, connectionId, whatsappId } of this.deps.journal.schedule.listIn('ACEITA')) {
      this.#begun(connectionId, id);
      if (whatsappId !== null) await this.#settle(id, connectionId, whatsappId);
    }
  }

  async #lane(connectionId: string, signal: AbortSignal): Promise<void> {
    const { journal, clock } = this.deps;
    const held = new Set<string>();
    for (const { id, to } of journal.schedule.due(connectionId, clock.now(), DUE_AT_ONCE)) {
      if (signal.aborted) return;
      const mayGo = !held.has(to) && !this.#holds.has(id) && this.#hasRoom(connectionId);
      const went = await this.deps.book.alone(id, (record) => this.#due(record, mayGo));
      if (!went) held.add(to);
    }
  }

  /** @returns whether it is done with, in whatever way */
  async #due(record: ScheduledRecord | null, mayGo: boolean): Promise<boolean> {
    const { clock, book, log } = this.deps;
    // Cancelled or moved meanwhile.
    if (record?.state !== 'AGENDADA' || record.sendAt > clock.now()) return true;
    if (clock.now() - record.sendAt > this.deps.maxLateMs) {
      await book.close(record, 'EXPIRADA', this.#holds.reasonOf(record.id));
      log.warn('scheduled message expired', { id: record.id, connectionId: record.connectionId });
      return true;
    }
    const gone = this.#isGone(record);
    if (!gone && (!mayGo || !this.deps.isReady(record.connectionId))) {
      if (mayGo) this.#holds.note(record.id, 'NOT_CONNECTED');
      return false;
    }
    try {
      if (gone) throw new GatewayError('CONNECTION_NOT_FOUND');
      if (this.#isAnothers(record)) throw new GatewayError('NUMBER_CHANGED');
      await this.#accept(record);
      return true;
    } catch (error) {
      return this.#refused(record, error);
    }
  }

  /** The connection was deleted, or there is another owner's of that name now. */
  #isGone({ connectionId, ownerId }: ScheduledRecord): boolean {
    return this.deps.journal.getConnection(connectionId)?.ownerId !== ownerId;
  }

  /** It was scheduled for another number than the one that the connection has now. */
  #isAnothers({ connectionId, from }: ScheduledRecord): boolean {
    const numero = this.deps.journal.getConnection(connectionId)?.numero;
    return from != null && numero != null && !isSameLine(from, numero);
  }

  async #accept(record: ScheduledRecord): Promise<void> {
    const { connectionId, to, id } = record;
    await this.deps.admit(connectionId, to);
    const content = contentNow(record, this.deps.clock.now());
    const { record: sent } = await this.deps.acceptor.accept({
      ...(record.context as MessageContext),
      ...{ connectionId, to, content, remetente: 'ATENDENTE', from: record.from ?? undefined },
      expiresAt: record.sendAt + this.deps.maxLateMs,
      idempotency: claimOf(record),
      scheduled: {
        id,
        accepted: ({ whatsappId, rowId, rowless }) =>
          this.deps.book.changed(record, {
            ...{ state: 'ACEITA', whatsappId, mensagemId: rowless ? null : rowId, file: null },
            ...{ content, conteudo: previewOf(content) },
          }),
      },
    });
    this.#begun(connectionId, id);
    this.#holds.forget(id);
    this.deps.log.info('scheduled message accepted', { id, connectionId, whatsappId: sent.whatsappId });
  }

  async #refused(record: ScheduledRecord, error: unknown): Promise<boolean> {
    const { id, connectionId } = record;
    if (isGatewayError(error) && error.retry === 'never') {
      await this.deps.book.close(record, 'FALHOU', error.code);
      this.deps.log.warn('scheduled message failed', { id, connectionId, code: error.code });
      return true;
    }
    const code = isGatewayError(error) ? error.code : 'INTERNAL';
    const times = this.#holds.note(id, code);
    this.#holds.until(id, this.deps.clock.now() + backoffMs(HOLD, times - 1, this.deps.random));
    this.deps.log.info('scheduled message waits', { id, connectionId, code, error });
    return false;
  }

  #settle(id: string, connectionId: string, whatsappId: string): Promise<void> {
    return this.deps.book.alone(id, async (record) => {
      const outbox = this.deps.journal.getOutbox(connectionId, whatsappId);
      if (!record || outbox?.state === 'accepted' || outbox?.state === 'sending') return;
      this.#underWay.get(connectionId)?.delete(id);
      const { state, error } = outcomeOf(outbox);
      const { book } = this.deps;
      if (record.state !== state) await book.write(book.changed(record, { state, error }));
    });
  }

  #begun(connectionId: string, id: string): void {
    const ids = this.#underWay.get(connectionId) ?? new Set();
    this.#underWay.set(connectionId, ids.add(id));
  }

  #hasRoom(connectionId: string): boolean {
    return (this.#underWay.get(connectionId)?.size ?? 0) < UNDER_WAY;
  }

  #waitMs(): number {
    const { journal, clock } = this.deps;
    const now = clock.now();
    const waits = journal.schedule.lanes().map((lane) => {
      const next = journal.schedule.nextAt(lane);
      // What is due already waits for its connection, for room, or for the end of its hold.
      return next === null ? LOOK_EVERY_MS : next <= now ? NOT_READY_LOOK_MS : next - now;
    });
    return Math.max(1, Math.min(LOOK_EVERY_MS, ...waits));
  }
}

/** Its text out of the template at this moment: `{{saudacao}}` greets by the clock of when it goes. */
function contentNow(record: ScheduledRecord, now: number): OutgoingContent {
  const content = record.content as OutgoingContent;
  if (record.fill === null) return content;
  const text = filledText(record.fill, new Date(now));
  if (content.kind === 'text' || content.kind === 'edit') return { ...content, text };
  return 'sealed' in content ? { ...content, caption: text } : content;
}

/** The accept path knows it again by the record's own id. */
function claimOf({ connectionId, id }: ScheduledRecord) {
  const bodySha256 = createHash('sha256').update(id).digest();
  return { scope: `agenda:${connectionId}`, key: id, bodySha256 };
}

/** A send that is forgotten (14 days) had an outcome that nobody can tell any more. */
function outcomeOf(outbox: OutboxRecord | null): { state: 'ENVIADA' | 'FALHOU' | 'EXPIRADA'; error: string | null } {
  if (outbox === null) return { state: 'FALHOU', error: 'INTERNAL' };
  if (outbox.state === 'sent') return { state: 'ENVIADA', error: null };
  return { state: outbox.error === 'EXPIRED' ? 'EXPIRADA' : 'FALHOU', error: outbox.error };
}
