import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { aStanza, openJournal, tempDir } from './journal-fixture.js';

describe('the lock on the data directory', () => {
  test('a second journal on the same directory is refused with directory and process id', async () => {
    const dir = await tempDir();
    await openJournal({ dir });
    await expect(openJournal({ dir })).rejects.toMatchObject({
      code: 'JOURNAL_LOCKED',
      message: expect.stringContaining(dir),
      details: { dir, pid: process.pid },
    });
  });

  test('of two that open at once, one wins', async () => {
    const dir = await tempDir();
    const results = await Promise.allSettled([openJournal({ dir }), openJournal({ dir }), openJournal({ dir })]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('closing frees it', async () => {
    const dir = await tempDir();
    await (await openJournal({ dir })).close();
    await (await openJournal({ dir })).close();
  });

  test('a refused key frees it', async () => {
    const dir = await tempDir();
    await (await openJournal({ dir, encryptionKey: 'a' })).close();
    await expect(openJournal({ dir, encryptionKey: 'b' })).rejects.toMatchObject({ code: 'JOURNAL_KEY_MISMATCH' });
    await (await openJournal({ dir, encryptionKey: 'a' })).close();
  });

  test('works in a directory whose path is longer than a socket address', async () => {
    const dir = join(await tempDir(), 'd'.repeat(120), 'e'.repeat(120));
    await mkdir(dir, { recursive: true });
    const journal = await openJournal({ dir });
    await expect(openJournal({ dir })).rejects.toMatchObject({ code: 'JOURNAL_LOCKED', details: { pid: process.pid } });
    await journal.commit({ entries: [aStanza()] });
    await journal.close();
    await (await openJournal({ dir })).close();
  });

  test('somebody who listens there without a word holds it, too', async () => {
    const dir = await tempDir();
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(join(dir, 'journal.sock'), resolve));
    try {
      await expect(openJournal({ dir })).rejects.toMatchObject({ code: 'JOURNAL_LOCKED', details: { pid: null } });
    } finally {
      await new Promise((resolve) => silent.close(resolve));
    }
  });
});
