import { addressesOf, type StoredMember } from '../journal/group-records.js';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { ContatoTable } from '../supabase/contatos.js';
import type { MemberAction, WhatsAppGroup } from '../whatsapp/group-calls.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import {
  presentGroup,
  presentMember,
  presentOutcome,
  type GroupResource,
  type GroupSummary,
  type MemberResultResource,
} from './group-resources.js';
import type { MemberAddresses } from './member-addresses.js';
import type { QueryLimits } from './query-limits.js';
import type { Scope } from './resources.js';

export interface GroupsDeps {
  /** @throws CONNECTION_NOT_FOUND, also for one that the caller may not use */
  clientOf: (connectionId: string, scope: Scope | null) => WhatsAppClientService;
  contatos: Pick<ContatoTable, 'names'>;
  addresses: MemberAddresses;
  limits: QueryLimits;
  log: Log;
}

/** What may be changed of a group; what is absent stays. */
export interface GroupChanges {
  subject?: string | undefined;
  /** Empty removes it. */
  description?: string | undefined;
  announce?: boolean | undefined;
  locked?: boolean | undefined;
}

const NAMES_DEADLINE_MS = 2_000;
const LINK = 'https://chat.whatsapp.com/';

/**
 * The use cases around groups. WhatsApp is asked as seldom as the cache allows, and never more often than `QueryLimits`.
 * Everything rejects CONNECTION_NOT_FOUND, NOT_CONNECTED, RATE_LIMITED, GROUP_NOT_FOUND, GROUP_FORBIDDEN, GROUP_REFUSED,
 * DEADLINE_EXCEEDED.
 */
export class Groups {
  constructor(private readonly deps: GroupsDeps) {}

