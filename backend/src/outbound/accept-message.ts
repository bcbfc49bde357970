import { randomUUID } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import { digitsOfJid } from '../lib/phone-number.js';
import type { Journal } from '../journal/journal.js';
import type { IdempotencyRecord, OutboxRecord } from '../journal/records.js';
import type { ScheduledRecord } from '../journal/schedule-records.js';
import { scheduledEntry } from '../journal/scheduled.js';
import { knownAddress, unresolvedAddress, type Address } from './address.js';
import type { NumberCheck } from './number-check.js';
import { outgoingEntry } from './outcome.js';
import type { Recipients } from './recipients.js';
import type { SendChannel } from './send-channel.js';
import { idOfSend } from './send-id.js';
import type { Sender } from './sender.js';
import { buildMessage } from './build-message.js';
import { ROWLESS, type MessageContext, type OutgoingContent } from './content.js';
import { expiryFor, withExpiry } from './disappearing.js';
import { encodeMessage } from './text-message.js';

const IDEMPOTENCY_KEPT_MS = 7 * 86_400_000;

/** Who repeats what: `scope` separates callers, `bodySha256` tells a repetition from a mistake. */
export type IdempotencyClaim = Pick<IdempotencyRecord, 'scope' | 'key' | 'bodySha256'> & {
  /** The request names no connection: the first answer says which one took it. */
  anyConnection?: true;
};

export interface SendRequest extends MessageContext {
  connectionId: string;
  content: OutgoingContent;
  /** As the caller wrote it; any spelling that `Recipients` reads. */
  to: string;
  remetente: OutboxRecord['remetente'];
  /** The number (digits) that it must go out from; default: the one that the connection has. */
  from?: string | undefined;
  idempotency?: IdempotencyClaim | undefined;
  /** After that (ms since the epoch) it must not go out any more; default: as long as any send may take. */
  expiresAt?: number | undefined;
  /** How long it is kept back from now on, in ms; what is accepted after it for the same chat waits behind it. */
  delayMs?: number | undefined;
  /** The scheduled message that this is, and how it stands once it is accepted: changed in the same commit. */
  scheduled?: { id: string; accepted: (record: OutboxRecord) => ScheduledRecord } | undefined;
}

export interface Accepted {
  record: OutboxRecord;
  /** This is the answer to an earlier request with the same Idempotency-Key; nothing new was accepted. */
  replayed: boolean;
}

/**
 * Turns a request into a message with an id for life. When `accept` resolves, the message, its row and its
 * Idempotency-Key are on disk in one commit, and it goes out whatever happens to this process.
 */
export class MessageAcceptor {
  readonly #claims = new Map<string, Promise<unknown>>();

  constructor(
    private readonly deps: {
      journal: Pick<Journal, 'commit' | 'getOutbox' | 'findIdempotency' | 'getKeys'>;
      numbers: Pick<NumberCheck, 'pnOfLid'>;
      recipients: Pick<Recipients, 'read' | 'find'>;
      channelOf: (connectionId: string) => SendChannel | undefined;
      /** Asked before the commit and told after it. */
      sender: Pick<Sender, 'goesSoon' | 'enqueue'>;
      clock: Clock;
      /** After this long without a server ack a send ends as `EXPIRED`. */
      expiryMs: number;
    },
  ) {}

  /**
   * @throws GatewayError `INVALID_RECIPIENT`, `EMPTY_MESSAGE`, `MESSAGE_TOO_LONG`, `NOT_ON_WHATSAPP` (only when WhatsApp
   * could be asked), `IDEMPOTENCY_CONFLICT`, `JOURNAL_FAILED`, `JOURNAL_FULL`; then nothing was accepted.
   */
  async accept(request: SendRequest): Promise<Accepted> {
    if (!request.idempotency) return this.#acceptNew(request);
    const claim = JSON.stringify([request.idempotency.scope, request.idempotency.key]);
    // One request per key at a time: the second one then finds the first one's record, or, when that one was refused,
    // is judged by itself.
    while (this.#claims.has(claim)) await this.#claims.get(claim)?.catch(() => undefined);
    const work = this.#acceptOnce(request, request.idempotency);
    this.#claims.set(claim, work);
    try {
      return await work;
    } finally {
      this.#claims.delete(claim);
    }
  }

  /**
   * The first answer to a request with this key, or null.
   * @param connectionId not looked at when the claim is for any connection
   * @throws GatewayError `IDEMPOTENCY_CONFLICT`
   */
  replay(connectionId: string | null, claim: IdempotencyClaim): Accepted | null {
    const first = this.deps.journal.findIdempotency(claim.scope, claim.key);
    if (!first || this.deps.clock.now() - first.at >= IDEMPOTENCY_KEPT_MS) return null;
    const took = claim.anyConnection ? first.connectionId : connectionId;
    const record = took ? this.deps.journal.getOutbox(took, first.whatsappId) : null;
    // No record under this connection: the key was used for another one.
    if (!record || !Buffer.from(first.bodySha256).equals(claim.bodySha256)) {
      throw new GatewayError('IDEMPOTENCY_CONFLICT');
    }
    return { record, replayed: true };
  }

  async #acceptOnce(request: SendRequest, claim: IdempotencyClaim): Promise<Accepted> {
    return this.replay(request.connectionId, claim) ?? this.#acceptNew(request);
  }

