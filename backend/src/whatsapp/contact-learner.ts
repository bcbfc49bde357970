import {
  isJidGroup,
  jidNormalizedUser,
  type Contact,
  type GroupMetadata,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';
import type { NewLogEntry } from '../journal/records.js';
import { withDeadline } from '../lib/deadline.js';
import type { ErrorCode, GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { GroupCache } from './group-cache.js';
import { refusalOf } from './query-refusals.js';

const GROUP_DEADLINE_MS = 15_000;
/** Different groups asked for at the same time. */
const MAX_GROUP_QUERIES = 3;
/** Business names that were told already; beyond it they are told once more. */
const MAX_NAMES_TOLD = 5_000;
/** Nothing can be written to such a group, however often it is tried. */
const CLOSED_TO_US: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['GROUP_NOT_FOUND', 'GROUP_FORBIDDEN']);

/**
 * Who is who: names from the address book, names of businesses, LID ↔ number mappings, blocks and group subjects, as
 * WhatsApp tells them, written to the log so that they reach `whatsapp_contatos`.
 */
export class ContactLearner {
  readonly #asked = new Map<string, Promise<GatewayError | null>>();
  readonly #namesTold = new Map<string, string>();

  constructor(private readonly deps: { connectionId: string; journal: Journal; groups: GroupCache; log: Log }) {}

  get groups(): GroupCache {
    return this.deps.groups;
  }

  /** Listens to one socket; it ends with that socket. */
  listen(sock: WASocket): void {
    sock.ev.on('lid-mapping.update', ({ lid, pn }) => this.#write([this.#person(lid, pn)]));
    sock.ev.on('contacts.upsert', (contacts) =>
      this.#write(
        contacts
          .filter((contact) => contact.name && !isJidGroup(contact.id))
          .map((contact) => this.#person(lidOf(contact), pnOf(contact), { nome: contact.name! })),
      ),
    );
    sock.ev.on('contacts.update', (contacts) => this.#businesses(contacts));
    sock.ev.on('blocklist.update', ({ blocklist, type }) =>
      this.#write(
        blocklist.map((jid) => this.#person(lidOf({ id: jid }), pnOf({ id: jid }), { bloqueado: type === 'add' })),
      ),
    );
    sock.ev.on('groups.upsert', (groups) => void this.learn(groups));
    // Also its changes one by one, which the notification has brought already; only whole groups are news.
    sock.ev.on('groups.update', (groups) => void this.learn(groups.filter(isWhole)));
    sock.ws.on('CB:message', (node: { attrs: Record<string, string> }) => this.#seen(sock, node.attrs.from));
  }

  /** Groups as WhatsApp has just answered them. Never rejects. */
  async learn(groups: GroupMetadata[]): Promise<void> {
    try {
      const renamed = await this.groups.put(groups);
      this.#write(renamed.map((group) => this.groupEntry(group.id, group.subject)));
    } catch (error) {
      this.deps.log.error('groups not journaled', { error });
    }
  }

  /**
   * Asks for a group unless it is known; once at a time.
   * @throws GatewayError `GROUP_NOT_FOUND`, `GROUP_FORBIDDEN` when WhatsApp says so; whatever else goes wrong is found out
   * by whoever needs the group.
   */
  async ensure(sock: WASocket, jid: string): Promise<void> {
    if (!this.groups.wants(jid)) return;
    const known = this.groups.get(jid) !== undefined;
    const asking = this.#ask(sock, jid);
    // An old answer serves until the new one is there.
    const refusal = known ? null : await asking;
    if (refusal && CLOSED_TO_US.has(refusal.code)) throw refusal;
  }

  groupEntry(jid: string, nome: string): NewLogEntry {
    const { connectionId } = this.deps;
    return { kind: 'contact', connectionId, tipo: 'grupo', jid, pn: null, lid: null, nome };
  }

  /** A message of a group that is not known yet: ask once, beside the message's own way. */
  #seen(sock: WASocket, jid: string | undefined): void {
    if (!jid || !isJidGroup(jid) || this.#asked.size >= MAX_GROUP_QUERIES) return;
    if (this.groups.wants(jid)) void this.#ask(sock, jid);
  }

  /** Never rejects. @returns why it could not be learnt; null when it was */
  #ask(sock: WASocket, jid: string): Promise<GatewayError | null> {
    const asked = this.#asked.get(jid);
    if (asked) return asked;
    const asking = withDeadline(sock.groupMetadata(jid), GROUP_DEADLINE_MS, 'group')
      .then((group) => this.learn([group]))
      .then(
        () => null,
        (error: unknown) => {
          this.deps.log.debug('group not learnt', { error });
          return refusalOf(error, 'group');
        },
      )
      .finally(() => this.#asked.delete(jid));
    this.#asked.set(jid, asking);
    return asking;
  }

  /** Every message of a business brings its name: told when it is another one than last time. */
  #businesses(contacts: Partial<Contact>[]): void {
    const entries: NewLogEntry[] = [];
    for (const { id, verifiedName } of contacts) {
      if (!id || !verifiedName || this.#namesTold.get(id) === verifiedName) continue;
      if (this.#namesTold.size >= MAX_NAMES_TOLD) this.#namesTold.clear();
      this.#namesTold.set(id, verifiedName);
      entries.push(this.#person(lidOf({ id }), pnOf({ id }), { nomeEmpresa: verifiedName }));
    }
    this.#write(entries);
  }

  #person(lid: string | null, pn: string | null, facts: PersonFacts = {}): NewLogEntry {
    const { connectionId } = this.deps;
    const [bareLid, barePn] = [lid, pn].map((jid) => (jid ? jidNormalizedUser(jid) : null)) as [
      string | null,
      string | null,
    ];
    const jid = barePn ?? bareLid ?? '';
    return { kind: 'contact', connectionId, tipo: 'pessoa', jid, pn: barePn, lid: bareLid, ...facts };
  }

  #write(entries: NewLogEntry[]): void {
    const known = entries.filter((entry) => entry.kind !== 'contact' || entry.jid !== '');
    if (known.length === 0) return;
    this.deps.journal
      .commit({ entries: known })
      .catch((error: unknown) => this.deps.log.error('contacts not journaled', { error }));
  }
}

interface PersonFacts {
  nome?: string;
  nomeEmpresa?: string;
  bloqueado?: boolean;
}

const lidOf = (contact: { id: string; lid?: string }) =>
  contact.lid ?? (contact.id.endsWith('@lid') ? contact.id : null);
const pnOf = (contact: { id: string; phoneNumber?: string }) =>
  contact.phoneNumber ?? (contact.id.endsWith('@s.whatsapp.net') ? contact.id : null);
const isWhole = (group: Partial<GroupMetadata>): group is GroupMetadata =>
  group.id !== undefined && group.subject !== undefined && Array.isArray(group.participants);