  /** All groups that the number is in, as WhatsApp lists them now. */
  async list(connectionId: string, scope: Scope | null): Promise<GroupSummary[]> {
    const client = this.#client(connectionId, scope);
    this.#assertReady(client);
    this.deps.limits.take(client, 'groupList');
    const groups = await client.calls.groups.list();
    return groups.map((group) => this.#summary(client, group)).sort((a, b) => a.subject.localeCompare(b.subject));
  }

  /** From the cache, also while not connected. @param refresh asks WhatsApp in any case */
  async info(connectionId: string, jid: string, refresh: boolean, scope: Scope | null): Promise<GroupResource> {
    const client = this.#client(connectionId, scope);
    return this.#present(client, await this.#group(client, jid, refresh));
  }

  /** Who lets nobody add them, or is not on WhatsApp, is in the results and not in the group. */
  async create(
    connectionId: string,
    input: { subject: string; participants: string[] },
    scope: Scope | null,
  ): Promise<{ group: GroupResource; results: MemberResultResource[] }> {
    const client = this.#client(connectionId, scope);
    this.#assertReady(client);
    const found = await this.deps.addresses.onWhatsApp(connectionId, input.participants);
    this.deps.limits.take(client, 'groupCreate');
    const group = await client.calls.groups.create(
      input.subject,
      found.flatMap(({ jid }) => jid ?? []),
    );
    const results = found.map(({ participant, jid, lid }) => {
      const isIn = group.participants.some((member) => hasAddress(member, [jid, lid]));
      const status = isIn ? '200' : '403';
      return presentOutcome(participant, jid === null ? null : { jid, status, invite: null });
    });
    return { group: await this.#present(client, group), results };
  }

  /** One result per person, in the order asked for; a refusal of one does not concern the others. */
  async changeMembers(
    connectionId: string,
    jid: string,
    input: { action: MemberAction; participants: string[] },
    scope: Scope | null,
  ): Promise<MemberResultResource[]> {
    const client = this.#client(connectionId, scope);
    this.#assertReady(client);
    const { addresses, limits } = this.deps;
    const found =
      input.action === 'add'
        ? await addresses.onWhatsApp(connectionId, input.participants)
        : await addresses.inGroup(connectionId, input.participants, await this.#group(client, jid, false));
    const jids = found.flatMap((each) => each.jid ?? []);
    if (jids.length > 0) limits.take(client, 'groupChange');
    const outcomes = jids.length > 0 ? await client.calls.groups.changeMembers(jid, jids, input.action) : [];
    // WhatsApp answers in the order asked for, and may name people by their other address.
    let next = 0;
    return found.map((each) => presentOutcome(each.participant, each.jid === null ? null : (outcomes[next++] ?? null)));
  }

  /** One after the other; what came before a refusal is done. */
  async change(connectionId: string, jid: string, changes: GroupChanges, scope: Scope | null): Promise<GroupResource> {
    const client = this.#client(connectionId, scope);
    this.#assertReady(client);
    const { groups } = client.calls;
    const { subject, description, announce, locked } = changes;
    const steps = [
      subject === undefined ? null : () => groups.setSubject(jid, subject),
      description === undefined ? null : () => groups.setDescription(jid, description),
      announce === undefined ? null : () => groups.setSetting(jid, announce ? 'announcement' : 'not_announcement'),
      locked === undefined ? null : () => groups.setSetting(jid, locked ? 'locked' : 'unlocked'),
    ].filter((step) => step !== null);
    for (const step of steps) {
      this.deps.limits.take(client, 'groupChange');
      await step();
    }
    return this.#present(client, await this.#group(client, jid, false));
  }

  /** Whoever has the link can come in. */
  async invite(connectionId: string, jid: string, scope: Scope | null): Promise<{ code: string; link: string }> {
    const client = this.#client(connectionId, scope);
    this.#assertReady(client);
    this.deps.limits.take(client, 'groupRead');
    return linkOf(await client.calls.groups.inviteCode(jid));
  }

  /** @returns the new link; the old one lets nobody in any more */
  async revokeInvite(connectionId: string, jid: string, scope: Scope | null): Promise<{ code: string; link: string }> {
    const client = this.#client(connectionId, scope);
    this.#assertReady(client);
    this.deps.limits.take(client, 'groupChange');
    return linkOf(await client.calls.groups.revokeInvite(jid));
  }

  /** @param code the end of an invite link. @returns the group; null when its admins have to approve. Rejects INVITE_INVALID. */
  async join(connectionId: string, code: string, scope: Scope | null): Promise<string | null> {
    const client = this.#client(connectionId, scope);
    this.#assertReady(client);
    this.deps.limits.take(client, 'groupJoin');
    return client.calls.groups.join(code);
  }

  async leave(connectionId: string, jid: string, scope: Scope | null): Promise<void> {
    const client = this.#client(connectionId, scope);
    this.#assertReady(client);
    this.deps.limits.take(client, 'groupChange');
    await client.calls.groups.leave(jid);
  }

  #client(connectionId: string, scope: Scope | null): WhatsAppClientService {
    return this.deps.clientOf(connectionId, scope);
  }

  /** Before a token is taken for a question that cannot be asked. */
  #assertReady(client: WhatsAppClientService): void {
    if (client.estado !== 'ready') throw new GatewayError('NOT_CONNECTED');
  }

  async #group(client: WhatsAppClientService, jid: string, refresh: boolean): Promise<WhatsAppGroup> {
    const { groups } = client.calls;
    const known = refresh ? null : groups.known(jid);
    if (known) return known;
    this.#assertReady(client);
    this.deps.limits.take(client, 'groupRead');
    return groups.fetch(jid);
  }

  #summary(client: WhatsAppClientService, group: WhatsAppGroup): GroupSummary {
    return presentGroup(group, client.calls.groups.fetchedAt(group.id));
  }

  async #present(client: WhatsAppClientService, group: WhatsAppGroup): Promise<GroupResource> {
    const names = await this.#namesOf(client.connectionId, group.participants);
    const participants = group.participants.map((member) => {
      const { pn, lid } = addressesOf(member);
      return presentMember(member, names.get(pn ?? '') ?? names.get(lid ?? '') ?? null, client.me);
    });
    return { ...this.#summary(client, group), participants };
  }

  /** Without the database there are no names. */
  async #namesOf(connectionId: string, members: StoredMember[]): Promise<Map<string, string>> {
    const addresses = members.map(addressesOf);
    const pns = addresses.flatMap(({ pn }) => pn ?? []);
    const lids = addresses.flatMap(({ lid }) => lid ?? []);
    try {
      return await withDeadline(this.deps.contatos.names(connectionId, { pns, lids }), NAMES_DEADLINE_MS, 'names');
    } catch (error) {
      this.deps.log.warn('members shown without names', { connectionId, error });
      return new Map();
    }
  }
}

function linkOf(code: string): { code: string; link: string } {
  return { code, link: LINK + code };
}

function hasAddress(member: StoredMember, jids: (string | null)[]): boolean {
  const { pn, lid } = addressesOf(member);
  return jids.some((jid) => jid !== null && (jid === pn || jid === lid));
}
