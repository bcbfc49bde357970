import type { RowEvent } from '../inbound/evolution/wire.js';
import type { Journal } from '../journal/journal.js';
import type { CommitBatch, IdempotencyRecord, NewLogEntry } from '../journal/records.js';
import { SerialQueue } from '../journal/serial-queue.js';
import type { Clock } from '../lib/clock.js';
import { crashPoint } from '../lib/crash-points.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { TypedEmitter } from '../lib/typed-emitter.js';
import type { MediaIntake } from '../media/media-intake.js';
import { bad, readEnvelope, type Envelope } from './envelope.js';
import { eventKey } from './event-key.js';
import { checkedItem } from './checked-item.js';
import { eventClass } from './event-names.js';
import type { EvolutionConnection } from './evolution-connection.js';
import type { EvolutionPool } from './evolution-pool.js';
import { unpackFile, type UnpackedItem } from './incoming-file.js';
import { liveFact, type LiveFact } from './live-events.js';
import type { OwnSends } from './own-sends.js';
import { stateChange } from './state-events.js';
import type { Admission, PresentedSecrets, WebhookSecrets } from './webhook-secrets.js';

/** A webhook as the route hands it over. */
export interface IncomingWebhook {
  presented: PresentedSecrets;
  /** The last part of the path, when it is the event (`byEvents`). */
  event: string | null;
  /** `/api/webhook/user/:userId`: the instance is `user_<userId>`. */
  userId: string | null;
  body: Record<string, unknown>;
}

/** What became of it. */
export interface WebhookReceipt {
  /** Dots and lower case. */
  event: string;
  connectionId: string;
  /** Items (messages, statuses, contacts) that are on the disk now. */
  accepted: number;
  /** Items that had come before. */
  repeated: number;
  /** The event is one that changes nothing here. */
  ignored: boolean;
}

/** For whoever counts. */
export interface IntakeEvents {
  taken: WebhookReceipt;
  /** The code of the error that was answered. */
  refused: { code: string };
  /** Presences and chats. */
  live: { connectionId: string; fact: LiveFact };
}

export interface EvolutionWebhooksDeps {
  journal: Pick<Journal, 'commit' | 'findIdempotency'>;
  pool: EvolutionPool;
  secrets: WebhookSecrets;
  intake: Pick<MediaIntake, 'fromBytes' | 'discard'>;
  own: Pick<OwnSends, 'isOurs' | 'withOurIds'>;
  /** Registers an instance that is not known yet as a connection. @throws GatewayError `WRONG_DRIVER`, `CONNECTION_LIMIT` */
  adopt: (instance: string) => Promise<EvolutionConnection>;
  /** The name of a user's instance. */
  nameOfUser: (userId: string) => string;
  clock: Clock;
  log: Log;
}

type Fresh = UnpackedItem & { key: string; whatsappId: string | null };

/**
 * Takes the events that Evolution servers post. When `take` resolves, the event is on the disk together with the key by
 * which its next delivery is recognised; rows and listeners follow from the log, whatever happens to this process.
 */
export class EvolutionWebhooks {
  readonly events: TypedEmitter<IntakeEvents>;
  /** Events of one connection one after the other, so that two deliveries of one event are not taken at once. */
  readonly #lines = new Map<string, SerialQueue>();

  constructor(private readonly deps: EvolutionWebhooksDeps) {
    this.events = new TypedEmitter(deps.log);
  }

  /** Before the body is read. @throws GatewayError `WEBHOOK_SECRET_MISSING`, `UNAUTHORIZED` */
  admit(presented: PresentedSecrets): Promise<Admission> {
    return this.#telling(this.deps.secrets.admit(presented));
  }

  /** @throws GatewayError as `admit`, and `BAD_REQUEST`, `FORBIDDEN`, `WRONG_DRIVER`, `CONNECTION_LIMIT`, `JOURNAL_FAILED`, `JOURNAL_FULL` */
  async take(webhook: IncomingWebhook): Promise<WebhookReceipt> {
    const receipt = await this.#telling(this.#take(webhook));
    this.events.emit('taken', receipt);
    return receipt;
  }

