import { ownedKey, seqKey } from './record-keys.js';
import type { LogEntry, PartRecord } from './records.js';
import { RETENTION_MS } from './retention.js';
import type { Tables, Write } from './tables.js';

/** The part that this ciphertext was, whatever message id it came with. */
export function findPart(tables: Tables, connectionId: string, sha256: Uint8Array): PartRecord | null {
  const stored = tables.parts.get(ownedKey(connectionId, sha256));
  if (stored === null) return null;
  const { plaintext, seq, at } = stored;
  return { connectionId, sha256, at, plaintext: plaintext ?? plaintextOfEntry(tables, seq, sha256) };
}

/**
 * A part whose entry is in the same commit (nearly always: the last part of a stanza) has its plaintext there, and only
 * the entry's place is kept here: nothing is written twice, and nothing has to be forgotten when the row exists.
 */
export function partWrite(tables: Tables, part: PartRecord, entries: readonly LogEntry[] = []): Write {
  const { connectionId, sha256, at } = part;
  const seq = entries.find((entry) => partOf(entry, sha256) !== undefined)?.seq;
  const stored = seq === undefined ? { plaintext: part.plaintext, at } : { plaintext: null, seq, at };
  return tables.parts.put(ownedKey(connectionId, sha256), stored, at + RETENTION_MS.parts);
}

/**
 * The rows exist: the plaintexts may go, the hashes stay so that a redelivery is recognised. A part that could not be
 * decrypted is none to recognise: it may come again, and be readable then.
 */
export function forgetPlaintexts(tables: Tables, entry: LogEntry): Write[] {
  // The only part of a stanza has never had its plaintext outside the entry.
  if (entry.kind !== 'stanza' || entry.parts.length < 2) return [];
  const { connectionId, at } = entry;
  const decrypted = entry.parts.filter(({ plaintext }) => plaintext !== null);
  return decrypted.map(({ sha256 }) => partWrite(tables, { connectionId, sha256, plaintext: null, at }));
}

/** null once the entry has left the log for good. */
function plaintextOfEntry(tables: Tables, seq: number | undefined, sha256: Uint8Array): Uint8Array | null {
  if (seq === undefined) return null;
  const key = seqKey(seq);
  const entry = tables.log.get(key) ?? tables.dead.get(key)?.entry;
  return (entry && partOf(entry, sha256)?.plaintext) ?? null;
}

function partOf(entry: LogEntry, sha256: Uint8Array) {
  if (entry.kind !== 'stanza') return undefined;
  return entry.parts.find((part) => Buffer.compare(part.sha256, sha256) === 0);
}
