import { isJidGroup, jidNormalizedUser, type GroupMetadata, type WASocket } from '@whiskeysockets/baileys';
import NodeCache from 'node-cache';
import type { Journal } from '../journal/journal.js';
import type { NewLogEntry } from '../journal/records.js';
import { withDeadline } from '../lib/deadline.js';
import type { Log } from '../lib/log.js';

const GROUP_TTL_S = 3600;
const GROUP_DEADLINE_MS = 15_000;
/** Different groups asked for at the same time. */
const MAX_GROUP_QUERIES = 3;

/**
 * Who is who: names from the address book, LID ↔ number mappings and group subjects, as WhatsApp tells them, written to
 * the log so that they reach `whatsapp_contatos`. Also the cache of group members that sending to a group needs.
 */
export class ContactLearner {
  readonly #groups = new NodeCache({ stdTTL: GROUP_TTL_S, useClones: false });
  readonly #asked = new Set<string>();

  constructor(private readonly deps: { connectionId: string; journal: Journal; log: Log }) {}

  group(jid: string): GroupMetadata | undefined {
    return this.#groups.get<GroupMetadata>(jid);
  }

  stop(): void {
    this.#groups.close();
  }

  /** Listens to one socket; it ends with that socket. */
  listen(sock: WASocket): void {
    sock.ev.on('lid-mapping.update', ({ lid, pn }) => this.#write([this.#person(lid, pn)]));
    sock.ev.on('contacts.upsert', (contacts) =>
      this.#write(
        contacts
          .filter((contact) => contact.name && !isJidGroup(contact.id))
          .map((contact) => this.#person(lidOf(contact), pnOf(contact), contact.name)),
      ),
    );
    sock.ev.on('groups.upsert', (groups) => groups.forEach((group) => this.#learnGroup(group)));
    sock.ev.on('groups.update', (groups) => groups.forEach((group) => group.id && this.#groups.del(group.id)));
    sock.ev.on('group-participants.update', ({ id }) => void this.#groups.del(id));
    sock.ws.on('CB:message', (node: { attrs: Record<string, string> }) => this.#seen(sock, node.attrs.from));
  }

  /** A message of a group whose subject is not known yet: ask once, beside the message's own way. */
  #seen(sock: WASocket, jid: string | undefined): void {
    if (!jid || !isJidGroup(jid) || this.#groups.has(jid) || this.#asked.has(jid)) return;
    if (this.#asked.size >= MAX_GROUP_QUERIES) return;
    this.#asked.add(jid);
    withDeadline(sock.groupMetadata(jid), GROUP_DEADLINE_MS, 'group')
      .then((group) => this.#learnGroup(group))
      .catch((error) => this.deps.log.debug('group not learnt', { error }))
      .finally(() => this.#asked.delete(jid));
  }

  #learnGroup(group: GroupMetadata): void {
    this.#groups.set(group.id, group);
    const { connectionId } = this.deps;
    this.#write([
      { kind: 'contact', connectionId, tipo: 'grupo', jid: group.id, pn: null, lid: null, nome: group.subject },
    ]);
  }

  #person(lid: string | null, pn: string | null, nome?: string): NewLogEntry {
    const { connectionId } = this.deps;
    const [bareLid, barePn] = [lid, pn].map((jid) => (jid ? jidNormalizedUser(jid) : null)) as [
      string | null,
      string | null,
    ];
    const jid = barePn ?? bareLid ?? '';
    return { kind: 'contact', connectionId, tipo: 'pessoa', jid, pn: barePn, lid: bareLid, ...(nome ? { nome } : {}) };
  }

  #write(entries: NewLogEntry[]): void {
    const known = entries.filter((entry) => entry.kind !== 'contact' || entry.jid !== '');
    if (known.length === 0) return;
    this.deps.journal
      .commit({ entries: known })
      .catch((error: unknown) => this.deps.log.error('contacts not journaled', { error }));
  }
}

const lidOf = (contact: { id: string; lid?: string }) =>
  contact.lid ?? (contact.id.endsWith('@lid') ? contact.id : null);
const pnOf = (contact: { id: string; phoneNumber?: string }) =>
  contact.phoneNumber ?? (contact.id.endsWith('@s.whatsapp.net') ? contact.id : null);
