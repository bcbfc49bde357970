import { randomUUID } from 'node:crypto';
import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { parseRecipient } from '../lib/phone-number.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import { firstRow, newRecord } from './new-connection.js';
import { qrImage } from './qr-image.js';
import { presentConnection } from './present-connection.js';
import { assertMayCreate, assertNameIsFree, mayUse } from './scope.js';
import type { ConnectionResource, CreateConnectionInput, PairingCodeResource, QrResource, Scope } from './resources.js';

export interface ConnectionsDeps {
  journal: Journal;
  pool: WhatsAppPoolManager;
  database: Pick<SupabaseWhatsAppService, 'findSessao'>;
  clock: Clock;
  log: Log;
  defaultOwnerId: string;
}

/** How long a new connection waits to learn whether the database knows its name already. */
const LOOKUP_DEADLINE_MS = 2_000;
/** How long a request for a QR code waits for one to be shown. */
const QR_WAIT_MS = 8_000;
const PAIRING_CODE_LIFE_MS = 180_000;
/** The use cases around connections; the registry in the journal is the truth, the row in Postgres follows. */
export class Connections {
  readonly #creating = new Map<string, Promise<unknown>>();

  constructor(private readonly deps: ConnectionsDeps) {}

  /** @throws CONNECTION_TAKEN, CONNECTION_LIMIT */
  async create(
    input: CreateConnectionInput,
    scope: Scope | null,
  ): Promise<{ created: boolean; connection: ConnectionResource }> {
    // Two calls at once make one connection: the second waits, then finds it.
    while (this.#creating.has(input.connectionId)) await this.#creating.get(input.connectionId);
    const existing = this.deps.journal.getConnection(input.connectionId);
    const ownerId = input.ownerId ?? scope?.ownerId ?? existing?.ownerId ?? this.deps.defaultOwnerId;
    assertMayCreate(input, ownerId, scope);
    if (existing) return { created: false, connection: this.#reopen(existing, ownerId) };
    assertNameIsFree(input.connectionId, ownerId);
    const creating = this.#register(input, ownerId);
    this.#creating.set(
      input.connectionId,
      creating.catch(() => undefined),
    );
    try {
      return { created: true, connection: this.#present(await creating) };
    } finally {
      this.#creating.delete(input.connectionId);
    }
  }

  list(scope: Scope | null): ConnectionResource[] {
    return this.deps.journal
      .listConnections()
      .filter((record) => mayUse(record, scope))
      .map((record) => this.#present(record));
  }

  get(id: string, scope: Scope | null): ConnectionResource {
    return this.#present(this.record(id, scope));
  }

  /** Shows the current code; a connection that waits for a person starts showing codes again. @throws NO_QR */
  async qr(id: string, scope: Scope | null): Promise<QrResource> {
    const client = this.client(id, scope);
    if (!client.paired && !client.qr) {
      client.initialize();
      await client.waitFor('qr_ready', QR_WAIT_MS).catch(() => undefined);
    }
    const { qr } = client;
    if (!qr) throw new GatewayError('NO_QR', noQrReason(client), { details: { estado: client.estado } });
    return { qrCode: await qrImage(qr.code), code: qr.code, expiresAt: new Date(qr.expiresAt).toISOString() };
  }

  async pairingCode(id: string, phoneNumber: string, scope: Scope | null): Promise<PairingCodeResource> {
    const client = this.client(id, scope);
    const recipient = parseRecipient(phoneNumber);
    if (recipient.kind !== 'number') throw new GatewayError('BAD_REQUEST', 'phoneNumber must be a phone number');
    if (client.paired) throw new GatewayError('ALREADY_PAIRED');
    client.initialize();
    const pairingCode = await client.requestPairingCode(recipient.digits);
    return { pairingCode, expiresAt: new Date(this.deps.clock.now() + PAIRING_CODE_LIFE_MS).toISOString() };
  }

  /** Logs out at WhatsApp (when it can be reached), deletes the keys and forgets the connection; its rows stay. */
  async delete(id: string, scope: Scope | null): Promise<void> {
    const client = this.client(id, scope);
    await this.deps.pool.remove(id);
    await this.deps.journal.deleteConnection(id, client.record);
  }

  /** @throws CONNECTION_NOT_FOUND, also for somebody else's: its existence is nobody's business. */
  record(id: string, scope: Scope | null): ConnectionRecord {
    const record = this.deps.pool.get(id)?.record ?? this.deps.journal.getConnection(id);
    if (!record || !mayUse(record, scope)) {
      throw new GatewayError('CONNECTION_NOT_FOUND', undefined, { details: { connectionId: id } });
    }
    return record;
  }

  client(id: string, scope: Scope | null): WhatsAppClientService {
    const record = this.record(id, scope);
    return this.deps.pool.get(id) ?? this.deps.pool.add(record);
  }

  #reopen(record: ConnectionRecord, ownerId: string): ConnectionResource {
    if (record.ownerId !== ownerId) {
      throw new GatewayError('CONNECTION_TAKEN', undefined, { details: { connectionId: record.connectionId } });
    }
    const client = this.deps.pool.get(record.connectionId) ?? this.deps.pool.add(record);
    if (!client.paired) client.initialize();
    return this.#present(record);
  }

  async #register(input: CreateConnectionInput, ownerId: string): Promise<ConnectionRecord> {
    const rowId = await this.#rowIdOf(input.connectionId, ownerId);
    const record = newRecord(input, ownerId, rowId, this.deps.clock.now());
    const client = this.deps.pool.add(record);
    await this.deps.journal.commit({
      connections: [record],
      entries: [{ kind: 'session', connectionId: record.connectionId, changes: firstRow(record) }],
    });
    client.initialize();
    return record;
  }

  /** A row of that name may be left from an earlier life of this gateway: it is used again, if it is the same owner's. */
  async #rowIdOf(connectionId: string, ownerId: string): Promise<string> {
    try {
      const row = await withDeadline(this.deps.database.findSessao(connectionId), LOOKUP_DEADLINE_MS, 'session lookup');
      if (!row) return randomUUID();
      if (row['owner_id'] !== ownerId)
        throw new GatewayError('CONNECTION_TAKEN', undefined, { details: { connectionId } });
      return String(row['id']);
    } catch (error) {
      if (isGatewayError(error, 'CONNECTION_TAKEN')) throw error;
      this.deps.log.warn('session not looked up, the database is away', { connectionId, error });
      return randomUUID();
    }
  }

  #present(record: ConnectionRecord): ConnectionResource {
    const client = this.deps.pool.get(record.connectionId) ?? null;
    return presentConnection(client?.record ?? record, client);
  }
}

function noQrReason(client: WhatsAppClientService): string {
  return client.paired
    ? 'This connection is paired: there is no QR code to show. Delete it to pair another number.'
    : `There is no QR code to show now (estado ${client.estado}): try again in a few seconds.`;
}
