import { randomUUID } from 'node:crypto';
import type { Scope } from '../integration/resources.js';
import type { ApiKeyRecord } from '../journal/access-records.js';
import type { Journal } from '../journal/journal.js';
import { SerialQueue } from '../journal/serial-queue.js';
import type { Clock } from '../lib/clock.js';
import { assertWithin, type Quotas } from '../lib/quotas.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { PartyTexts } from '../lib/party.js';
import { TypedEmitter } from '../lib/typed-emitter.js';
import { presentApiKey, type ApiKeyResource } from './api-key-resource.js';
import { GRANTS, type Grant, type Identity } from './identity.js';
import { idOfKeyText, isOneOf, makeKeyText, sha256Hex } from './key-text.js';

export interface CreateApiKeyInput {
  name: string;
  grants: Grant[];
  /** Default: DEFAULT_OWNER_ID. */
  ownerId?: string | undefined;
  companyIds?: string[] | undefined;
  /** Texts that these ids were made of. */
  texts?: PartyTexts | undefined;
  /** Unset = all connections of the owner and the companies, also later ones. */
  connectionIds?: string[] | undefined;
  ratePerMinute?: number | undefined;
  /** ISO 8601. */
  expiresAt?: string | undefined;
}

/** A key with its text, which is shown this once. */
export interface IssuedApiKey {
  key: string;
  apiKey: ApiKeyResource;
}

export interface ApiKeysDeps {
  journal: Pick<Journal, 'access' | 'getConnection'>;
  clock: Clock;
  log: Log;
  defaultOwnerId: string;
  quotas: Quotas;
}

/**
 * The API keys, authenticated from the journal's copy (held in memory), so that they work while the database is away.
 * A change is durable here before it is answered, holds at once, and reaches the table by `KeyMirror`.
 */
export class ApiKeys {
  readonly events: TypedEmitter<{ changed: null }>;
  readonly #byId = new Map<string, ApiKeyRecord>();
  readonly #used = new Map<string, number>();
  /** One change after the other, each on top of the one before. */
  readonly #changes = new SerialQueue();

  constructor(private readonly deps: ApiKeysDeps) {
    this.events = new TypedEmitter(deps.log);
    for (const record of deps.journal.access.listKeys()) this.#byId.set(record.id, record);
  }

  /** Who presents this key; null when it is unknown, wrong, expired or revoked. */
  authenticate(text: string): Identity | null {
    const now = this.deps.clock.now();
    const record = this.#byId.get(idOfKeyText(text) ?? '');
    if (!record || !isActive(record, now) || !isOneOf(text, record.secrets, now)) return null;
    this.#used.set(record.id, now);
    return {
      name: `key:${record.id}`,
      grants: new Set(GRANTS.filter((grant) => record.grants.includes(grant))),
      scope: this.#scopeOf(record),
      ratePerMinute: record.ratePerMinute,
      ...(record.expiresAt !== null && { expiresAt: record.expiresAt }),
    };
  }

