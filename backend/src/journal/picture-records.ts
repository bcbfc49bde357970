import type { KeyMutations } from './records.js';

/** What WhatsApp answered when it was asked for a picture; `url` null = there is none to see. `at`: ms since the epoch. */
export interface PictureRecord {
  url: string | null;
  at: number;
}

type Keys = { getKeys(connectionId: string, type: string, ids: readonly string[]): Record<string, unknown> };

// Beside Baileys' own keys, as the groups are.
const KEY_TYPE = 'profile-picture';

/** Null when it was never asked for. */
export function readPicture(keys: Keys, connectionId: string, jid: string): PictureRecord | null {
  return (keys.getKeys(connectionId, KEY_TYPE, [jid])[jid] as PictureRecord | undefined) ?? null;
}

/** For a commit; null forgets it. */
export function pictureMutations(jid: string, record: PictureRecord | null): KeyMutations {
  return { [KEY_TYPE]: { [jid]: record } };
}
