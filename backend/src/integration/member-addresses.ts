import { addressesOf, type StoredGroup } from '../journal/group-records.js';
import { GatewayError } from '../lib/errors.js';
import { pnJid, spellings, type Recipient } from '../lib/phone-number.js';
import type { NumberCheck } from '../outbound/number-check.js';
import type { Recipients } from '../outbound/recipients.js';
import type { SendChannel } from '../outbound/send-channel.js';

export interface MemberAddressesDeps {
  numbers: NumberCheck;
  recipients: Pick<Recipients, 'read'>;
  channelOf: (connectionId: string) => SendChannel | undefined;
}

/** Somebody as a caller named them, and where WhatsApp knows them; `jid` null = nowhere. */
export interface FoundMember {
  participant: string;
  jid: string | null;
  lid: string | null;
}

/** Turns numbers and addresses as people write them into those of a group. */
export class MemberAddresses {
  constructor(private readonly deps: MemberAddressesDeps) {}

  /** For adding. Numbers that nobody has met are looked up, rate limited as all number checks.
   *  @throws GatewayError `INVALID_RECIPIENT`, `NOT_CONNECTED`, `RATE_LIMITED` */
  async onWhatsApp(connectionId: string, participants: string[]): Promise<FoundMember[]> {
    const found: FoundMember[] = [];
    for (const { participant, recipient } of await this.#people(connectionId, participants)) {
      const address =
        recipient.kind === 'jid'
          ? { jid: recipient.jid, lid: recipient.jid }
          : await this.#lookUp(connectionId, recipient.digits);
      found.push({ participant, ...address });
    }
    return found;
  }

  /** For everything else: only members count, so nobody is looked up. @throws GatewayError `INVALID_RECIPIENT` */
  async inGroup(connectionId: string, participants: string[], group: StoredGroup): Promise<FoundMember[]> {
    return (await this.#people(connectionId, participants)).map(({ participant, recipient }) => {
      const candidates =
        recipient.kind === 'jid'
          ? [recipient.jid]
          : [...spellings(recipient.digits).map(pnJid), this.#knownLid(connectionId, recipient.digits)];
      const member = group.participants.find((each) => {
        const { pn, lid } = addressesOf(each);
        return candidates.some((jid) => jid !== null && (jid === pn || jid === lid));
      });
      return { participant, jid: member?.id ?? null, lid: member ? addressesOf(member).lid : null };
    });
  }

  /** All of them, before anybody is looked up. @throws GatewayError `INVALID_RECIPIENT` */
  async #people(connectionId: string, participants: string[]) {
    const people = [];
    for (const participant of participants) {
      const recipient = await this.deps.recipients.read(connectionId, participant, 'participants');
      people.push({ participant, recipient: asPerson(recipient) });
    }
    return people;
  }

  #knownLid(connectionId: string, digits: string): string | null {
    const known = this.deps.numbers.known(connectionId, digits);
    return known?.kind === 'found' ? known.lid : null;
  }

  async #lookUp(connectionId: string, digits: string): Promise<{ jid: string | null; lid: string | null }> {
    const known = this.deps.numbers.known(connectionId, digits);
    const channel = this.deps.channelOf(connectionId);
    if (!known && channel?.estado !== 'ready') throw new GatewayError('NOT_CONNECTED');
    const answer = known ?? (await this.deps.numbers.check(channel!, digits));
    if (answer.kind === 'later') {
      const details = { retryAfterMs: answer.afterMs };
      throw new GatewayError('RATE_LIMITED', 'Number checks are limited.', { details });
    }
    return answer.kind === 'found' ? { jid: answer.pn, lid: answer.lid } : { jid: null, lid: null };
  }
}

function asPerson(recipient: Recipient): Recipient {
  if (recipient.kind === 'number' || recipient.tipo === 'pessoa') return recipient;
  throw new GatewayError('INVALID_RECIPIENT', 'participants must be people: a group cannot be a member of a group.', {
    details: { field: 'participants', fix: 'Give phone numbers or <digits>@lid.' },
  });
}
