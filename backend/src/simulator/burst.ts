import type { Prepared } from './author.js';
import type { Contact } from './contact.js';
import type { Phone } from './phone.js';

export interface BurstOptions {
  contacts: readonly Contact[];
  /** How many in all; each contact writes its share in order. */
  messages: number;
  /** The text of message `index` (from 0). Default `mensagem <index + 1>`. */
  text?: (index: number) => string;
}

/** Many messages, encrypted beforehand. */
export interface Burst {
  /** In the order in which they are sent. */
  readonly ids: readonly string[];
  /** Hands all of them to the server at once. A second call does nothing. */
  start(): void;
  /** Resolves when every message has been receipted; rejects when one is refused. */
  readonly receipted: Promise<void>;
}

/** Encrypts the messages of a burst; see `Simulator.prepareBurst`. */
export async function prepareBurst(phone: Phone, options: BurstOptions): Promise<Burst> {
  const { contacts, messages, text = (index: number) => `mensagem ${index + 1}` } = options;
  const prepared: Prepared[] = [];
  for (let index = 0; index < messages; index++) {
    const contact = contacts[index % contacts.length];
    if (!contact) throw new Error('a burst needs at least one contact');
    prepared.push(await contact.prepare(phone, text(index)));
  }
  const receipted = Promise.all(prepared.map(({ sent }) => sent.receipted)).then(() => undefined);
  receipted.catch(() => undefined);
  let started = false;
  return {
    ids: prepared.map(({ sent }) => sent.id),
    receipted,
    start: () => {
      if (!started) prepared.forEach((each) => each.release());
      started = true;
    },
  };
}