  async #acceptNew(request: SendRequest): Promise<Accepted> {
    const message = buildMessage(request.content, request);
    const address = await this.#address(request);
    const fresh = this.#newRecord(request, encodeMessage(this.#expiring(request, message, address)), address);
    const scheduled = request.scheduled ? [request.scheduled.accepted(fresh)] : [];
    const { seqs } = await this.deps.journal.commit({
      outbox: [fresh],
      scheduled,
      // What changes another message shows once WhatsApp has accepted it (outcome.ts).
      entries: [
        ...(fresh.rowless ? [] : [outgoingEntry(fresh, this.deps.channelOf(request.connectionId)?.me?.id)]),
        ...scheduled.map(scheduledEntry),
      ],
      ...(request.idempotency && { idempotency: [idempotencyRecord(request.idempotency, fresh)] }),
    });
    const record = { ...fresh, seq: fresh.rowless ? 0 : (seqs[0] ?? 0) };
    this.deps.sender.enqueue(record);
    return { record, replayed: false };
  }

  /** The message with the chat's timer as it is now; what changes another message has none of its own. */
  #expiring({ connectionId, content }: SendRequest, message: proto.IMessage, address: Address): proto.IMessage {
    if (ROWLESS.has(content.kind)) return message;
    const expiry = expiryFor(this.deps.journal, connectionId, address);
    return expiry ? withExpiry(message, expiry) : message;
  }

  async #address({ connectionId, to }: SendRequest): Promise<Address> {
    const { numbers, recipients } = this.deps;
    const recipient = await recipients.read(connectionId, to);
    if (recipient.kind === 'jid') return knownAddress(recipient, numbers.pnOfLid(connectionId, recipient.jid));
    const answer = await recipients.find(connectionId, recipient.digits);
    if (answer?.kind === 'absent') throw new GatewayError('NOT_ON_WHATSAPP');
    return answer?.kind === 'found' ? knownAddress(answer, null) : unresolvedAddress(recipient.digits);
  }

  #newRecord(request: SendRequest, message: Uint8Array, address: Address): OutboxRecord {
    const { connectionId, to, remetente } = request;
    const now = this.deps.clock.now();
    const { delayMs = 0, typingMs = 0 } = request;
    const soon = delayMs === 0 && this.deps.sender.goesSoon(connectionId, { to, ...address });
    const me = this.deps.channelOf(connectionId)?.me ?? null;
    const from = request.from ?? (me && digitsOfJid(me.id));
    // The staged file has the id of the row that it will belong to.
    const rowId = 'sealed' in request.content ? request.content.sealed.file : randomUUID();
    return {
      connectionId,
      ...(from && { from }),
      whatsappId: idOfSend(rowId),
      rowId,
      // The journal gives it the place of its log entry.
      seq: 0,
      to,
      ...address,
      message,
      ...fileOf(request.content),
      ...(request.scheduled && { scheduledId: request.scheduled.id }),
      ...(ROWLESS.has(request.content.kind) && { rowless: true as const }),
      ...(delayMs > 0 && { notBefore: now + delayMs }),
      ...(typingMs > 0 && { typing: { ms: typingMs, as: signOf(request.content) } }),
      remetente,
      state: soon ? 'sending' : 'accepted',
      attempts: soon ? 1 : 0,
      error: null,
      errorDetail: null,
      acceptedAt: now,
      serverTime: null,
      expiresAt: Math.min(now + delayMs + this.deps.expiryMs, request.expiresAt ?? Infinity),
    };
  }
}

/** What a person does who makes such a message. */
function signOf({ kind }: OutgoingContent): 'composing' | 'recording' {
  return kind === 'voice' ? 'recording' : 'composing';
}

/** The file stays ours until it is on WhatsApp's servers; until then the message says everything but where it lies. */
function fileOf(content: OutgoingContent): Pick<OutboxRecord, 'media'> {
  if (!('sealed' in content)) return {};
  const classe = content.kind === 'voice' ? 'audio' : content.kind;
  return { media: { file: content.sealed.file, classe, uploaded: false } };
}

function idempotencyRecord(claim: IdempotencyClaim, record: OutboxRecord): IdempotencyRecord {
  const { scope, key, bodySha256, anyConnection } = claim;
  const { whatsappId, connectionId, acceptedAt: at } = record;
  return { scope, key, bodySha256, whatsappId, ...(anyConnection && { connectionId }), at };
}
