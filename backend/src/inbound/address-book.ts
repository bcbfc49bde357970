import { addressesOf, readGroup } from '../journal/group-records.js';
import { digitsOfJid } from '../lib/phone-number.js';
import type { NumberOf } from './show-numbers.js';

type Keys = { getKeys(connectionId: string, type: string, ids: readonly string[]): Record<string, unknown> };

/**
 * Whose number a LID is, as far as this process knows without asking: Baileys' `lid-mapping` keys (everybody who wrote or
 * was written to; lib/Signal/lid-mapping.js), then the members of the group in which it is named.
 */
export function addressBook(keys: Keys): (connectionId: string, chatJid: string | null) => NumberOf {
  return (connectionId, chatJid) => {
    let members: Map<string, string> | null = null;
    return (lid) => {
      const id = `${digitsOfJid(lid) ?? ''}_reverse`;
      const user = keys.getKeys(connectionId, 'lid-mapping', [id])[id];
      if (typeof user === 'string') return digitsOfJid(user) ?? user;
      members ??= chatJid?.endsWith('@g.us') ? membersOf(keys, connectionId, chatJid) : new Map();
      return members.get(lid) ?? null;
    };
  };
}

/** LID → digits. */
function membersOf(keys: Keys, connectionId: string, jid: string): Map<string, string> {
  const numbers = new Map<string, string>();
  for (const member of readGroup(keys, connectionId, jid)?.group.participants ?? []) {
    const { pn, lid } = addressesOf(member);
    const digits = pn && digitsOfJid(pn);
    if (digits && lid) numbers.set(lid, digits);
  }
  return numbers;
}
