import { jidDecode } from '@whiskeysockets/baileys';
import { Contact } from './contact.js';
import type { Group } from './group.js';
import { Phone } from './phone.js';

/** Anybody with a number: the owner of an account, or somebody who writes to one. */
export type Subscriber = Phone | Contact;

/** Who is on this WhatsApp, by phone number and by LID; which groups there are; which spelling of a number is the real one. */
export class Directory {
  readonly #byNumber = new Map<string, Subscriber>();
  readonly #byLid = new Map<string, Subscriber>();
  readonly #groups = new Map<string, Group>();
  readonly #canonical = new Map<string, string>();
  #nextLid = 100_000_000_000_001;

  /** A LID nobody has: 15 digits, unrelated to the number, as real ones are. */
  freshLid(): string {
    return String(this.#nextLid++);
  }

  add(subscriber: Subscriber): void {
    if (this.#byNumber.has(subscriber.number)) throw new Error(`${subscriber.number} exists already`);
    this.#byNumber.set(subscriber.number, subscriber);
    this.#byLid.set(subscriber.lid, subscriber);
  }

  addGroup(group: Group): void {
    this.#groups.set(group.jid, group);
  }

  group(jid: string): Group | undefined {
    return this.#groups.get(jid);
  }

  get groups(): Group[] {
    return [...this.#groups.values()];
  }

  groupsOf(member: Subscriber): Group[] {
    return this.groups.filter((group) => group.members.includes(member));
  }

  /** Lookups of `number` answer with `canonical` from now on. */
  alias(number: string, canonical: string): void {
    this.#canonical.set(number, canonical);
  }

  /** @param jid any form: phone number or LID, with or without a device. */
  find(jid: string): Subscriber | undefined {
    const decoded = jidDecode(jid);
    if (!decoded) return undefined;
    return decoded.server === 'lid' ? this.#byLid.get(decoded.user) : this.#byNumber.get(decoded.user);
  }

  findNumber(number: string): Subscriber | undefined {
    return this.#byNumber.get(number);
  }

  /** What a contact lookup (`usync`) answers for a number as typed; undefined when it is not on WhatsApp. */
  lookUp(number: string): Subscriber | undefined {
    const found = this.#byNumber.get(this.#canonical.get(number) ?? number);
    return found?.registered ? found : undefined;
  }

  phone(number: string): Phone | undefined {
    const found = this.#byNumber.get(number);
    return found instanceof Phone ? found : undefined;
  }

  contact(number: string): Contact | undefined {
    const found = this.#byNumber.get(number);
    return found instanceof Contact ? found : undefined;
  }

  get phones(): Phone[] {
    return [...this.#byNumber.values()].filter((each) => each instanceof Phone);
  }
}
