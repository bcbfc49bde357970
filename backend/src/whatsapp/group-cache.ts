import type { GroupMetadata } from '@whiskeysockets/baileys';
import NodeCache from 'node-cache';
import { groupMutations, readGroup, type GroupRecord } from '../journal/group-records.js';
import type { Journal } from '../journal/journal.js';
import type { KeyMutations, StoredNode } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { applyGroupNotice } from './apply-group-notice.js';
import { groupNotices } from './group-notice.js';
import { RenewedIdentities } from './renewed-identities.js';

type Known = GroupRecord<GroupMetadata>;

/** How long one that is not used stays in memory; the journal keeps it. */
const MEMORY_S = 3600;
/** Older ones are asked for again beside their use: should a notification ever be missed, it heals within a day. */
const FRESH_MS = 86_400_000;

/**
 * The groups of one connection, so that sending to one does not ask WhatsApp who is in it (socket option
 * `cachedGroupMetadata`). Kept in the journal beside the connection's keys, so it survives restarts; kept right by
 * WhatsApp's own notifications, whose change is committed together with their entry in the log and before their ack.
 */
export class GroupCache {
  readonly #memory = new NodeCache({ stdTTL: MEMORY_S, useClones: false });

  /** Whose devices must be given our sender keys again. */
  readonly renewed: RenewedIdentities;

  constructor(private readonly deps: { connectionId: string; journal: Journal; clock: Clock }) {
    this.renewed = new RenewedIdentities(deps);
  }

  get(jid: string): GroupMetadata | undefined {
    return this.#known(jid)?.group;
  }

  /** When WhatsApp was asked for it, ms since the epoch; null when it is not known. */
  fetchedAt(jid: string): number | null {
    return this.#known(jid)?.fetchedAt ?? null;
  }

  /** Whether WhatsApp should be asked: it is not known, or has not been asked for a day. */
  wants(jid: string): boolean {
    const known = this.#known(jid);
    return !known || this.deps.clock.now() - known.fetchedAt > FRESH_MS;
  }

  /** WhatsApp's whole answers. @returns those that are new or have another subject */
  async put(groups: GroupMetadata[]): Promise<GroupMetadata[]> {
    const renamed = groups.filter((group) => this.get(group.id)?.subject !== group.subject);
    const fetchedAt = this.deps.clock.now();
    const mutations: KeyMutations = {};
    for (const group of groups) this.#plan(mutations, group.id, { fetchedAt, group });
    await this.#commit(mutations);
    return renamed;
  }

  /** Changes of ours that WhatsApp has accepted; its notification says the same again. */
  async change(jid: string, change: (group: GroupMetadata) => GroupMetadata): Promise<void> {
    const known = this.#known(jid);
    if (!known) return;
    const mutations: KeyMutations = {};
    this.#plan(mutations, jid, { ...known, group: change(known.group) });
    await this.#commit(mutations);
  }

  async forget(jid: string): Promise<void> {
    const mutations: KeyMutations = {};
    this.#plan(mutations, jid, null);
    await this.#commit(mutations);
  }

  /**
   * What a notification changes, to be committed with its log entry.
   * @returns undefined when nothing that is kept changes
   */
  mutationsOf(node: StoredNode, me: string[]): KeyMutations | undefined {
    const jid = node.attrs.from;
    const known = jid === undefined ? null : this.#known(jid);
    if (!known || jid === undefined) return undefined;
    let group: GroupMetadata | null = known.group;
    for (const notice of groupNotices(node)) group = group && applyGroupNotice(group, notice, me);
    if (group === known.group) return undefined;
    const mutations: KeyMutations = {};
    this.#plan(mutations, jid, group && { ...known, group });
    return mutations;
  }

  close(): void {
    this.#memory.close();
  }

  #known(jid: string): Known | null {
    const inMemory = this.#memory.get<Known>(jid);
    if (inMemory) return inMemory;
    const { connectionId, journal } = this.deps;
    const stored = readGroup<GroupMetadata>(journal, connectionId, jid);
    if (stored) this.#memory.set(jid, stored);
    return stored;
  }

  // Memory first: a change that comes before the commit is through builds on this one. Should the commit fail, the socket
  // is cut, and the disk has what was true before; its age brings the rest.
  #plan(mutations: KeyMutations, jid: string, record: Known | null): void {
    if (record) this.#memory.set(jid, record);
    else this.#memory.del(jid);
    for (const [type, values] of Object.entries(groupMutations(jid, record))) {
      mutations[type] = { ...mutations[type], ...values };
    }
  }

  async #commit(mutations: KeyMutations): Promise<void> {
    const { connectionId, journal } = this.deps;
    if (Object.keys(mutations).length > 0) await journal.commit({ keys: { connectionId, mutations } });
  }
}
