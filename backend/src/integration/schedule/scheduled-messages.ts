import { randomUUID } from 'node:crypto';
import { rowId } from '../../inbound/row-id.js';
import type { Journal } from '../../journal/journal.js';
import type { ConnectionRecord } from '../../journal/records.js';
import type { ScheduledRecord } from '../../journal/schedule-records.js';
import type { Clock } from '../../lib/clock.js';
import { assertWithin, type Quotas } from '../../lib/quotas.js';
import { GatewayError } from '../../lib/errors.js';
import type { OutgoingContent } from '../../outbound/content.js';
import type { ScheduledFilter, ScheduledTable } from '../../supabase/scheduled.js';
import { prepareMessage, type PreparedMessage, type PrepareMessageDeps } from '../prepare-message.js';
import type { PageAsked, Scope, SendMessageInput, TwoWayPage } from '../resources.js';
import { mayUse } from '../scope.js';
import type { ScheduledBook } from './scheduled-book.js';
import { presentScheduled, previewOf, type ScheduledResource } from './scheduled-row.js';

export interface ScheduledMessagesDeps extends PrepareMessageDeps {
  journal: Pick<Journal, 'getOutbox' | 'listConnections' | 'schedule'>;
  book: ScheduledBook;
  table: Pick<ScheduledTable, 'list'>;
  clock: Clock;
  quotas: Quotas;
  /** @throws CONNECTION_NOT_FOUND, also for one that the caller may not use */
  connection(id: string, scope: Scope | null): ConnectionRecord;
  /** Told when something waits that did not before. */
  wake(): void;
}

/** A message of `messages/send`, and when it is to go out (ms since the epoch). */
export type ScheduleInput = Omit<SendMessageInput, 'waitMs'> & { sendAt: number };

/** What is absent stays as it is; `message` is a whole new one. */
export interface ScheduleChange {
  sendAt?: number | undefined;
  to?: string | undefined;
  message?: Pick<SendMessageInput, 'message' | 'template' | 'mentions' | 'replyTo' | 'typingMs' | 'signal'> | undefined;
}

const YEAR_MS = 366 * 86_400_000;
/** Clocks differ, and a request takes its time: "now" may be a moment ago. */
const PAST_MS = 60_000;
const MOST_PER_CONNECTION = 10_000;

/**
 * What people do with scheduled messages. A message is made ready when it is scheduled (its file is here, its template and
 * quote are looked up), so that at its time nothing but the journal is needed.
 */
export class ScheduledMessages {
  constructor(private readonly deps: ScheduledMessagesDeps) {}

  /**
   * @returns `created` false: the same Idempotency-Key has scheduled it before
   * @throws what `prepareMessage` throws, CONNECTION_NOT_FOUND, INVALID_RECIPIENT, BAD_REQUEST (`sendAt`),
   * SCHEDULED_LIMIT, IDEMPOTENCY_CONFLICT, JOURNAL_FAILED
   */
  async create(
    input: ScheduleInput,
    scope: Scope | null,
  ): Promise<{ agendamento: ScheduledResource; created: boolean }> {
    const upload = uploadOf(input);
    let kept = false;
    try {
      const connection = this.deps.connection(input.connectionId, scope);
      const id = idOf(input);
      return await this.deps.book.alone(id, async (existing) => {
        if (existing) return { agendamento: repeated(existing, input), created: false };
        this.#assertRoom(input, connection);
        const record = await this.#newRecord(id, input, connection);
        kept = true;
        this.deps.wake();
        return { agendamento: presentScheduled(record), created: true };
      });
    } finally {
      if (upload && !kept) await this.deps.intake.discard(upload);
    }
  }

  /** Rows of all that the caller may see, by time. @throws BAD_REQUEST (cursor), DATABASE_UNAVAILABLE */
  list(filter: ScheduledFilter, page: PageAsked, scope: Scope | null): Promise<TwoWayPage> {
    return this.deps.table.list(filter, page, scope);
  }

  /** @throws SCHEDULED_NOT_FOUND, also for somebody else's */
  get(id: string, scope: Scope | null): ScheduledResource {
    return presentScheduled(visible(this.deps.journal.schedule.get(id), scope));
  }

  /** While it waits. @throws SCHEDULED_NOT_FOUND, SCHEDULED_CLOSED, and what `create` throws */
  async change(id: string, change: ScheduleChange, scope: Scope | null): Promise<ScheduledResource> {
    return this.deps.book.alone(id, async (found) => {
      const record = waiting(visible(found, scope));
      if (change.sendAt !== undefined) this.#assertTime(change.sendAt);
      const sendAt = change.sendAt ?? record.sendAt;
      const to = change.to ?? record.to;
      await this.deps.recipients.read(record.connectionId, to);
      const fields = change.message ? await this.#contentFields(record, { ...change.message, to }, sendAt) : {};
      // Whoever changes it sees which number the connection has.
      const from = this.deps.connection(record.connectionId, scope).numero ?? record.from ?? null;
      const changed = await this.deps.book.write(this.deps.book.changed(record, { sendAt, to, from, ...fields }));
      if (change.message && record.file !== null) await this.deps.intake.discard({ file: record.file });
      this.deps.wake();
      return presentScheduled(changed);
    });
  }

