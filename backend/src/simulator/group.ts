import { randomBytes } from 'node:crypto';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Contact } from './contact.js';
import { Phone } from './phone.js';
import { node, seconds } from './stanzas.js';

export interface GroupOptions {
  subject: string;
  /** The first one is the creator and an admin. */
  members: (Phone | Contact)[];
  addressing?: 'pn' | 'lid';
  /** Chosen when missing. */
  jid?: string;
}

/** A WhatsApp group: who is in it and under which of their identities, who may do what, and how to get in. */
export class Group {
  subject: string;
  description: { id: string; body: string; by: Phone | Contact; at: string } | null = null;
  /** Only admins write messages. */
  announce = false;
  /** Only admins change subject, description and settings. */
  locked = false;
  /** Seconds after which its messages disappear; 0 = they stay. */
  ephemeralS = 0;
  inviteCode = freshInviteCode();
  /** Codes that a new one has replaced. */
  readonly revokedCodes = new Set<string>();
  readonly addressing: 'pn' | 'lid';
  readonly members: (Phone | Contact)[];
  readonly admins: Set<Phone | Contact>;
  readonly creator: Phone | Contact | undefined;
  readonly createdAt = seconds();

  constructor(
    readonly jid: string,
    options: GroupOptions,
  ) {
    this.subject = options.subject;
    this.addressing = options.addressing ?? 'lid';
    this.members = [...options.members];
    this.creator = this.members[0];
    this.admins = new Set(this.members.slice(0, 1));
  }

  /** The accounts that are members. */
  get phones(): Phone[] {
    return this.members.filter((member) => member instanceof Phone);
  }

  addressOf(member: Phone | Contact): string {
    return this.addressing === 'lid' ? member.lidJid : member.pnJid;
  }

  /** The identity that the group does not use; told beside the other. */
  otherAddressOf(member: Phone | Contact): string {
    return this.addressing === 'lid' ? member.pnJid : member.lidJid;
  }

  /** `<group>` as the metadata queries answer it (`extractGroupMetadata` in Baileys' Socket/groups.js). */
  toNode(): BinaryNode {
    const { creator } = this;
    const attrs = {
      id: this.jid.split('@')[0],
      subject: this.subject,
      s_t: this.createdAt,
      creation: this.createdAt,
      creator: creator ? this.addressOf(creator) : undefined,
      addressing_mode: this.addressing,
      size: String(this.members.length),
    };
    return node('group', attrs, [
      ...this.members.map((member) => this.participantNode(member)),
      ...(this.description ? [this.#descriptionNode(this.description)] : []),
      ...(this.announce ? [node('announcement')] : []),
      ...(this.locked ? [node('locked')] : []),
      ...(this.ephemeralS > 0 ? [node('ephemeral', { expiration: String(this.ephemeralS) })] : []),
    ]);
  }

  /** `<participant>` of answers and notifications. @param error why nothing became of it, with its content */
  participantNode(member: Phone | Contact, error?: string, content?: BinaryNode[]): BinaryNode {
    const lid = this.addressing === 'lid';
    const other = lid ? { phone_number: this.otherAddressOf(member) } : { lid: this.otherAddressOf(member) };
    const type = member === this.creator ? 'superadmin' : 'admin';
    const role = this.admins.has(member) ? { type } : {};
    return node('participant', { jid: this.addressOf(member), ...other, ...role, error }, content);
  }

  /** Replaces the invite link; the old one lets nobody in any more. */
  renewInvite(): void {
    this.revokedCodes.add(this.inviteCode);
    this.inviteCode = freshInviteCode();
  }

  #descriptionNode({ id, body, by, at }: NonNullable<Group['description']>): BinaryNode {
    return node('description', { id, t: at, participant: this.addressOf(by) }, [node('body', {}, Buffer.from(body))]);
  }
}

/** 22 characters, as the ends of real links have. */
const freshInviteCode = (): string => randomBytes(16).toString('base64url');