  async #telling<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.events.emit('refused', { code: isGatewayError(error) ? error.code : 'INTERNAL' });
      throw error;
    }
  }

  async #take(webhook: IncomingWebhook): Promise<WebhookReceipt> {
    const admission = await this.deps.secrets.admit(webhook.presented);
    const envelope = readEnvelope(webhook.body, webhook.event);
    const connection = await this.#connectionOf(envelope, webhook.userId, admission);
    return this.#lineOf(connection.connectionId).run(() => this.#takeEvent(connection, envelope));
  }

  /** What would be taken, without taking it: for trying a configuration. */
  async test(webhook: IncomingWebhook): Promise<{ event: string | null; instance: string | null; known: boolean }> {
    const admission = await this.admit(webhook.presented);
    if (webhook.body['event'] === undefined && webhook.event === null)
      return { event: null, instance: null, known: false };
    const { event, instance } = readEnvelope(webhook.body, webhook.event);
    const among = admission.kind === 'gateway' ? null : admission.ids;
    const known = instance !== null && this.deps.pool.findInstance(instance, among) !== undefined;
    return { event, instance, known: known && eventClass(event) !== 'ignored' };
  }

  async #connectionOf(
    { instance }: Envelope,
    userId: string | null,
    admission: Admission,
  ): Promise<EvolutionConnection> {
    const ofUser = userId === null ? null : this.#instanceOfUser(userId);
    if (ofUser !== null && instance !== null && instance !== ofUser && instance !== `user_${userId}`) {
      throw bad('body.instance', `must be ${ofUser} for this path`);
    }
    const name = instance ?? ofUser;
    const among = admission.kind === 'gateway' ? null : admission.ids;
    // A connection's own secret says which one it is.
    const only = name === null && among?.length === 1 ? this.deps.pool.get(among[0]!) : undefined;
    if (only) return only;
    if (name === null) throw bad('body.instance', 'must name the instance');
    const known = this.deps.pool.findInstance(name, among);
    if (known) return known;
    if (among !== null) throw new GatewayError('FORBIDDEN', 'This secret belongs to another instance.');
    return this.deps.adopt(name);
  }

  /** As its server has it, else as a connection of this gateway would be named. */
  #instanceOfUser(userId: string): string {
    const asGiven = `user_${userId}`;
    return this.deps.pool.findInstance(asGiven) ? asGiven : this.deps.nameOfUser(userId);
  }

  async #takeEvent(connection: EvolutionConnection, envelope: Envelope): Promise<WebhookReceipt> {
    const { connectionId } = connection;
    const { event } = envelope;
    const receipt = { event, connectionId, accepted: 0, repeated: 0, ignored: false };
    const kind = eventClass(event);
    if (kind === 'ignored') return { ...receipt, ignored: true };
    if (kind === 'live') return { ...receipt, ...(await this.#tellLive(connection, envelope)) };
    if (kind === 'state') return { ...receipt, ...(await this.#takeState(connection, envelope)) };
    const fresh = await this.#freshItems(connectionId, envelope);
    if (fresh.length > 0) await this.#commitItems(connection, envelope, fresh);
    return { ...receipt, accepted: fresh.length, repeated: envelope.items.length - fresh.length };
  }

  /** No row comes of it, and none goes. Only deletions are remembered: a presence that is told twice is still the same. */
  async #tellLive({ connectionId }: EvolutionConnection, envelope: Envelope) {
    const fact = liveFact(envelope);
    if (fact === null) return { ignored: true };
    if (fact.type === 'chatDeleted') {
      const key = eventKey(envelope.event, null, envelope.data, envelope.at);
      if (this.#isKnown(connectionId, key)) return { repeated: 1 };
      await this.deps.journal.commit({ idempotency: [this.#record(connectionId, key, null)] });
      this.deps.log.info('chats deleted at the server, their rows stay', {
        connectionId,
        chats: fact.data.chats.length,
      });
    }
    this.events.emit('live', { connectionId, fact });
    return { accepted: 1 };
  }

  async #takeState(connection: EvolutionConnection, envelope: Envelope) {
    const { connectionId } = connection;
    const key = isDatable(envelope) ? eventKey(envelope.event, null, envelope.data, envelope.at) : null;
    if (key !== null && this.#isKnown(connectionId, key)) return { accepted: 0, repeated: 1 };
    const change = stateChange(envelope, connection.estado);
    const idempotency = key === null ? [] : [this.#record(connectionId, key, null)];
    await connection.move(change, { idempotency }, envelope.at);
    return { accepted: 1, repeated: 0, ignored: change === null };
  }

  /** Checked all before the first file is put on the disk. @throws GatewayError `BAD_REQUEST` */
  async #freshItems(connectionId: string, { event, items, at }: Envelope): Promise<Fresh[]> {
    const seen = new Set<string>();
    const named = items.map((item, index) => {
      const whatsappId = checkedItem(event as RowEvent, item, index);
      return { item, whatsappId, key: eventKey(event, whatsappId, item, at) };
    });
    const fresh = named.filter(({ key }) => !this.#isKnown(connectionId, key) && !seen.has(key) && seen.add(key));
    const unpacked: Fresh[] = [];
    for (const { item, whatsappId, key } of fresh) {
      const isOurs = await this.#isOurs(connectionId, event, item);
      const known = { item: null, file: null, mediaUrl: null };
      unpacked.push({ ...(isOurs ? known : await unpackFile(item, this.deps.intake)), whatsappId, key });
    }
    return unpacked;
  }

  /** A message that was sent from here has its row: the event only says that it is on its way. */
  async #isOurs(connectionId: string, event: string, item: unknown): Promise<boolean> {
    const { key } = item as { key?: { fromMe?: unknown } };
    const isMessage = event === 'send.message' || event === 'messages.upsert';
    return isMessage && key?.fromMe === true && this.deps.own.isOurs(connectionId, item as Record<string, unknown>);
  }

  async #commitItems(connection: EvolutionConnection, envelope: Envelope, fresh: Fresh[]): Promise<void> {
    const { connectionId } = connection;
    const me = envelope.sender === null ? connection.me : { id: envelope.sender, lid: connection.record.lid };
    const { numero } = connection.record;
    const news = fresh.filter(({ item }) => item !== null);
    const entries = news.map(({ item, whatsappId, mediaUrl, file }): NewLogEntry => {
      const { event } = envelope;
      const data = JSON.stringify(this.deps.own.withOurIds(connectionId, item));
      return { kind: 'evolution', connectionId, event, data, whatsappId, me, numero, mediaUrl, ...(file && { file }) };
    });
    const idempotency = fresh.map(({ key, whatsappId }) => this.#record(connectionId, key, whatsappId));
    const received = envelope.event === 'messages.upsert' ? news.length : 0;
    const connections = received > 0 ? connection.counted(received) : [];
    const batch: CommitBatch = { entries, idempotency, connections };
    try {
      await this.deps.journal.commit(batch);
    } catch (error) {
      for (const { file } of fresh) if (file !== null) await this.deps.intake.discard({ file });
      throw error;
    }
    crashPoint('after:webhook');
  }

  #isKnown(connectionId: string, key: string): boolean {
    return this.deps.journal.findIdempotency(scopeOf(connectionId), key) !== null;
  }

  #record(connectionId: string, key: string, whatsappId: string | null): IdempotencyRecord {
    const at = this.deps.clock.now();
    return { scope: scopeOf(connectionId), key, bodySha256: new Uint8Array(), whatsappId: whatsappId ?? '', at };
  }

  #lineOf(connectionId: string): SerialQueue {
    const line = this.#lines.get(connectionId) ?? new SerialQueue();
    this.#lines.set(connectionId, line);
    return line;
  }
}

/**
 * Whether a second delivery can be told from a second happening: a state comes again without its time, a code never. Where it
 * cannot, the state is applied again, which changes nothing while it still holds.
 */
function isDatable({ event, at }: Envelope): boolean {
  return at !== null || event === 'qrcode.updated';
}

/** No API key's name begins so. */
function scopeOf(connectionId: string): string {
  return `evolution:${connectionId}`;
}