  /** It is never sent. One that was cancelled before is answered as it is. @throws SCHEDULED_NOT_FOUND, SCHEDULED_CLOSED */
  cancel(id: string, scope: Scope | null): Promise<ScheduledResource> {
    return this.deps.book.alone(id, async (found) => {
      const record = visible(found, scope);
      if (record.state === 'CANCELADA') return presentScheduled(record);
      return presentScheduled(await this.deps.book.close(waiting(record), 'CANCELADA', null));
    });
  }

  #assertRoom({ sendAt, connectionId }: ScheduleInput, { ownerId }: ConnectionRecord): void {
    this.#assertTime(sendAt);
    const { schedule } = this.deps.journal;
    if (schedule.count(connectionId, MOST_PER_CONNECTION) >= MOST_PER_CONNECTION) {
      throw new GatewayError('SCHEDULED_LIMIT', undefined, { details: { limit: MOST_PER_CONNECTION } });
    }
    const theirs = this.deps.journal.listConnections().filter((record) => record.ownerId === ownerId);
    const waiting = theirs.reduce((sum, { connectionId: id }) => sum + schedule.count(id, MOST_PER_CONNECTION), 0);
    assertWithin(this.deps.quotas, 'scheduled', waiting);
  }

  #assertTime(sendAt: number): void {
    const inMs = sendAt - this.deps.clock.now();
    if (inMs >= -PAST_MS && inMs <= YEAR_MS) return;
    const problem = inMs < 0 ? 'must be in the future' : 'must be within a year';
    throw new GatewayError('BAD_REQUEST', `body.sendAt ${problem}`, { details: [{ field: 'body.sendAt', problem }] });
  }

  async #newRecord(id: string, input: ScheduleInput, connection: ConnectionRecord): Promise<ScheduledRecord> {
    const { connectionId, ownerId, companyId } = connection;
    if (input.to !== undefined) await this.deps.recipients.read(connectionId, input.to);
    const now = this.deps.clock.now();
    const content = await this.#contentFields({ connectionId, ownerId }, input, input.sendAt);
    try {
      return await this.deps.book.write({
        ...{ id, connectionId, ownerId, companyId, ...content, sendAt: input.sendAt, state: 'AGENDADA' },
        from: connection.numero,
        ...{ whatsappId: null, mensagemId: null, error: null, revision: 1, createdAt: now, updatedAt: now },
        bodySha256: input.idempotency?.bodySha256 ?? null,
      });
    } catch (error) {
      if (content.file !== null) await this.deps.intake.discard({ file: content.file });
      throw error;
    }
  }

  async #contentFields(
    { connectionId, ownerId }: Pick<ConnectionRecord, 'connectionId' | 'ownerId'>,
    { to, message, template, mentions, replyTo, typingMs, signal }: Omit<SendMessageInput, 'connectionId' | 'waitMs'>,
    sendAt: number,
  ) {
    const input = { connectionId, to, message, template, mentions, replyTo, signal, waitMs: 0 };
    const prepared: PreparedMessage = await prepareMessage(this.deps, input, ownerId, sendAt);
    const { content, fill, mentions: jids, quoted, forwarded } = prepared;
    return {
      ...{ to: prepared.to, type: message.type, conteudo: checkedPreview(content), modelo: template?.name ?? null },
      ...{ content, context: { mentions: jids, quoted, forwarded, typingMs }, fill },
      file: 'sealed' in content ? content.sealed.file : null,
    };
  }
}

/** Building it finds what is wrong with it. @throws EMPTY_MESSAGE, MESSAGE_TOO_LONG */
function checkedPreview(content: OutgoingContent): string {
  return previewOf(content);
}

function uploadOf({ message }: ScheduleInput) {
  return 'source' in message && message.source.kind === 'upload' ? message.source.staged : null;
}

/** The same key of the same caller always names the same scheduled message. */
function idOf({ idempotency, connectionId }: ScheduleInput): string {
  return idempotency ? rowId('agendamento', connectionId, idempotency.scope, idempotency.key) : randomUUID();
}

function repeated(existing: ScheduledRecord, { idempotency }: ScheduleInput): ScheduledResource {
  const same = existing.bodySha256 && Buffer.from(existing.bodySha256).equals(idempotency?.bodySha256 ?? Buffer.of());
  if (!same) throw new GatewayError('IDEMPOTENCY_CONFLICT');
  return presentScheduled(existing);
}

function visible(record: ScheduledRecord | null, scope: Scope | null): ScheduledRecord {
  if (!record || !mayUse(record, scope)) throw new GatewayError('SCHEDULED_NOT_FOUND');
  return record;
}

function waiting(record: ScheduledRecord): ScheduledRecord {
  if (record.state === 'AGENDADA') return record;
  throw new GatewayError('SCHEDULED_CLOSED', undefined, { details: { status: record.state } });
}
