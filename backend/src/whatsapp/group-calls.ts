import { jidNormalizedUser, type BinaryNode, type GroupMetadata, type WASocket } from '@whiskeysockets/baileys';
import { withDeadline } from '../lib/deadline.js';
import { GatewayError } from '../lib/errors.js';
import { isSame } from './apply-group-notice.js';
import type { OpenSocket } from './client-calls.js';
import type { ContactLearner } from './contact-learner.js';
import { refusalOf } from './query-refusals.js';

/** A group as Baileys tells it. */
export type WhatsAppGroup = GroupMetadata;
export type MemberAction = 'add' | 'remove' | 'promote' | 'demote';
export type GroupSetting = 'announcement' | 'not_announcement' | 'locked' | 'unlocked';

/** What became of one person. `status` is WhatsApp's: 200 done, 403 lets nobody add them, 404 no such member or number,
 *  408 left a short time ago, 409 is one already. */
export interface MemberOutcome {
  jid: string;
  status: string;
  /** For a 403: with it the person can come in by themselves. `expiresAt` in ms since the epoch. */
  invite: { code: string; expiresAt: number } | null;
}

const DEADLINE_MS = 20_000;

/**
 * Groups, by Baileys' own calls (lib/Socket/groups.js). Each has a deadline; what WhatsApp refuses becomes an error of the
 * catalogue; what it accepts is in the cache before the answer, whenever its notification comes.
 * Everything rejects NOT_CONNECTED, DEADLINE_EXCEEDED, RATE_LIMITED, GROUP_NOT_FOUND, GROUP_FORBIDDEN, GROUP_REFUSED.
 */
export class GroupCalls {
  constructor(private readonly deps: { socket: () => OpenSocket | null; contacts: ContactLearner }) {}

  /** From the cache: no question to WhatsApp, also while not connected. */
  known(jid: string): GroupMetadata | null {
    return this.deps.contacts.groups.get(jid) ?? null;
  }

  /** ms since the epoch. */
  fetchedAt(jid: string): number | null {
    return this.deps.contacts.groups.fetchedAt(jid);
  }

  /** All groups that this number is in. */
  async list(): Promise<GroupMetadata[]> {
    const groups = Object.values(await this.#ask((sock) => sock.groupFetchAllParticipating(), 'groups'));
    await this.deps.contacts.learn(groups);
    return groups;
  }

  async fetch(jid: string): Promise<GroupMetadata> {
    return this.#learnt(await this.#ask((sock) => sock.groupMetadata(jid), 'group'));
  }

  /** @param participants their addresses; this number is in it by itself */
  async create(subject: string, participants: string[]): Promise<GroupMetadata> {
    return this.#learnt(await this.#ask((sock) => sock.groupCreate(subject, participants), 'new group'));
  }

  async changeMembers(jid: string, participants: string[], action: MemberAction): Promise<MemberOutcome[]> {
    const answers = await this.#ask((sock) => sock.groupParticipantsUpdate(jid, participants, action), action);
    const outcomes = answers.map(outcomeOf);
    const done = outcomes.filter(({ status }) => status === '200').map(({ jid: id }) => ({ id }));
    // Who came in has another address beside this one, which the notification tells.
    if (action !== 'add') await this.#change(jid, (group) => withoutOrWith(group, done, action));
    return outcomes;
  }

  async setSubject(jid: string, subject: string): Promise<void> {
    await this.#ask((sock) => sock.groupUpdateSubject(jid, subject), 'subject');
    await this.#change(jid, (group) => ({ ...group, subject }));
  }

  /** Empty removes it. */
  async setDescription(jid: string, description: string): Promise<void> {
    await this.#ask((sock) => sock.groupUpdateDescription(jid, description || undefined), 'description');
    await this.#change(jid, ({ desc: _desc, descId: _id, ...group }) =>
      description ? { ...group, desc: description } : group,
    );
  }

  async setSetting(jid: string, setting: GroupSetting): Promise<void> {
    await this.#ask((sock) => sock.groupSettingUpdate(jid, setting), 'setting');
    const announce = setting === 'announcement' || setting === 'not_announcement';
    await this.#change(jid, (group) =>
      announce ? { ...group, announce: setting === 'announcement' } : { ...group, restrict: setting === 'locked' },
    );
  }

  /** The end of the invite link. */
  async inviteCode(jid: string): Promise<string> {
    return codeOf(await this.#ask((sock) => sock.groupInviteCode(jid), 'invite link'));
  }

  /** A new one; the old link lets nobody in any more. */
  async revokeInvite(jid: string): Promise<string> {
    return codeOf(await this.#ask((sock) => sock.groupRevokeInvite(jid), 'new invite link'));
  }

  /** @returns the group's JID; null when its admins have to approve first. Also rejects INVITE_INVALID. */
  async join(code: string): Promise<string | null> {
    return (await this.#ask((sock) => sock.groupAcceptInvite(code), 'join', 'join')) ?? null;
  }

  async leave(jid: string): Promise<void> {
    await this.#ask((sock) => sock.groupLeave(jid), 'leave');
    await this.deps.contacts.groups.forget(jid);
  }

  async #ask<T>(
    question: (sock: WASocket) => Promise<T>,
    name: string,
    context: 'group' | 'join' = 'group',
  ): Promise<T> {
    const socket = this.deps.socket();
    if (!socket) throw new GatewayError('NOT_CONNECTED');
    try {
      return await withDeadline(question(socket.sock), DEADLINE_MS, name);
    } catch (error) {
      throw refusalOf(error, context);
    }
  }

  async #learnt(group: GroupMetadata): Promise<GroupMetadata> {
    await this.deps.contacts.learn([group]);
    return group;
  }

  #change(jid: string, change: (group: GroupMetadata) => GroupMetadata): Promise<void> {
    return this.deps.contacts.groups.change(jid, change);
  }
}

function outcomeOf({ jid, status, content }: { jid: string | undefined; status: string; content: BinaryNode }) {
  const request = Array.isArray(content.content) ? content.content.find(({ tag }) => tag === 'add_request') : undefined;
  const { code, expiration } = request?.attrs ?? {};
  const invite = code ? { code, expiresAt: Number(expiration ?? 0) * 1000 } : null;
  return { jid: jidNormalizedUser(jid), status, invite };
}

function withoutOrWith(group: GroupMetadata, done: { id: string }[], action: MemberAction): GroupMetadata {
  const isDone = (each: GroupMetadata['participants'][number]) => done.some((one) => isSame(each, one));
  if (action === 'remove') {
    const participants = group.participants.filter((each) => !isDone(each));
    return { ...group, participants, size: participants.length };
  }
  const admin = action === 'promote' ? ('admin' as const) : null;
  return { ...group, participants: group.participants.map((each) => (isDone(each) ? { ...each, admin } : each)) };
}

function codeOf(code: string | undefined): string {
  if (!code) throw new GatewayError('GROUP_REFUSED', 'WhatsApp gave no invite link.');
  return code;
}
