import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import { crashPoint } from '../lib/crash-points.js';
import { deferred } from '../lib/deferred.js';
import { isGatewayError, type ErrorCode } from '../lib/errors.js';
import { digitsOfJid, isSameLine } from '../lib/phone-number.js';
import type { Log } from '../lib/log.js';
import { addressesOf, readGroup } from '../journal/group-records.js';
import type { Journal } from '../journal/journal.js';
import type { NewLogEntry, OutboxRecord } from '../journal/records.js';
import type { ServerAck } from '../whatsapp/server-ack.js';
import { applyAnswer } from './address.js';
import {
  ACK_ERRORS,
  JOURNAL_BACKOFF,
  OTHER_ACK_ERROR,
  OTHER_RELAY_FAILURE,
  RELAY_FAILURES,
  SILENCE_BACKOFF,
} from './failure-tables.js';
import type { NumberCheck } from './number-check.js';
import { finish, isFinished, type Outcome } from './outcome.js';
import type { SendChannel } from './send-channel.js';
import type { AttemptEnd, QueuedSend } from './send-queue.js';
import { decodeMessage } from './text-message.js';
import type { MediaUploads } from './upload-media.js';

/** What becomes of a message after one attempt: it has ended (null: it had before), or the same id goes out again. */
export type Verdict = { kind: 'finished'; record: OutboxRecord | null } | { kind: 'again'; afterMs: number };

export interface AttemptDeps {
  journal: Pick<Journal, 'commit' | 'getOutbox' | 'getKeys'>;
  numbers: NumberCheck;
  uploads: Pick<MediaUploads, 'ensure'>;
  clock: Clock;
  log: Log;
  /** The server said nothing within the deadline although the socket seems open. */
  onSilence: (record: OutboxRecord) => void;
  /** How long the server may take to answer a written message. */
  ackDeadlineMs: number;
  /** How long writing may take: with a new contact it asks WhatsApp for devices and keys first. */
  relayDeadlineMs: number;
  random?: () => number;
}

/** The connection that an attempt is for. `gone`: it was deleted, so nothing of it can be sent any more. */
export interface Line {
  readonly connectionId: string;
  readonly channel: SendChannel | null;
  readonly gone: boolean;
  /** The sender has let go of it: nothing may be written any more, not even what was begun. */
  readonly stopped: boolean;
}

const FINISHED: Verdict = { kind: 'finished', record: null };
const AT_ONCE: Verdict = { kind: 'again', afterMs: 0 };

/**
 * One attempt at one message. `accepted` or `sending` in the journal, it is written to the socket under its fixed id and
 * leaves `sending` only by a server ack, a classified final error or expiry; anything else is ambiguous and means "the
 * same id again".
 */
export class Attempts {
  constructor(private readonly deps: AttemptDeps) {}

  /** Without a ready channel only what needs no WhatsApp is done. Never rejects. */
  async run(line: Line, send: QueuedSend): Promise<Verdict> {
    try {
      const verdict = await this.#attempt(line, send);
      send.journalFailures = 0;
      return verdict;
    } catch (error) {
      // Only the journal fails here. What was decided is kept in `send` and written when it can be.
      this.deps.log.error('send could not be journaled', {
        connectionId: line.connectionId,
        whatsappId: send.whatsappId,
        error,
      });
      return this.#again(JOURNAL_BACKOFF, send.journalFailures++);
    }
  }

  /**
   * An ack for an id that is not waiting any more: a send given up as failed may have been accepted after all.
   * @returns the changed record, null when nothing changes. @throws GatewayError `JOURNAL_FAILED`
   */
  async revive(connectionId: string, ack: ServerAck): Promise<OutboxRecord | null> {
    const record = this.deps.journal.getOutbox(connectionId, ack.whatsappId);
    if (record?.state !== 'failed' || ack.error !== null) return null;
    return this.#settle(record, { error: null, at: ack.serverTimeMs });
  }

