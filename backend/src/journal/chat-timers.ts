import type { KeyMutations } from './records.js';

/** How long the messages of a chat stay before they disappear, as it was last heard of. */
export interface ChatTimer {
  /** 0 = they stay. */
  seconds: number;
  /** Since when that holds, in seconds since the epoch: an older word never replaces a newer one. */
  since: number;
  /** When a person chose it, as their phone told; messages carry it along. Null when nobody told. */
  settingAt: number | null;
}

type Keys = { getKeys(connectionId: string, type: string, ids: readonly string[]): Record<string, unknown> };

// Beside Baileys' own keys, as groups are: they live, are sealed, backed up and deleted with the connection.
const KEY_TYPE = 'chat-timer';

/** The newest of what is known under these addresses of one chat; null = nobody has ever told. */
export function readTimer(keys: Keys, connectionId: string, jids: readonly string[]): ChatTimer | null {
  const known = Object.values(keys.getKeys(connectionId, KEY_TYPE, jids)) as ChatTimer[];
  return known.reduce<ChatTimer | null>((best, each) => (best && best.since >= each.since ? best : each), null);
}

/** For a commit, under every address of the chat. */
export function timerMutations(jids: readonly string[], timer: ChatTimer): KeyMutations {
  return { [KEY_TYPE]: Object.fromEntries(jids.map((jid) => [jid, timer])) };
}

/** Whether `heard` changes what is known. A chat in which nothing was ever set has no timer. */
export function isTimerNews(known: ChatTimer | null, heard: ChatTimer): boolean {
  if (!known) return heard.seconds > 0;
  if (heard.since < known.since) return false;
  return heard.seconds !== known.seconds || (heard.settingAt !== null && heard.settingAt !== known.settingAt);
}
