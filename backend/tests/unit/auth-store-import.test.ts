import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { initAuthCreds, proto, type SignalDataSet, useMultiFileAuthState } from '@whiskeysockets/baileys';
import { importSession } from '../../src/integration/import-session.js';
import { silentLog } from '../../src/lib/log.js';
import { AuthStore } from '../../src/whatsapp/auth-store.js';
import { importMultiFile } from '../../src/whatsapp/import-multi-file.js';
import { CONNECTION, openJournal, tempDir } from './journal-fixture.js';

const OLD_GROUP = '5511911111111-1600000000@g.us';
const KEYS = {
  'pre-key': { '1': { public: Buffer.alloc(32, 1), private: Buffer.alloc(32, 2) } },
  session: { '5511911111111.0': { _sessions: {}, version: 'v1' }, '123_1.3': { _sessions: {}, version: 'v1' } },
  'sender-key': {
    [`${OLD_GROUP}::123_1::3`]: Buffer.from('[]'),
    '120363@g.us::5511911111111::0': Buffer.from('[]'),
    'status@broadcast::5511911111111::0': Buffer.from('[]'),
  },
  'sender-key-memory': { [OLD_GROUP]: { '5511911111111:3@s.whatsapp.net': true } },
  'app-state-sync-version': { critical_unblock_low: { version: 1, hash: Buffer.alloc(128), indexValueMap: {} } },
  'lid-mapping': { '5511911111111': '123', '123_reverse': '5511911111111' },
  'device-list': { '5511911111111': ['0', '3'] },
  'identity-key': { '5511911111111.0': Buffer.alloc(33, 5) },
  tctoken: { __index: { token: Buffer.from('[]') }, '123@lid': { token: Buffer.from('t') } },
} as unknown as SignalDataSet;

/** A folder as Baileys itself writes it. */
async function multiFileFolder(paired = true): Promise<string> {
  const folder = join(await tempDir(), 'auth');
  const { state, saveCreds } = await useMultiFileAuthState(folder);
  if (paired) Object.assign(state.creds, { me: { id: '5511911111111:3@s.whatsapp.net' }, registered: true });
  await saveCreds();
  await state.keys.set(KEYS);
  const keyData = Buffer.alloc(32, 9);
  await state.keys.set({
    'app-state-sync-key': { 'AA//b+c=': proto.Message.AppStateSyncKeyData.fromObject({ keyData, timestamp: 5 }) },
  });
  return folder;
}

describe('taking over a multi-file folder of Baileys', () => {
  test('credentials and every key are found under the ids that Baileys asks for', async () => {
    const journal = await openJournal();
    const folder = await multiFileFolder();
    const result = await importMultiFile({ journal, connectionId: CONNECTION, folder });
    expect(result.skipped).toEqual([]);
    expect(result.imported['sender-key']).toBe(3);
    const { state } = AuthStore.open({ journal, connectionId: CONNECTION, log: silentLog });
    const original = await useMultiFileAuthState(folder);
    expect(JSON.parse(JSON.stringify(state.creds))).toEqual(JSON.parse(JSON.stringify(original.state.creds)));
    for (const [type, values] of Object.entries(KEYS)) {
      expect(await state.keys.get(type as 'session', Object.keys(values))).toEqual(values);
    }
    const syncKey = (await state.keys.get('app-state-sync-key', ['AA//b+c=']))['AA//b+c='];
    expect(Buffer.from(syncKey?.keyData as Uint8Array)).toEqual(Buffer.alloc(32, 9));
  });

  test('it is one commit, and the folder stays as it was', async () => {
    const journal = await openJournal();
    const folder = await multiFileFolder();
    const files = await readdir(folder);
    const before = journal.stats().flushes;
    await importMultiFile({ journal, connectionId: CONNECTION, folder });
    expect(journal.stats().flushes).toBe(before + 1);
    expect(await readdir(folder)).toEqual(files);
  });

  test.each([
    { name: 'truncated', content: (text: string) => text.slice(0, text.length / 2), says: 'truncated' },
    { name: 'empty', content: () => '', says: 'truncated' },
    { name: 'something else', content: () => '{"hello":1}', says: 'does not hold the credentials' },
  ])('creds.json that is $name: refused, nothing is imported', async ({ content, says }) => {
    const journal = await openJournal();
    const folder = await multiFileFolder();
    const path = join(folder, 'creds.json');
    await writeFile(path, content(await readFile(path, 'utf8')));
    await expect(importMultiFile({ journal, connectionId: CONNECTION, folder })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining(says),
    });
    expect(journal.auth.creds(CONNECTION)).toBeNull();
    expect(journal.getKeys(CONNECTION, 'device-list', ['5511911111111'])).toEqual({});
  });

  test('a folder without creds.json is refused', async () => {
    const journal = await openJournal();
    const folder = join(await tempDir(), 'empty');
    await mkdir(folder);
    await expect(importMultiFile({ journal, connectionId: CONNECTION, folder })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('cannot be read'),
    });
  });

  test('a truncated key is passed over and told, as Baileys would take it for absent', async () => {
    const journal = await openJournal();
    const folder = await multiFileFolder();
    await writeFile(join(folder, 'session-5511911111111.0.json'), '{"_sess');
    await writeFile(join(folder, 'whatever.json'), '{}');
    const { skipped } = await importMultiFile({ journal, connectionId: CONNECTION, folder });
    expect(skipped.sort()).toEqual(['session-5511911111111.0.json', 'whatever.json']);
    expect(journal.getKeys(CONNECTION, 'session', ['5511911111111.0'])).toEqual({});
  });

  test('a paired connection is overwritten only by force, and then wholly', async () => {
    const journal = await openJournal();
    const mine = { ...initAuthCreds(), me: { id: '5511933333333:1@s.whatsapp.net' } };
    await journal.commit({
      creds: { connectionId: CONNECTION, value: mine },
      keys: { connectionId: CONNECTION, mutations: { 'pre-key': { '99': { a: 1 } } } },
    });
    const folder = await multiFileFolder();
    const refused = importMultiFile({ journal, connectionId: CONNECTION, folder });
    await expect(refused).rejects.toMatchObject({ code: 'ALREADY_PAIRED' });
    expect(journal.auth.creds(CONNECTION)).toMatchObject({ me: mine.me });
    await importMultiFile({ journal, connectionId: CONNECTION, folder, force: true });
    expect(journal.auth.creds(CONNECTION)).toMatchObject({ me: { id: '5511911111111:3@s.whatsapp.net' } });
    expect(journal.getKeys(CONNECTION, 'pre-key', ['99'])).toEqual({});
  });
});

describe('a session taken over', () => {
  const ownerId = '11111111-2222-4333-8444-555555555555';

  test('is a connection that the next start opens', async () => {
    const journal = await openJournal();
    const folder = await multiFileFolder();
    await importSession({ journal, connectionId: 'antiga', ownerId, folder, force: false });
    expect(journal.getConnection('antiga')).toMatchObject({ ownerId, wanted: 'connected', estado: 'idle' });
    expect(journal.claimEntries(1)).toMatchObject([{ kind: 'session', connectionId: 'antiga' }]);
  });

  test('leaves no connection behind when its folder cannot be read', async () => {
    const journal = await openJournal();
    const folder = await tempDir();
    const attempt = importSession({ journal, connectionId: 'antiga', ownerId, folder, force: false });
    await expect(attempt).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(journal.listConnections()).toEqual([]);
  });
});
