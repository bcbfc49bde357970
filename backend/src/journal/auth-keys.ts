import type { JournalContext } from './context.js';
import { authKey, connectionKey, credsKey, ownedKey } from './record-keys.js';
import type { KeyMutations } from './records.js';
import { RETENTION_MS } from './retention.js';
import type { Tables, Write } from './tables.js';

/** The credentials as they were committed; null when there are none. */
export function getCreds(tables: Tables, connectionId: string): unknown {
  return tables.auth.get(credsKey(connectionId));
}

/** The keys of one type that exist, by id; missing ones are left out. */
export function getKeys(
  context: JournalContext,
  connectionId: string,
  type: string,
  ids: readonly string[],
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const id of ids) {
    const value = context.tables.auth.get(authKey(connectionId, type, context.sealer.conceal(id)));
    if (value !== null) found[id] = value;
  }
  return found;
}

export function credsWrite(tables: Tables, connectionId: string, value: unknown): Write {
  return tables.auth.put(credsKey(connectionId), value);
}

export function authWrites(context: JournalContext, connectionId: string, mutations: KeyMutations): Write[] {
  const { auth } = context.tables;
  return Object.entries(mutations).flatMap(([type, values]) =>
    Object.entries(values).map(([id, value]) => {
      const key = authKey(connectionId, type, context.sealer.conceal(id));
      return value == null ? auth.remove(key) : auth.put(key, value);
    }),
  );
}

/** Everything that a socket of this connection ever stored; commits still in flight are not seen (settle them first). */
export function deleteAuth({ tables, writer }: JournalContext, connectionId: string): Promise<void> {
  return writer.write(removeAuth(tables, connectionId));
}

/** In one commit: what there was goes, what is given comes. */
export function replaceAuth(
  context: JournalContext,
  connectionId: string,
  auth: { creds: unknown; mutations: KeyMutations },
): Promise<void> {
  return context.writer.write([
    ...removeAuth(context.tables, connectionId),
    credsWrite(context.tables, connectionId, auth.creds),
    ...authWrites(context, connectionId, auth.mutations),
  ]);
}

/** Puts a dead auth state aside for 30 days, with why: it is no longer found, but a person can still look into it. */
export function archiveAuth(context: JournalContext, connectionId: string, reason: string): Promise<void> {
  const { tables, writer } = context;
  const at = context.clock.now();
  const expiresAt = at + RETENTION_MS.archive;
  const shelf = Buffer.alloc(6);
  shelf.writeUIntBE(at, 0, 6);
  const address = (key: Uint8Array) => ownedKey(connectionId, Buffer.concat([shelf, key]));
  const archived = tables.auth.withPrefix(connectionKey(connectionId)).map(({ key, value }) => {
    const record = { key, value: tables.auth.decode(key, value) };
    return tables.archive.put(address(key), record, expiresAt);
  });
  if (archived.length === 0) return Promise.resolve();
  const about = tables.archive.put(address(Buffer.alloc(0)), { reason, at }, expiresAt);
  return writer.write([about, ...archived, ...removeAuth(tables, connectionId)]);
}

/** With what the device of these keys still had to do for itself. */
function removeAuth({ auth, replay }: Tables, connectionId: string): Write[] {
  const prefix = connectionKey(connectionId);
  return [auth, replay].flatMap((table) => table.withPrefix(prefix).map(({ key }) => table.remove(key)));
}
