import { jidDecode, type BinaryNode, type SignalKeyStore } from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';
import type { KeyMutations } from '../journal/records.js';

// Beside Baileys' own keys: they live, are sealed, backed up and deleted with the connection.
const RENEWED = 'renewed-identities';
const CHECKED = 'renewed-checked';
const ALL = 'all';
/** Groups that were last sent to before the oldest of these distribute to everybody again. */
const MOST_USERS = 1_000;

interface Renewed {
  /** Number of the newest renewal. */
  last: number;
  /** Renewals up to this number are not known one by one any more. */
  floor: number;
  /** Users (the digits of an address) with the number of their last renewal. */
  users: Record<string, number>;
}

type SenderKeyMemory = Record<string, unknown>;

/**
 * Who has a new phone or has reinstalled WhatsApp. Baileys 7.0.0-rc14 remembers per group which devices have our sender key
 * (`sender-key-memory`, lib/Socket/messages-send.js) and clears that only for a retry receipt: a new phone at an old address
 * could not read the group's next message. Each renewal has a number; before a group is written to, devices of those who have
 * renewed since the last time leave its memory.
 */
export class RenewedIdentities {
  #memory: Renewed | null = null;

  constructor(private readonly deps: { connectionId: string; journal: Pick<Journal, 'getKeys' | 'commit'> }) {}

  /** The user whose identity a notification renews, null for any other notification. */
  static userOf({ attrs, content }: BinaryNode): string | null {
    const renews = attrs.type === 'encrypt' && Array.isArray(content) && content.some(({ tag }) => tag === 'identity');
    return (renews && jidDecode(attrs.from)?.user) || null;
  }

  /** What a renewal changes, to be committed before its notification is acknowledged. */
  mutationsOf(user: string): KeyMutations {
    const { last, floor, users } = this.#renewed();
    const { [user]: _before, ...others } = users;
    const renewed: Renewed = { last: last + 1, floor, users: { ...others, [user]: last + 1 } };
    const oldest = Object.entries(renewed.users).sort(([, a], [, b]) => a - b);
    for (const [name, number] of oldest.slice(0, Math.max(0, oldest.length - MOST_USERS))) {
      delete renewed.users[name];
      renewed.floor = number;
    }
    // Memory first: the next notification may come before this commit is through, and builds on it.
    this.#memory = renewed;
    return { [RENEWED]: { [ALL]: renewed } };
  }

  /** Has the next message to a group carry its sender key to those who have renewed since the last one. */
  async forgetIn(group: string, keys: SignalKeyStore): Promise<void> {
    const { last, floor, users } = this.#renewed();
    const checked = (this.#get(CHECKED, group) as number | undefined) ?? 0;
    if (checked >= last) return;
    const stored = await keys.get('sender-key-memory', [group]);
    const memory = stored[group] as SenderKeyMemory | undefined;
    if (memory) {
      const since = Object.keys(users).filter((user) => users[user]! > checked);
      const left = checked < floor ? null : this.#without(memory, since);
      await keys.set({ 'sender-key-memory': { [group]: left as never } });
    }
    // After it: whatever ends in between is done again.
    await this.#commit({ [CHECKED]: { [group]: last } });
  }

  #without(memory: SenderKeyMemory, users: string[]): SenderKeyMemory {
    const renewed = new Set(users.flatMap((user) => [user, this.#otherUser(user)]));
    return Object.fromEntries(Object.entries(memory).filter(([device]) => !renewed.has(jidDecode(device)?.user ?? '')));
  }

  /** The notification names one address of a person, the group may use the other one. */
  #otherUser(user: string): string {
    const other = this.#get('lid-mapping', user) ?? this.#get('lid-mapping', `${user}_reverse`);
    return typeof other === 'string' ? other : user;
  }

  #renewed(): Renewed {
    this.#memory ??= (this.#get(RENEWED, ALL) as Renewed | undefined) ?? { last: 0, floor: 0, users: {} };
    return this.#memory;
  }

  #get(type: string, id: string): unknown {
    return this.deps.journal.getKeys(this.deps.connectionId, type, [id])[id];
  }

  async #commit(mutations: KeyMutations): Promise<void> {
    await this.deps.journal.commit({ keys: { connectionId: this.deps.connectionId, mutations } });
  }
}
