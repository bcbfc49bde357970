/** One session as libsignal 6.0 serialises it (`src/session_record.js`); the rest of its fields are carried along. */
export interface SessionEntry {
  /** `closed`: ms since the epoch, -1 while it is the open one. `used`: when it last worked, ms. */
  indexInfo: { closed: number; used: number };
}

/** All sessions with one device; at most one of them is open. Keys are the sessions' base keys. */
export interface SessionRecord {
  _sessions: Record<string, SessionEntry>;
  version: string;
}

/**
 * One record of two that were kept for the same device under different addresses. All sessions of both stay readable; of
 * two open ones the one that worked last stays open, so that what we write is in a session which the device knows.
 */
export function mergeSessions(kept: SessionRecord, moved: SessionRecord): SessionRecord {
  const open = [kept, moved].map(openSession).filter((each) => each !== null);
  const [stays, ...close] = open.sort((a, b) => b[1].indexInfo.used - a[1].indexInfo.used);
  const closed = close.map(([key, session]) => [key, closedSince(session, stays![1].indexInfo.used)] as const);
  return { ...kept, _sessions: { ...moved._sessions, ...kept._sessions, ...Object.fromEntries<SessionEntry>(closed) } };
}

/**
 * What a record should be after a message was decrypted with it.
 *
 * libsignal 6.0 tries a message on one session after the other, most recently used first, and each try steps that
 * session's ratchet before the MAC is checked (`src/session_cipher.js`, decryptWithSessions, maybeStepRatchet). It stores
 * the record when one of them worked, with the others spoilt: whatever is sent in those cannot be read. So only the one
 * that worked, the last one that a try has changed, is taken over. A change that opens a session is no try.
 */
export function onlyTheOneThatWorked(before: SessionRecord, after: SessionRecord): SessionRecord {
  const isTry = Object.keys(after._sessions).every((key) => key in before._sessions);
  if (!isTry) return after;
  // A full record loses its oldest session on the way: that is no change by a try either.
  const kept = Object.keys(after._sessions).map((key) => [key, before._sessions[key]!] as const);
  const tried = kept.toSorted(([, a], [, b]) => b.indexInfo.used - a.indexInfo.used);
  const worked = tried.findLast(([key, was]) => JSON.stringify(was) !== JSON.stringify(after._sessions[key]));
  if (!worked) return after;
  const [key] = worked;
  return { ...after, _sessions: { ...Object.fromEntries(kept), [key]: after._sessions[key]! } };
}

function openSession(record: SessionRecord): [string, SessionEntry] | null {
  return Object.entries(record._sessions).find(([, { indexInfo }]) => indexInfo.closed === -1) ?? null;
}

function closedSince(session: SessionEntry, at: number): SessionEntry {
  return { ...session, indexInfo: { ...session.indexInfo, closed: at } };
}