  async #attempt(line: Line, send: QueuedSend): Promise<Verdict> {
    const { connectionId, channel, gone } = line;
    const { begun } = send;
    send.begun = null;
    const record = begun ?? this.deps.journal.getOutbox(connectionId, send.whatsappId);
    if (!record || isFinished(record)) return FINISHED;
    if (send.decided) return this.#decide(record, send, send.decided);
    if (send.lateAck) return this.#judgeAck(record, send, send.lateAck);
    if (this.deps.clock.now() >= record.expiresAt) return this.#fail(record, send, 'EXPIRED');
    if (gone || channel?.estado === 'logged_out') return this.#fail(record, send, 'LOGGED_OUT');
    // Went away in between: the lane lets it go again once the channel is ready.
    if (channel?.estado !== 'ready') return AT_ONCE;
    if (isAnothers(record, channel)) return this.#fail(record, send, 'NUMBER_CHANGED');
    const held = channel.newChatHoldMs?.(record) ?? null;
    const holdMs = held === null ? 0 : await held;
    if (holdMs > 0) return { kind: 'again', afterMs: holdMs };
    const sending = begun ?? (await this.#begin(channel, record, send));
    if (!('whatsappId' in sending)) return sending;
    if (line.stopped) return AT_ONCE;
    // An earlier attempt's ack may have come during the commit.
    if (send.lateAck) return this.#judgeAck(sending, send, send.lateAck);
    const ready = await this.#withMedia(channel, sending, send);
    if (!('whatsappId' in ready)) return ready;
    if (line.stopped) return AT_ONCE;
    const ended = await this.#type(channel, ready, send);
    if (ended) return this.#judge(ready, send, ended);
    // Its file may have taken minutes: long enough to pair another phone.
    if (isAnothers(ready, channel)) return this.#fail(ready, send, 'NUMBER_CHANGED');
    return this.#judge(ready, send, await this.#relay(channel, ready, send));
  }

