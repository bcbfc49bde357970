import { randomBytes } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { KEY_FILE } from '../../src/journal/key-file.js';
import { DATA_FILE } from '../../src/journal/open-environment.js';
import { AesGcmSealer } from '../../src/journal/sealing.js';
import { aConnection, anOutbox, aPart, aStanza, CONNECTION, openJournal, sha256, tempDir } from './journal-fixture.js';

const NUMBER = '5511999999999';
const TEXT = 'uma mensagem muito secreta';
const KEY = 'chave de teste';

async function writeEverything(dir: string, encryptionKey: string | null): Promise<void> {
  const journal = await openJournal({ dir, encryptionKey });
  await journal.commit({
    creds: { connectionId: CONNECTION, value: { me: { id: `${NUMBER}:1@s.whatsapp.net` }, text: TEXT } },
    keys: {
      connectionId: CONNECTION,
      mutations: { session: { [`${NUMBER}.0`]: { text: TEXT } }, 'lid-mapping': { [NUMBER]: '1234' } },
    },
    entries: [aStanza(TEXT)],
    parts: [aPart(TEXT)],
    outbox: [anOutbox({ whatsappId: NUMBER })],
    idempotency: [{ scope: 's', key: NUMBER, bodySha256: sha256(''), whatsappId: NUMBER, at: Date.now() }],
    connections: [aConnection({ numero: NUMBER })],
  });
  await journal.close();
}

async function expectEverything(dir: string, encryptionKey: string | null): Promise<void> {
  const journal = await openJournal({ dir, encryptionKey });
  expect(journal.getKeys(CONNECTION, 'session', [`${NUMBER}.0`])).toEqual({ [`${NUMBER}.0`]: { text: TEXT } });
  expect(journal.claimEntries(10)).toHaveLength(1);
  expect(journal.findPart(CONNECTION, sha256(TEXT))?.plaintext).toEqual(Buffer.from(TEXT));
  expect(journal.getOutbox(CONNECTION, NUMBER)?.to).toBe(NUMBER);
  await journal.close();
}

describe('encryption at rest', () => {
  test('with a key, neither texts nor numbers can be found in the data file', async () => {
    const dir = await tempDir();
    await writeEverything(dir, KEY);
    const bytes = await readFile(join(dir, DATA_FILE));
    expect(bytes.includes(TEXT)).toBe(false);
    expect(bytes.includes(NUMBER)).toBe(false);
    await expectEverything(dir, KEY);
  });

  test('without one they can: the check above looks at the right place', async () => {
    const dir = await tempDir();
    await writeEverything(dir, null);
    const bytes = await readFile(join(dir, DATA_FILE));
    expect(bytes.includes(TEXT) && bytes.includes(NUMBER)).toBe(true);
    await expectEverything(dir, null);
  });

  test.each([
    { written: KEY, opened: 'outra chave', says: 'another key' },
    { written: KEY, opened: null, says: 'is encrypted' },
    { written: null, opened: KEY, says: 'without encryption' },
  ])(
    'written with $written, opened with $opened: refused, and nothing is changed',
    async ({ written, opened, says }) => {
      const dir = await tempDir();
      await writeEverything(dir, written);
      const before = await readFile(join(dir, DATA_FILE));
      const refusal = expect(openJournal({ dir, encryptionKey: opened })).rejects;
      await refusal.toMatchObject({ code: 'JOURNAL_KEY_MISMATCH', message: expect.stringContaining(says) });
      expect(before.equals(await readFile(join(dir, DATA_FILE)))).toBe(true);
      await expectEverything(dir, written);
    },
  );

  test('a lost or damaged key file is told, and its return heals', async () => {
    const dir = await tempDir();
    await writeEverything(dir, KEY);
    const path = join(dir, KEY_FILE);
    const keyFile = await readFile(path);
    await writeFile(path, keyFile.subarray(0, 20));
    await expect(openJournal({ dir, encryptionKey: KEY })).rejects.toMatchObject({ code: 'JOURNAL_KEY_MISMATCH' });
    await rm(path);
    for (const encryptionKey of [KEY, null]) {
      await expect(openJournal({ dir, encryptionKey })).rejects.toMatchObject({ code: 'JOURNAL_KEY_MISMATCH' });
    }
    await writeFile(path, keyFile);
    await expectEverything(dir, KEY);
  });

  test("another journal's key file is told, even with its own key", async () => {
    const [dir, other] = [await tempDir(), await tempDir()];
    await writeEverything(dir, KEY);
    await writeEverything(other, KEY);
    await writeFile(join(dir, KEY_FILE), await readFile(join(other, KEY_FILE)));
    await expect(openJournal({ dir, encryptionKey: KEY })).rejects.toMatchObject({ code: 'JOURNAL_KEY_MISMATCH' });
  });

  test('only the owner can read the files', async () => {
    const dir = await tempDir();
    const journal = await openJournal({ dir, encryptionKey: KEY });
    const modes = await Promise.all(
      ['', DATA_FILE, `${DATA_FILE}-lock`, KEY_FILE, 'journal.sock'].map(async (name) => stat(join(dir, name))),
    );
    expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o700, 0o600, 0o600, 0o600, 0o600]);
    await journal.close();
  });
});

describe('a sealed value', () => {
  const sealer = new AesGcmSealer(randomBytes(32), randomBytes(32));
  const context = { table: 'log', key: Buffer.from('k'), header: Buffer.alloc(6) };

  test('opens where it was sealed for and nowhere else', () => {
    const sealed = sealer.seal(Buffer.from(TEXT), context);
    expect(sealer.open(sealed, context)).toEqual(Buffer.from(TEXT));
    expect(() => sealer.open(sealed, { ...context, key: Buffer.from('K') })).toThrow();
    expect(() => sealer.open(sealed, { ...context, table: 'dead' })).toThrow();
    expect(() => sealer.open(sealed, { ...context, header: Buffer.alloc(6, 1) })).toThrow();
    sealed[20] = (sealed[20] as number) ^ 1;
    expect(() => sealer.open(sealed, context)).toThrow();
  });

  test('never looks the same twice, and ids always do', () => {
    expect(sealer.seal(Buffer.from(TEXT), context)).not.toEqual(sealer.seal(Buffer.from(TEXT), context));
    expect(sealer.conceal(NUMBER)).toEqual(sealer.conceal(NUMBER));
    expect(sealer.conceal(NUMBER)).not.toEqual(sealer.conceal(`${NUMBER}0`));
  });
});
