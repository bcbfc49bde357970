import type { Journal } from '../journal/journal.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import { digitsOfJid, pnJid } from '../lib/phone-number.js';
import type { NumberCheck } from '../outbound/number-check.js';
import type { Recipients } from '../outbound/recipients.js';
import type { ContatoFilter, ContatoTable } from '../supabase/contatos.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import type { PictureOf, PictureResource, ProfilePictures } from './profile-pictures.js';
import type { QueryLimits } from './query-limits.js';
import type { PageAsked, Row, Scope, TwoWayPage } from './resources.js';

export interface ContactsDeps {
  /** @throws CONNECTION_NOT_FOUND, also for one that the caller may not use */
  clientOf: (connectionId: string, scope: Scope | null) => WhatsAppClientService;
  contatos: ContatoTable;
  pictures: ProfilePictures;
  numbers: NumberCheck;
  recipients: Pick<Recipients, 'read'>;
  journal: Pick<Journal, 'commit'>;
  limits: QueryLimits;
}

/** Both addresses of a person; null = not known. */
export interface AddressResource {
  numero: string | null;
  pn: string | null;
  lid: string | null;
}

const LOOKUP_DEADLINE_MS = 5_000;

/** The use cases around people: who they are, their pictures, their addresses, and who is blocked.
 *  Everything rejects CONNECTION_NOT_FOUND, INVALID_RECIPIENT. */
export class Contacts {
  constructor(private readonly deps: ContactsDeps) {}

  /** @throws BAD_REQUEST (cursor), DATABASE_UNAVAILABLE */
  async list(connectionId: string, filter: ContatoFilter, page: PageAsked, scope: Scope | null): Promise<TwoWayPage> {
    this.deps.clientOf(connectionId, scope);
    return this.deps.contatos.list(connectionId, filter, page, scope);
  }

  /** The row. @param address a number, a LID or a group's JID @throws CONTACT_NOT_FOUND, DATABASE_UNAVAILABLE */
  async get(connectionId: string, address: string, scope: Scope | null): Promise<Row> {
    this.deps.clientOf(connectionId, scope);
    const { jid, pn, lid } = await this.#partyOf(connectionId, address);
    const jids = [...new Set([jid, pn, lid].filter((each) => each !== null))];
    const lookup = this.deps.contatos.find(connectionId, jids, scope);
    const row = await withDeadline(lookup, LOOKUP_DEADLINE_MS, 'the contact');
    if (!row) throw new GatewayError('CONTACT_NOT_FOUND');
    return row;
  }

  /** @throws NOT_CONNECTED, RATE_LIMITED, QUERY_REFUSED */
  async picture(
    connectionId: string,
    address: string,
    refresh: boolean,
    scope: Scope | null,
  ): Promise<PictureResource> {
    const client = this.deps.clientOf(connectionId, scope);
    return this.deps.pictures.get(client, await this.#partyOf(connectionId, address), refresh);
  }

  /**
   * From what the connection has met; else WhatsApp is asked for the LID of a number. A number that belongs to a LID
   * cannot be asked for: WhatsApp tells it with messages and members of groups, or not at all.
   * @throws NOT_CONNECTED, RATE_LIMITED
   */
  async resolve(connectionId: string, address: string, scope: Scope | null): Promise<AddressResource> {
    const client = this.deps.clientOf(connectionId, scope);
    const { tipo, pn, lid } = await this.#partyOf(connectionId, address);
    if (tipo === 'grupo') throw new GatewayError('INVALID_RECIPIENT', 'address must be a phone number or a LID.');
    if (pn !== null && lid !== null) return present(pn, lid);
    if (pn === null) return present(await client.calls.pnForLid(lid!), lid);
    return present(pn, await this.#askLid(client, pn));
  }

  /** Whom the number has blocked, as WhatsApp lists them now. @throws NOT_CONNECTED, RATE_LIMITED, QUERY_REFUSED */
  async blocklist(connectionId: string, scope: Scope | null): Promise<AddressResource[]> {
    const client = this.#ready(connectionId, scope);
    this.deps.limits.take(client, 'block');
    const jids = await client.calls.contacts.blocklist();
    const parties = await Promise.all(jids.map((jid) => this.#partyOf(connectionId, jid)));
    return parties.map(({ pn, lid }) => present(pn, lid));
  }

  /** They can neither write nor call any more; also `bloqueado` of the contato.
   *  @throws NOT_CONNECTED, RATE_LIMITED, QUERY_REFUSED, NOT_ON_WHATSAPP, CONTACT_NOT_FOUND, JOURNAL_FAILED */
  async setBlocked(
    connectionId: string,
    address: string,
    blocked: boolean,
    scope: Scope | null,
  ): Promise<AddressResource> {
    const client = this.#ready(connectionId, scope);
    const { pn, lid } = await this.resolve(connectionId, address, scope);
    // WhatsApp wants both addresses of whom it blocks.
    if (lid === null) throw new GatewayError('NOT_ON_WHATSAPP');
    if (pn === null && blocked) throw new GatewayError('CONTACT_NOT_FOUND', 'The number behind this LID is not known.');
    this.deps.limits.take(client, 'block');
    await client.calls.contacts.setBlocked(lid, blocked);
    await this.deps.journal.commit({
      entries: [{ kind: 'contact', connectionId, tipo: 'pessoa', jid: pn ?? lid, pn, lid, bloqueado: blocked }],
    });
    return present(pn, lid);
  }

  async #askLid(client: WhatsAppClientService, pn: string): Promise<string | null> {
    if (client.estado !== 'ready') throw new GatewayError('NOT_CONNECTED');
    this.deps.limits.take(client, 'address');
    return client.calls.lidForPn(pn);
  }

  #ready(connectionId: string, scope: Scope | null): WhatsAppClientService {
    const client = this.deps.clientOf(connectionId, scope);
    if (client.estado !== 'ready') throw new GatewayError('NOT_CONNECTED');
    return client;
  }

  /** What is known of an address without asking WhatsApp. */
  async #partyOf(connectionId: string, address: string): Promise<PictureOf> {
    const { numbers } = this.deps;
    const recipient = await this.deps.recipients.read(connectionId, address, 'address');
    if (recipient.kind === 'number') {
      const known = numbers.known(connectionId, recipient.digits);
      const found = known?.kind === 'found' ? known : { pn: pnJid(recipient.digits), lid: null };
      return { tipo: 'pessoa', jid: found.pn, pn: found.pn, lid: found.lid };
    }
    const { jid, tipo } = recipient;
    if (tipo === 'grupo') return { tipo, jid, pn: null, lid: null };
    return { tipo, jid, pn: numbers.pnOfLid(connectionId, jid), lid: jid };
  }
}

function present(pn: string | null, lid: string | null): AddressResource {
  return { numero: pn && digitsOfJid(pn), pn, lid };
}