  /** Finds out where it goes, and makes "sending, attempt n" durable. @returns the record, or why it does not go now. */
  async #begin(channel: SendChannel, accepted: OutboxRecord, send: QueuedSend): Promise<OutboxRecord | Verdict> {
    let record = accepted;
    let entries: NewLogEntry[] = [];
    if (record.chatJid === null) {
      const answer = await this.deps.numbers.check(channel, digitsOfJid(record.pn ?? record.to) ?? record.to);
      if (answer.kind === 'absent') return this.#fail(record, send, 'NOT_ON_WHATSAPP');
      if (answer.kind === 'later') return { kind: 'again', afterMs: answer.afterMs };
      ({ record, entries } = applyAnswer(record, answer));
    }
    record = { ...record, state: 'sending', attempts: record.attempts + 1 };
    // Durable before it is written: after a crash it is known that this id may already be out.
    await this.deps.journal.commit({ outbox: [record], entries });
    return record;
  }

  /** Its file is on WhatsApp's servers before the message is written. @returns the record, or what the failure means */
  async #withMedia(channel: SendChannel, record: OutboxRecord, send: QueuedSend): Promise<OutboxRecord | Verdict> {
    if (!record.media || record.media.uploaded || channel.takesPlainFiles) return record;
    try {
      return await this.deps.uploads.ensure(channel, record);
    } catch (error) {
      return this.#judgeRefusal(record, send, error);
    }
  }

  /** Shows the chat that it is being written, once. @returns what ended the attempt meanwhile; null = it goes on */
  async #type(
    channel: SendChannel,
    { typing, chatJid, to }: OutboxRecord,
    send: QueuedSend,
  ): Promise<AttemptEnd | null> {
    if (!typing || send.announced) return null;
    const over = deferred<AttemptEnd | null>();
    send.end = (end) => over.resolve(end);
    const cancel = this.deps.clock.after(typing.ms, () => over.resolve(null));
    // A sign that does not come across keeps no message back.
    channel.showTyping?.(chatJid ?? to, typing.as).catch((error: unknown) => {
      this.deps.log.debug('typing not shown', { error });
    });
    try {
      const end = await over.promise;
      send.announced = end === null;
      return end;
    } finally {
      send.end = null;
      cancel();
    }
  }

  /** Whatever comes first ends the attempt; what comes after it is picked up as a late ack, or harmless. */
  async #relay(channel: SendChannel, record: OutboxRecord, send: QueuedSend): Promise<AttemptEnd> {
    const { clock, ackDeadlineMs, relayDeadlineMs } = this.deps;
    const ended = deferred<AttemptEnd>();
    const endBy = (end: AttemptEnd): void => ended.resolve(end);
    send.end = endBy;
    let cancel = clock.after(relayDeadlineMs, () => ended.resolve({ by: 'silent' }));
    const written = (): void => {
      crashPoint('after:send');
      // The ack may be there before the relay resolves; then this attempt is over.
      if (send.end !== endBy) return;
      cancel();
      send.refusals = { code: null, times: 0 };
      cancel = clock.after(ackDeadlineMs, () => ended.resolve({ by: 'silent' }));
    };
    const file = record.media && { file: record.media.file };
    const options = { messageId: record.whatsappId, freshDevices: send.freshDevices, ...file };
    try {
      channel
        .relay(record.chatJid ?? record.to, decodeMessage(record.message), options)
        .then(written, (error: unknown) => ended.resolve({ by: 'refused', error }));
      return await ended.promise;
    } catch (error) {
      return { by: 'refused', error };
    } finally {
      send.end = null;
      cancel();
    }
  }

  #judge(record: OutboxRecord, send: QueuedSend, end: AttemptEnd): Promise<Verdict> | Verdict {
    switch (end.by) {
      case 'ack':
        return this.#judgeAck(record, send, end.ack);
      case 'refused':
        return this.#judgeRefusal(record, send, end.error);
      case 'silent':
        this.deps.onSilence(record);
        return this.#again(SILENCE_BACKOFF, send.silences++);
      case 'closed':
      case 'stop':
        return AT_ONCE;
    }
  }

  #judgeAck(record: OutboxRecord, send: QueuedSend, ack: ServerAck): Promise<Verdict> | Verdict {
    send.lateAck = null;
    if (ack.error === null) return this.#decide(record, send, { error: null, at: ack.serverTimeMs });
    const rule = ACK_ERRORS[ack.error] ?? OTHER_ACK_ERROR;
    if (rule.then === 'fail' || send.freshDevices) return this.#fail(record, send, rule.code, ack.error);
    send.freshDevices = true;
    return AT_ONCE;
  }

  #judgeRefusal(record: OutboxRecord, send: QueuedSend, error: unknown): Promise<Verdict> | Verdict {
    const code = isGatewayError(error) ? error.code : 'INTERNAL';
    const rule = RELAY_FAILURES[code] ?? OTHER_RELAY_FAILURE;
    const times = send.refusals.code === code ? send.refusals.times + 1 : 1;
    send.refusals = { code, times };
    if (rule.final && times >= rule.final.afterTries) {
      return this.#fail(record, send, rule.final.code, error instanceof Error ? error.message : String(error));
    }
    this.deps.log.warn('send will be tried again', { whatsappId: record.whatsappId, times, error });
    send.freshDevices ||= rule.freshDevices ?? false;
    return this.#again(rule.backoff, times - 1);
  }

  #fail(record: OutboxRecord, send: QueuedSend, error: ErrorCode, detail: string | null = null): Promise<Verdict> {
    return this.#decide(record, send, { error, detail, at: this.deps.clock.now() });
  }

  async #decide(record: OutboxRecord, send: QueuedSend, outcome: Outcome): Promise<Verdict> {
    send.decided = outcome;
    return { kind: 'finished', record: await this.#settle(record, outcome) };
  }

  async #settle(record: OutboxRecord, outcome: Outcome): Promise<OutboxRecord> {
    const finished = finish(record, outcome, this.#membersOf(record));
    await this.deps.journal.commit(finished.batch);
    return finished.record;
  }

  /** Whom a group's message goes to, as far as the connection knows its members. */
  #membersOf({ connectionId, chatJid }: OutboxRecord): { pn: string | null; lid: string | null }[] | undefined {
    if (!chatJid?.endsWith('@g.us')) return undefined;
    return readGroup(this.deps.journal, connectionId, chatJid)?.group.participants.map(addressesOf);
  }

  #again(policy: BackoffPolicy, attempt: number): Verdict {
    return { kind: 'again', afterMs: 1 + backoffMs(policy, attempt, this.deps.random) };
  }
}

/** Whether it was accepted for another number than the one that the connection has now. */
function isAnothers({ from }: OutboxRecord, { me }: SendChannel): boolean {
  const own = me && digitsOfJid(me.id);
  return from !== undefined && own !== null && !isSameLine(from, own);
}
