import { createHash } from 'node:crypto';
import { chmodSync, closeSync, openSync } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayError } from '../lib/errors.js';

/** A data directory held by this process. */
export interface DirectoryLock {
  release(): Promise<void>;
}

const LOCK_FILE = 'journal.sock';
/** `sockaddr_un.sun_path` is 104 bytes on macOS, 108 on Linux, with the final NUL. */
const LONGEST_SOCKET_PATH = 103;
const ANSWER_DEADLINE_MS = 500;
const GUARD_AGE_MS = 10_000;

interface Holder {
  pid: number | null;
}

/**
 * One process per data directory. The lock is a listening Unix socket inside it: the kernel drops it with the process
 * (a pid file would lie after a crash and between containers), and whoever comes second can ask it for the pid.
 * @throws GatewayError `JOURNAL_LOCKED` with `details: { dir, pid }`, `JOURNAL_FAILED` when the directory is not writable
 */
export async function lockDirectory(dir: string): Promise<DirectoryLock> {
  const address = socketAddress(dir);
  try {
    const server = (await listen(dir, address.path)) ?? (await takeOver(dir, address.path));
    return { release: releaser(server, address.close) };
  } catch (error) {
    address.close();
    throw error;
  }
}

/** The path exists: either its process answers, or only the file is left of it and makes way. */
async function takeOver(dir: string, path: string): Promise<Server> {
  await assertNobodyAnswers(dir, path);
  // Without the guard, the second of two starters that saw the same corpse would sweep away the first one's live socket.
  const guard = `${path}.takeover`;
  await enterGuard(dir, guard);
  try {
    await assertNobodyAnswers(dir, path);
    await rm(path, { force: true });
    const server = await listen(dir, path);
    if (server === null) throw locked(dir, null);
    return server;
  } finally {
    await rm(guard, { recursive: true, force: true });
  }
}

/** `mkdir` is atomic; a guard whose process died inside it (a window of milliseconds) is ignored once it is old. */
async function enterGuard(dir: string, guard: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      return await mkdir(guard, { mode: 0o700 }).then(() => undefined);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw notWritable(dir, error);
      if (await isYoung(guard)) throw locked(dir, null);
      await rm(guard, { recursive: true, force: true });
    }
  }
  throw locked(dir, null);
}

async function isYoung(guard: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(guard)).mtimeMs < GUARD_AGE_MS;
  } catch {
    // Gone meanwhile: its owner has the lock by now, and the next attempt will tell.
    return true;
  }
}

async function assertNobodyAnswers(dir: string, path: string): Promise<void> {
  const holder = await askHolder(path);
  if (holder !== null) throw locked(dir, holder.pid);
}

/** @returns null when the path is taken. */
function listen(dir: string, path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(JSON.stringify({ pid: process.pid }));
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') return resolve(null);
      reject(notWritable(dir, error));
    });
    server.listen(path, () => {
      chmodSync(path, 0o600);
      server.unref();
      resolve(server);
    });
  });
}

/** @returns null when no process listens; the pid is null when one does but does not say it in time. */
function askHolder(path: string): Promise<Holder | null> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    let answer = '';
    const done = (holder: Holder | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(holder);
    };
    const timer = setTimeout(() => done({ pid: null }), ANSWER_DEADLINE_MS);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (answer += chunk));
    socket.on('end', () => done(parseHolder(answer)));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const nobody = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
      done(nobody ? null : { pid: null });
    });
  });
}

function parseHolder(answer: string): Holder {
  try {
    const { pid } = JSON.parse(answer) as Record<string, unknown>;
    return { pid: typeof pid === 'number' ? pid : null };
  } catch {
    // Something listens that does not speak our line: held all the same.
    return { pid: null };
  }
}

/** A deep data directory exceeds what a socket address can hold: on Linux the open directory gives it a short name. */
function socketAddress(dir: string): { path: string; close: () => void } {
  const path = join(dir, LOCK_FILE);
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return { path, close: () => undefined };
  if (process.platform === 'linux') {
    const fd = openSync(dir, 'r');
    return { path: `/proc/self/fd/${fd}/${LOCK_FILE}`, close: () => closeSync(fd) };
  }
  const name = createHash('sha256').update(dir).digest('hex').slice(0, 24);
  return { path: join(tmpdir(), `${name}.sock`), close: () => undefined };
}

function releaser(server: Server, closeAddress: () => void): () => Promise<void> {
  let released: Promise<void> | null = null;
  return () =>
    (released ??= new Promise<void>((resolve) => {
      server.close(() => {
        closeAddress();
        resolve();
      });
    }));
}

function notWritable(dir: string, cause: unknown): GatewayError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  return new GatewayError('JOURNAL_FAILED', `The data directory ${dir} cannot be written (${code}).`, { cause });
}

function locked(dir: string, pid: number | null): GatewayError {
  const who = pid === null ? 'another process' : `process ${pid}`;
  return new GatewayError('JOURNAL_LOCKED', `The data directory ${dir} is in use by ${who}.`, {
    details: { dir, pid },
  });
}
