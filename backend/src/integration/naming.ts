import { GatewayError } from '../lib/errors.js';
import { bareDigits, digitsOfJid, pnJid, spellings, type Recipient } from '../lib/phone-number.js';
import type { ContactCard, OutgoingContent } from '../outbound/content.js';
import type { Recipients } from '../outbound/recipients.js';

/** A mentioned person: the address that phones know, and the digits under which a caller's text may name them. */
export interface Mentioned {
  jid: string;
  written: ReadonlySet<string>;
}

/** Lookups are limited (20 a minute), and each of them keeps the message back: further numbers are taken as written. */
const MOST_LOOKUPS = 5;

/** Turns the numbers inside one message (mentions, contact cards) into accounts, by the same rules as its recipient. */
export class Naming {
  #lookups = 0;

  constructor(
    private readonly recipients: Pick<Recipients, 'read' | 'find'>,
    private readonly connectionId: string,
  ) {}

  /** @throws GatewayError `INVALID_RECIPIENT` naming the entry */
  async mentioned(mentions: string[]): Promise<Mentioned[]> {
    return Promise.all(mentions.map((mention, index) => this.#mention(mention, `mentions[${index}]`)));
  }

  /** Contact cards with the account of each number; anything else as it is. @throws GatewayError `INVALID_RECIPIENT` */
  async cards(content: OutgoingContent): Promise<OutgoingContent> {
    if (content.kind !== 'contact') return content;
    return { ...content, contacts: await Promise.all(content.contacts.map((card) => this.#card(card))) };
  }

  async #mention(mention: string, field: string): Promise<Mentioned> {
    const recipient = await this.recipients.read(this.connectionId, mention, field);
    if (recipient.kind === 'number') {
      const account = (await this.#account(recipient.digits)) ?? recipient.digits;
      return { jid: pnJid(account), written: writtenAs(mention, recipient) };
    }
    if (recipient.tipo === 'pessoa') return { jid: recipient.jid, written: new Set() };
    throw new GatewayError('INVALID_RECIPIENT', `${field} must be a person, not a group`);
  }

  async #card(card: ContactCard): Promise<ContactCard> {
    const found = await Promise.all(
      card.numbers.map(async (number) => {
        const recipient = await this.recipients.read(this.connectionId, number, 'contacts.numbers');
        if (recipient.kind === 'number')
          return { number: recipient.digits, account: await this.#account(recipient.digits) };
        throw new GatewayError('INVALID_RECIPIENT', 'contacts.numbers must be phone numbers');
      }),
    );
    return { ...card, numbers: found.map(({ number }) => number), accounts: found.map(({ account }) => account) };
  }

  /** As WhatsApp spells it; as written when that cannot be told now; null when nobody has it. */
  async #account(digits: string): Promise<string | null> {
    if (this.#lookups++ >= MOST_LOOKUPS) return digits;
    const answer = await this.recipients.find(this.connectionId, digits);
    if (answer?.kind === 'absent') return null;
    return answer?.kind === 'found' ? (digitsOfJid(answer.pn) ?? digits) : digits;
  }
}

function writtenAs(mention: string, { digits }: Extract<Recipient, { kind: 'number' }>): ReadonlySet<string> {
  const given = bareDigits(mention);
  return new Set([...spellings(digits), ...(given === null ? [] : [given])]);
}

/** Phones show a name where the text has `@` and the very digits of a mentioned address: other spellings become these. */
export function withMentions(content: OutgoingContent, mentioned: Mentioned[]): OutgoingContent {
  if (mentioned.length === 0) return content;
  const users = new Map(
    mentioned.flatMap(({ jid, written }) => [...written].map((digits) => [digits, digitsOfJid(jid)])),
  );
  const renamed = (text: string) =>
    text.replace(/@(\d{4,20})(?!\d)/g, (whole, digits: string) => {
      const user = users.get(digits);
      return user ? `@${user}` : whole;
    });
  if (content.kind === 'text' || content.kind === 'edit') return { ...content, text: renamed(content.text) };
  return 'sealed' in content && content.caption ? { ...content, caption: renamed(content.caption) } : content;
}
