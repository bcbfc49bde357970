import { parentPort, workerData } from 'node:worker_threads';
import { App } from '@supabase/lite';
import { createPostgresConnection } from '@supabase/lite/postgres';
import postgres from 'postgres';
import { applyMigrations, servesUsers } from '../migrations.js';
import { resolveApiKey } from './api-key.js';
import type { ApiThreadInput, FromApiThread, ToApiThread } from './api-protocol.js';
import { connectOptions, poolSizes } from './connect.js';
import { exposedNames } from './exposed.js';
import { serveLocalApi } from './http-adapter.js';
import { speakPostgrest } from './postgrest-dialect.js';
import { isAway, redact } from './redaction.js';
import { writeShortcut } from './write-shortcut.js';

/** Entry of the API thread: migrations, then the Supabase-compatible API over HTTP on loopback. */
const input = workerData as ApiThreadInput;
const tell = (message: FromApiThread) => parentPort?.postMessage(message);

// @supabase/lite prints failed queries with their parameters: customers' texts. Only the harmless parts get out.
for (const level of ['log', 'info', 'debug', 'warn', 'error'] as const) {
  // eslint-disable-next-line no-console -- replacing it is the point
  console[level] = (...values: unknown[]) => {
    if (level !== 'warn' && level !== 'error') return;
    const errors = redact(values);
    if (!isAway(errors)) tell({ type: 'log', level, message: 'local database API', meta: { errors } });
  };
}

/** Brings the schema up to date. `hasAuth`: @supabase/lite has made its own tables here before. */
async function prepare(): Promise<{ migrated: string[]; hasAuth: boolean; users: boolean }> {
  const { url, options } = connectOptions(input.database);
  const sql = postgres(url, { ...options, max: 1 });
  try {
    const migrated = await applyMigrations(sql);
    const [row] = await sql<{ has: boolean }[]>`select to_regclass('auth.users') is not null as has`;
    return { migrated, hasAuth: row?.has === true, users: await servesUsers(sql) };
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function start(): Promise<void> {
  const { migrated, hasAuth, users } = await prepare();
  const { url, options } = connectOptions(input.database);
  const sizes = poolSizes(input.database);
  const connection = createPostgresConnection({ url, postgresOptions: { ...options, max: sizes.pool } });
  // Otherwise it grants everything on every table to anon and authenticated at its first request; our migrations
  // have granted what is meant.
  // Without the roles it stays the owner; the door then lets nobody in but the service key.
  Object.assign(connection, { rlsState: users ? 'active' : 'inactive' });
  speakPostgrest(connection);
  const app = new App({
    connection,
    auth: { enabled: true, jwt_secret: input.keys.jwtSecret },
    options: {
      server: { disableStudio: true, apiKeys: { resolver: async (key: string) => resolveApiKey(key, input.keys) } },
    },
  });
  await app.init();
  if (!hasAuth) await app.ensureSystemSchema();
  // The projector writes one batch at a time; a second connection lets a request that was given up end beside the next.
  const writes = postgres(url, { ...options, max: sizes.writes });
  const shortcut = writeShortcut(writes, input.keys);
  const { keys, origins = [], signup = false } = input;
  const rules = { keys, exposed: await exposedNames(), origins, signup, users };
  const parts = { handler: (request: Request) => app.fetch(request), shortcut, rules };
  const { server, port } = await serveLocalApi(parts, input.port);
  parentPort?.once('message', (_: ToApiThread) => {
    server.close();
    server.closeIdleConnections();
    void Promise.allSettled([connection.close(), writes.end({ timeout: 5 })]).then(() => {
      server.closeAllConnections();
      parentPort?.close();
    });
  });
  tell({ type: 'ready', port, migrated, users });
}

start().catch((error: unknown) => {
  const { name, message, code } = error as NodeJS.ErrnoException;
  tell({ type: 'failed', name, code: code ?? null, message });
  parentPort?.close();
});
