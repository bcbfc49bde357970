import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Contact } from './contact.js';
import { Phone } from './phone.js';
import { node, seconds } from './stanzas.js';

export interface GroupOptions {
  subject: string;
  /** The first one is the creator and an admin. */
  members: (Phone | Contact)[];
  addressing?: 'pn' | 'lid';
}

/** A WhatsApp group: who is in it and under which of their identities. */
export class Group {
  subject: string;
  readonly addressing: 'pn' | 'lid';
  readonly members: (Phone | Contact)[];
  readonly createdAt = seconds();

  constructor(
    readonly jid: string,
    options: GroupOptions,
  ) {
    this.subject = options.subject;
    this.addressing = options.addressing ?? 'lid';
    this.members = [...options.members];
  }

  /** The accounts that are members. */
  get phones(): Phone[] {
    return this.members.filter((member) => member instanceof Phone);
  }

  addressOf(member: Phone | Contact): string {
    return this.addressing === 'lid' ? member.lidJid : member.pnJid;
  }

  /** `<group>` as the metadata queries answer it (`extractGroupMetadata` in Baileys' Socket/groups.js). */
  toNode(): BinaryNode {
    const creator = this.members[0];
    const attrs = {
      id: this.jid.split('@')[0],
      subject: this.subject,
      s_t: this.createdAt,
      creation: this.createdAt,
      creator: creator ? this.addressOf(creator) : undefined,
      addressing_mode: this.addressing,
      size: String(this.members.length),
    };
    return node(
      'group',
      attrs,
      this.members.map((member, index) => this.#participant(member, index)),
    );
  }

  #participant(member: Phone | Contact, index: number): BinaryNode {
    const other = this.addressing === 'lid' ? { phone_number: member.pnJid } : { lid: member.lidJid };
    return node('participant', { jid: this.addressOf(member), ...other, type: index === 0 ? 'superadmin' : undefined });
  }
}