  list(): ApiKeyResource[] {
    const records = [...this.#byId.values()].sort((a, b) => a.createdAt - b.createdAt);
    return records.map((record) => this.#present(record));
  }

  /** @throws GatewayError `BAD_REQUEST` (`expiresAt` is over), `API_KEY_LIMIT` */
  async create(input: CreateApiKeyInput): Promise<IssuedApiKey> {
    const expiresAt = input.expiresAt === undefined ? null : Date.parse(input.expiresAt);
    this.#assertFuture(expiresAt);
    const ownerId = input.ownerId ?? this.deps.defaultOwnerId;
    const id = randomUUID();
    const key = makeKeyText(id);
    const record: ApiKeyRecord = {
      id,
      name: input.name,
      grants: GRANTS.filter((grant) => input.grants.includes(grant)),
      ownerId,
      companyIds: input.companyIds ?? [],
      ...(input.texts && { texts: input.texts }),
      connectionIds: input.connectionIds ?? null,
      ratePerMinute: input.ratePerMinute ?? null,
      secrets: [{ sha256: sha256Hex(key), until: null }],
      createdAt: this.deps.clock.now(),
      expiresAt,
      revokedAt: null,
      lastUsedAt: null,
      mirrored: false,
    };
    await this.#changes.run(async () => {
      const theirs = [...this.#byId.values()].filter((each) => each.ownerId === ownerId && each.revokedAt === null);
      assertWithin(this.deps.quotas, 'apiKeys', theirs.length);
      await this.#save([record]);
    });
    this.events.emit('changed', null);
    return { key, apiKey: this.#present(record) };
  }

  /** A new text for the same key; the one before works for `graceMs` more, one before that no longer.
   *  @throws GatewayError `API_KEY_NOT_FOUND`, also for a revoked one */
  async rotate(id: string, graceMs: number): Promise<IssuedApiKey> {
    const key = makeKeyText(id);
    const until = this.deps.clock.now() + graceMs;
    const apiKey = await this.#change(id, (record) => {
      if (record.revokedAt !== null) throw new GatewayError('API_KEY_NOT_FOUND', 'This key was revoked.');
      const former = record.secrets.slice(0, 1).map(({ sha256 }) => ({ sha256, until }));
      return { ...record, secrets: [{ sha256: sha256Hex(key), until: null }, ...former] };
    });
    return { key, apiKey };
  }

  /** For good, and from the moment this resolves. @throws GatewayError `API_KEY_NOT_FOUND` */
  revoke(id: string): Promise<ApiKeyResource> {
    return this.#change(id, (record) => ({ ...record, revokedAt: record.revokedAt ?? this.deps.clock.now() }));
  }

  /** Every key as it is now, with when it was last used. */
  records(): ApiKeyRecord[] {
    return [...this.#byId.values()].map((record) => this.#withUse(record));
  }

  /** Changes that come from the table. `change` gets the newest records and returns those that become others. */
  update(change: (records: ApiKeyRecord[]) => ApiKeyRecord[]): Promise<void> {
    return this.#changes.run(() => this.#save(change(this.records())));
  }

  async #change(id: string, change: (record: ApiKeyRecord) => ApiKeyRecord): Promise<ApiKeyResource> {
    const changed = await this.#changes.run(async () => {
      const known = this.#byId.get(id);
      if (!known) throw new GatewayError('API_KEY_NOT_FOUND');
      const record = { ...change(known), mirrored: false };
      await this.#save([record]);
      return record;
    });
    this.events.emit('changed', null);
    return this.#present(changed);
  }

  /** A key that opens nothing is a mistake of the clock or the year; better said now than by its first 401. */
  #assertFuture(expiresAt: number | null): void {
    const now = this.deps.clock.now();
    if (expiresAt === null || expiresAt > now) return;
    const problem = `must be in the future (now it is ${new Date(now).toISOString()}); without it the key does not expire`;
    throw new GatewayError('BAD_REQUEST', `body.expiresAt ${problem}`, {
      details: [{ field: 'body.expiresAt', problem }],
    });
  }

  /** On the disk first: a revocation that was answered must survive a crash. */
  async #save(records: ApiKeyRecord[]): Promise<void> {
    await this.deps.journal.access.saveKeys(records);
    for (const record of records) this.#byId.set(record.id, record);
  }

  #present(record: ApiKeyRecord): ApiKeyResource {
    return presentApiKey(this.#withUse(record), this.deps.clock.now());
  }

  #withUse(record: ApiKeyRecord): ApiKeyRecord {
    const used = this.#used.get(record.id);
    return used === undefined ? record : { ...record, lastUsedAt: Math.max(used, record.lastUsedAt ?? 0) };
  }

  #scopeOf({ ownerId, companyIds, connectionIds, texts }: ApiKeyRecord): Scope {
    const whose = { ownerId, companyIds, ...(texts && { texts }) };
    if (connectionIds === null) return whose;
    const connections = connectionIds.map((connectionId) => ({
      connectionId,
      rowId: this.deps.journal.getConnection(connectionId)?.rowId ?? null,
    }));
    return { ...whose, connections };
  }
}

function isActive({ revokedAt, expiresAt }: ApiKeyRecord, now: number): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now);
}
