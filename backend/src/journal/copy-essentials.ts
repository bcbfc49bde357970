import { createHash } from 'node:crypto';
import { existsSync, statfsSync } from 'node:fs';
import { chmod, copyFile, open as openFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { open, type Transaction } from 'lmdb';
import { GatewayError } from '../lib/errors.js';
import { listAuthOwners } from './auth-owners.js';
import type { JournalContext } from './context.js';
import { KEY_FILE } from './key-file.js';
import { afterPrefix, authKey, credsKey } from './record-keys.js';
import { DATA_FILE } from './open-environment.js';
import type { RawDatabase, RawRoot, Table, Tables, Write } from './tables.js';
import { lastEventSeqAhead } from './webhooks/last-seq.js';

/** Tables that are copied whole. */
const WHOLE_TABLES = ['connections', 'gone', 'apiKeys', 'webhooks', 'templates'] as const satisfies (keyof Tables)[];

/**
 * Key types of an auth state that an older copy may bring back (docs/adr/0026). Not among them: `session`, `sender-key`
 * and `sender-key-memory`, whose old state would encrypt a second text with a key that was used already, and which
 * WhatsApp's own retries make anew; and caches. Those of the second list are left out of a copy that grows too large.
 */
const KEY_TYPES = ['pre-key', 'app-state-sync-key', 'app-state-sync-version'];
const KEY_TYPES_WHILE_ROOM = ['identity-key', 'tctoken', 'lid-mapping', 'chat-timer'];

/** From this size on only what cannot be learnt again is copied. */
const ROOMY_BYTES = 64 << 20;
/** So much of the disk stays the journal's, whatever the copy takes. */
const LEAST_LEFT_BYTES = 64 << 20;
/** Places of the log and of events that the old journal may have given after the copy: none is given twice. */
const SEQS_AHEAD = 1_000_000_000;
/** Ids of prekeys that may have been given after the copy; WhatsApp has 24 bits for them. */
const PREKEYS_AHEAD = 10_000;
const LARGEST_PREKEY_ID = 0xffffff;
/** Rows of one turn of the event loop: a few ms. */
const ROWS_A_TURN = 200;
/** Pages that are not flushed are not used again: with small commits the file was eight times as large. */
const ROWS_A_COMMIT = 2_000;

export interface EssentialsCopied {
  /** Of what was read; the same = nothing has changed. */
  digest: string;
  /** Names of the files that were made. */
  files: string[];
  rows: number;
}

interface Source {
  table: Table<never> | Table<unknown>;
  start: Buffer;
  end: Buffer | undefined;
  whileRoom: boolean;
}

type Piece = { table: Source['table']; rows: { key: Buffer; value: Buffer }[] };

/**
 * Copies credentials, keys, connections, webhooks, API keys and templates into a new journal, as they are at one moment
 * (one read transaction, so all of one commit or nothing of it). Values stay sealed as they lie there. The event loop
 * goes on between pieces of some hundred rows; nothing is written when nothing has changed.
 * @param o.unless the digest of the copy that there is
 * @param o.folder makes the empty folder for it; called when there is something to copy
 * @returns null when there is nothing to copy, or nothing new
 * @throws GatewayError `JOURNAL_FAILED`; Error when `signal` aborts
 */
export async function copyEssentials(
  context: JournalContext,
  o: { unless: string | null; folder: () => Promise<string>; signal: AbortSignal },
): Promise<EssentialsCopied | null> {
  const { tables, dir } = context;
  const snapshot = tables.auth.db.useReadTransaction();
  try {
    const sources = essentialSources(tables);
    const hash = createHash('sha256');
    let [rows, bytes] = [0, 0];
    for await (const piece of pieces(sources, snapshot, o.signal)) {
      for (const { key, value } of piece.rows) {
        hash.update(`${piece.table.name}\0${key.length}\0${value.length}\0`).update(key).update(value);
        bytes += key.length + value.length;
      }
      rows += piece.rows.length;
    }
    const digest = hash.digest('hex');
    if (rows === 0 || digest === o.unless) return null;
    assertRoomFor(dir, bytes);
    const folder = await o.folder();
    const files = [KEY_FILE].filter((file) => existsSync(join(dir, file)));
    for (const file of files) await copyFile(join(dir, file), join(folder, file));
    await writeJournal(context, join(folder, DATA_FILE), pieces(sources, snapshot, o.signal));
    files.push(DATA_FILE);
    for (const file of files) await chmod(join(folder, file), 0o600);
    return { digest, files, rows };
  } finally {
    snapshot.done();
  }
}

function essentialSources(tables: Tables): Source[] {
  const whole = WHOLE_TABLES.map((name): Source => {
    return { table: tables[name], start: Buffer.alloc(0), end: undefined, whileRoom: false };
  });
  const owners = listAuthOwners(tables);
  const ofType = (connectionId: string, type: string, whileRoom: boolean): Source => {
    const start = authKey(connectionId, type, Buffer.alloc(0));
    return { table: tables.auth, start, end: afterPrefix(start), whileRoom };
  };
  return [
    ...whole,
    ...owners.flatMap((id) => ['', ...KEY_TYPES].map((type) => ofType(id, type, false))),
    // Last, so that they alone give way.
    ...owners.flatMap((id) => KEY_TYPES_WHILE_ROOM.map((type) => ofType(id, type, true))),
  ];
}

async function* pieces(sources: Source[], transaction: Transaction, signal: AbortSignal): AsyncGenerator<Piece> {
  let bytes = 0;
  for (const { table, start, end, whileRoom } of sources) {
    if (whileRoom && bytes > ROOMY_BYTES) return;
    let from = start;
    for (;;) {
      signal.throwIfAborted();
      const rows = table.rangeRaw({ start: from, ...(end && { end }), limit: ROWS_A_TURN, transaction });
      const last = rows.at(-1);
      if (last === undefined) break;
      for (const { key, value } of rows) bytes += key.length + value.length;
      yield { table, rows };
      await turn();
      if (rows.length < ROWS_A_TURN) break;
      from = Buffer.concat([last.key, Buffer.of(0)]);
    }
  }
}

function assertRoomFor(dir: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dir);
  if (bavail * bsize > 4 * bytes + LEAST_LEFT_BYTES) return;
  throw new GatewayError('JOURNAL_FAILED', `${dir} has no room for a copy of credentials and keys.`);
}

