import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { Journal, type JournalOptions } from '../../src/journal/journal.js';
import type { ConnectionRecord, OutboxRecord } from '../../src/journal/records.js';
import { type Clock, systemClock } from '../../src/lib/clock.js';
import { silentLog } from '../../src/lib/log.js';
import { CONNECTION } from './journal-records.js';

export { aPart, aStanza, CONNECTION, sha256 } from './journal-records.js';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A directory that is gone after the test. */
export async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'journal-'));
  undo.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A journal that is closed after the test; in `dir` when given, else in a temporary directory. */
export async function openJournal(options: Partial<JournalOptions> = {}): Promise<Journal> {
  const dir = options.dir ?? (await tempDir());
  const journal = await Journal.open({ encryptionKey: null, maxBytes: 64 << 20, log: silentLog, ...options, dir });
  undo.push(() => journal.close());
  return journal;
}

/** A clock that a test sets; timers run in real time. */
export function fakeClock(now = Date.UTC(2025, 0, 1)): Clock & { set(now: number): void; advance(ms: number): void } {
  return {
    now: () => now,
    after: (ms, fn) => systemClock.after(ms, fn),
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    set: (value) => (now = value),
    advance: (ms) => (now += ms),
  };
}

export function anOutbox(changes: Partial<OutboxRecord> = {}): OutboxRecord {
  return {
    connectionId: CONNECTION,
    whatsappId: '3EB0000000000001',
    rowId: '6d0f2f3e-5a8c-4f5e-9d53-0c8d7f0f3a11',
    seq: 1,
    to: '5511999999999',
    chatJid: '5511999999999@s.whatsapp.net',
    pn: '5511999999999@s.whatsapp.net',
    lid: null,
    message: Buffer.from([1, 2, 3]),
    remetente: 'ATENDENTE',
    state: 'accepted',
    attempts: 0,
    error: null,
    errorDetail: null,
    acceptedAt: Date.UTC(2025, 0, 1),
    serverTime: null,
    expiresAt: Date.UTC(2025, 0, 2),
    ...changes,
  };
}

export function aConnection(changes: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    connectionId: CONNECTION,
    rowId: '0b6f3b52-3f43-4b4b-8a41-2f0b5d1c9b10',
    name: 'Conexão Principal',
    ownerId: '8d0d2f2e-6b1d-4a6b-9a53-7c8d7f0f3a22',
    companyId: null,
    driver: 'baileys',
    wanted: 'connected',
    estado: 'idle',
    motivo: null,
    numero: null,
    lid: null,
    settings: { ignorarGrupos: true },
    createdAt: 1,
    connectedAt: null,
    disconnectedAt: null,
    lastActivityAt: null,
    messageCount: 0,
    ...changes,
  };
}
