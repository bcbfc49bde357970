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

function openSession(record: SessionRecord): [string, SessionEntry] | null {
  return Object.entries(record._sessions).find(([, { indexInfo }]) => indexInfo.closed === -1) ?? null;
}

function closedSince(session: SessionEntry, at: number): SessionEntry {
  return { ...session, indexInfo: { ...session.indexInfo, closed: at } };
}