/** Flushed once, at the end: until its folder has its name, nobody takes it for a copy. */
async function writeJournal(context: JournalContext, file: string, all: AsyncIterable<Piece>): Promise<void> {
  const { tables, sequence } = context;
  const raw = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const root: RawRoot = open({ path: file, maxDbs: 32, noSync: true, overlappingSync: false, ...raw });
  try {
    const databases = new Map<string, RawDatabase>();
    let waiting: { db: RawDatabase; key: Buffer; value: Buffer }[] = [];
    const flush = async () => {
      const rows = waiting;
      waiting = [];
      await root.batch(() => rows.forEach(({ db, key, value }) => void db.put(key, value)));
    };
    const add = (table: { name: string }, rows: { key: Buffer; value: Buffer }[]) => {
      const db = databases.get(table.name) ?? root.openDB({ name: table.name, ...raw });
      databases.set(table.name, db);
      for (const row of rows) waiting.push({ db, ...row });
    };
    add(tables.meta, essentialMeta(tables, sequence.ahead(SEQS_AHEAD)));
    for await (const { table, rows } of all) {
      add(table, table === tables.auth ? rows.map((row) => withPreKeysAhead(tables, row)) : rows);
      if (waiting.length >= ROWS_A_COMMIT) await flush();
    }
    await flush();
  } finally {
    await root.close();
    await rm(`${file}-lock`, { force: true });
  }
  const handle = await openFile(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function essentialMeta(tables: Tables, lastSeq: Write): { key: Buffer; value: Buffer }[] {
  const format = Buffer.from('format');
  const value = tables.meta.getRaw(format);
  if (value === undefined) throw new GatewayError('JOURNAL_FAILED', 'The journal does not say what format it has.');
  const ahead = [lastSeq, lastEventSeqAhead(tables, SEQS_AHEAD)];
  return [{ key: format, value }, ...ahead.flatMap((write) => (write.value ? [{ ...write, value: write.value }] : []))];
}

/**
 * Credentials whose next prekey has a number that was not given yet: WhatsApp must not get another key under the number
 * of one that the old journal has uploaded after the copy. Baileys misses the last one at the login, and uploads new ones
 * with the signed prekey, so that the server has what this copy has.
 */
function withPreKeysAhead({ auth }: Tables, row: { key: Buffer; value: Buffer }): { key: Buffer; value: Buffer } {
  const owner = row.key.toString('utf8', 1, 1 + row.key.readUInt8(0));
  if (!row.key.equals(credsKey(owner))) return row;
  const creds = auth.decode(row.key, row.value) as { nextPreKeyId?: unknown } | null;
  const next = Number(creds?.nextPreKeyId) + PREKEYS_AHEAD;
  if (!(next > PREKEYS_AHEAD && next < LARGEST_PREKEY_ID - PREKEYS_AHEAD)) return row;
  const { value } = auth.put(row.key, { ...creds, nextPreKeyId: next, firstUnuploadedPreKeyId: next });
  return { key: row.key, value: value as Buffer };
}
