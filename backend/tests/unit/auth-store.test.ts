import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { type AuthenticationCreds, proto, type SignalDataSet, type SignalKeyStore } from '@whiskeysockets/baileys';
import type { Journal } from '../../src/journal/journal.js';
import { silentLog } from '../../src/lib/log.js';
import { type AuthEpoch, AuthStore, INBOX_TYPE } from '../../src/whatsapp/auth-store.js';
import { aPart, CONNECTION, openJournal, tempDir } from './journal-fixture.js';

const ALICE = '5511911111111@s.whatsapp.net';
const BOB = '5511922222222@s.whatsapp.net';
const GROUP = '120363000000000001@g.us';

afterEach(() => {
  jest.restoreAllMocks();
});

function open(journal: Journal, connectionId = CONNECTION): AuthEpoch {
  return AuthStore.open({ journal, connectionId, log: silentLog });
}

describe('key types', () => {
  const bytes = (size: number, fill: number) => Buffer.alloc(size, fill);
  const indexValueMap = { bWFj: { valueMac: bytes(32, 3) } };

  test.each([
    { type: 'pre-key', id: '1', value: { public: bytes(32, 1), private: bytes(32, 2) } },
    { type: 'sender-key', id: `${GROUP}::5511911111111::0`, value: Buffer.from('[{"senderKeyId":1}]') },
    { type: 'sender-key-memory', id: GROUP, value: { '5511911111111:3@s.whatsapp.net': true } },
    { type: 'app-state-sync-version', id: 'critical_block', value: { version: 3, hash: bytes(128, 1), indexValueMap } },
    { type: 'lid-mapping', id: '5511911111111', value: '123456789' },
    { type: 'lid-mapping', id: '123456789_reverse', value: '5511911111111' },
    { type: 'device-list', id: '5511911111111', value: ['0', '3'] },
    { type: 'tctoken', id: '__index', value: { token: Buffer.from('["1@lid"]'), timestamp: '1735689600' } },
    { type: 'identity-key', id: '5511911111111.0', value: bytes(33, 5) },
    { type: 'session', id: '5511911111111.0', value: { _sessions: { a: { registrationId: 1 } }, version: 'v1' } },
  ])('$type comes back as it was stored, also from a cold start', async ({ type, id, value }) => {
    const dir = await tempDir();
    const first = await openJournal({ dir });
    await open(first).state.keys.set({ [type]: { [id]: value } });
    await first.close();
    const { keys } = open(await openJournal({ dir })).state;
    const get = (ids: string[]) => keys.get(type as 'session', ids);
    expect(await get([id, 'unknown'])).toEqual({ [id]: value });
    await keys.set({ [type]: { [id]: null } });
    expect(await get([id])).toEqual({});
  });

  test('an app-state sync key comes back as the protobuf message that Baileys needs', async () => {
    const { keys } = open(await openJournal()).state;
    const value = proto.Message.AppStateSyncKeyData.fromObject({
      keyData: bytes(32, 9),
      fingerprint: { rawId: 1, currentIndex: 2, deviceIndexes: [0, 1] },
      timestamp: 1735689600,
    });
    await keys.set({ 'app-state-sync-key': { 'AAA/+=': value } });
    const found = (await keys.get('app-state-sync-key', ['AAA/+=']))['AAA/+='];
    expect(found).toBeInstanceOf(proto.Message.AppStateSyncKeyData);
    expect(Buffer.from(found?.keyData as Uint8Array)).toEqual(bytes(32, 9));
    expect(proto.Message.AppStateSyncKeyData.encode(found ?? {}).finish()).toEqual(
      proto.Message.AppStateSyncKeyData.encode(value).finish(),
    );
  });

  test('two connections do not see each other', async () => {
    const journal = await openJournal();
    await open(journal, 'a').state.keys.set({ 'lid-mapping': { x: '1' } });
    expect(await open(journal, 'ab').state.keys.get('lid-mapping', ['x'])).toEqual({});
    await journal.auth.delete('ab');
    expect(await open(journal, 'a').state.keys.get('lid-mapping', ['x'])).toEqual({ x: '1' });
  });
});

describe('credentials', () => {
  test('come back with protobuf messages as plain bytes, which Baileys encodes again', async () => {
    const journal = await openJournal();
    const epoch = open(journal);
    const account = proto.ADVSignedDeviceIdentity.fromObject({
      details: Buffer.alloc(20, 1),
      accountSignatureKey: Buffer.alloc(32, 2),
      accountSignature: Buffer.alloc(64, 3),
      deviceSignature: Buffer.alloc(64, 4),
    });
    const key = proto.MessageKey.fromObject({ id: 'A', remoteJid: ALICE, fromMe: false });
    Object.assign(epoch.state.creds, {
      account,
      routingInfo: Buffer.from([1, 2, 3]),
      me: { id: '5511911111111:3@s.whatsapp.net', lid: '1@lid', name: 'Loja' },
      processedHistoryMessages: [{ key, messageTimestamp: 1735689600 }],
    } satisfies Partial<AuthenticationCreds>);
    await epoch.saveCreds();
    const { creds } = open(journal).state;
    expect(creds.routingInfo).toEqual(Buffer.from([1, 2, 3]));
    expect(creds.me).toEqual(epoch.state.creds.me);
    expect(creds.processedHistoryMessages).toEqual([
      { key: { id: 'A', remoteJid: ALICE, fromMe: false }, messageTimestamp: 1735689600 },
    ]);
    expect(proto.ADVSignedDeviceIdentity.encode(creds.account ?? {}).finish()).toEqual(
      proto.ADVSignedDeviceIdentity.encode(account).finish(),
    );
  });

  test('the put is on its way when saveCreds returns: later changes need another call', async () => {
    const journal = await openJournal();
    const epoch = open(journal);
    epoch.state.creds.nextPreKeyId = 31;
    const saved = epoch.saveCreds();
    epoch.state.creds.nextPreKeyId = 99;
    await saved;
    expect(open(journal).state.creds.nextPreKeyId).toBe(31);
  });

  test('archived auth state is no longer found, and is kept aside for 30 days', async () => {
    const journal = await openJournal();
    const epoch = open(journal);
    await epoch.saveCreds();
    await epoch.state.keys.set({ 'lid-mapping': { a: 'b' } });
    await journal.auth.archive(CONNECTION, '401');
    expect(journal.auth.creds(CONNECTION)).toBeNull();
    expect(await epoch.state.keys.get('lid-mapping', ['a'])).toEqual({});
    const day = 24 * 60 * 60 * 1000;
    expect(await journal.prune(Date.now() + 29 * day)).toMatchObject({ archive: 0 });
    expect(await journal.prune(Date.now() + 31 * day)).toMatchObject({ archive: 3 });
  });
});

describe('an epoch', () => {
  test('once revoked, the old socket can neither read nor write', async () => {
    const journal = await openJournal();
    const old = open(journal);
    const { keys } = old.state as { keys: SignalKeyStore };
    await keys.set({ 'lid-mapping': { a: 'old' } });
    old.revoke();
    const stale = { code: 'STALE_EPOCH' };
    await expect(keys.get('lid-mapping', ['a'])).rejects.toMatchObject(stale);
    await expect(keys.set({ 'lid-mapping': { a: 'late' } })).rejects.toMatchObject(stale);
    await expect(old.saveCreds()).rejects.toMatchObject(stale);
    expect(await open(journal).state.keys.get('lid-mapping', ['a'])).toEqual({ a: 'old' });
    expect(journal.auth.creds(CONNECTION)).toBeNull();
  });

  test('what was on its way before the revocation is there when it has settled', async () => {
    const journal = await openJournal();
    const old = open(journal);
    const sets = Array.from({ length: 20 }, async (_, at) => old.state.keys.set({ 'lid-mapping': { [at]: 'x' } }));
    const saved = old.saveCreds();
    old.revoke();
    await old.settled();
    expect(journal.auth.creds(CONNECTION)).not.toBeNull();
    expect(Object.keys(journal.getKeys(CONNECTION, 'lid-mapping', ['0', '19']))).toEqual(['0', '19']);
    await Promise.all([...sets, saved]);
  });

  test('a failed commit rejects, leaves memory at what the disk has, and settles', async () => {
    const journal = await openJournal();
    const epoch = open(journal);
    await epoch.state.keys.set({ 'lid-mapping': { a: '1' } });
    const tooLong = { [INBOX_TYPE]: { x: { part: aPart('x', 0, 'c'.repeat(300)) } }, 'lid-mapping': { a: '2' } };
    await expect(epoch.state.keys.set(tooLong as SignalDataSet)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(await epoch.state.keys.get('lid-mapping', ['a'])).toEqual({ a: '1' });
    await journal.close();
    await expect(epoch.saveCreds()).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
    await epoch.settled();
  });
});

describe('what is stored soon', () => {
  const session = (name: string) => ({ session: { [ALICE]: Buffer.from(name) } }) as SignalDataSet;
  const read = async (epoch: AuthEpoch) => {
    const { [ALICE]: found } = await epoch.state.keys.get('session', [ALICE]);
    return found ? Buffer.from(found).toString() : null;
  };

  test('is read at once, and on the disk when nothing is unstored', async () => {
    const journal = await openJournal();
    const epoch = open(journal);
    epoch.commitSoon(session('first'));
    epoch.commitSoon(session('second'));
    expect(journal.getKeys(CONNECTION, 'session', [ALICE])).toEqual({});
    expect(await read(epoch)).toBe('second');
    await epoch.store();
    expect(epoch.store()).toBeNull();
    expect(journal.getKeys(CONNECTION, 'session', [ALICE])).toEqual({ [ALICE]: Buffer.from('second') });
  });

  test('shares one flush with what comes before somebody asks for it', async () => {
    const journal = await openJournal();
    const epoch = open(journal);
    await epoch.saveCreds();
    const before = journal.stats().flushes;
    epoch.commitSoon(session('ours'));
    epoch.commitSoon({ session: { [BOB]: Buffer.from('theirs') } });
    await epoch.store();
    expect(journal.stats().flushes).toBe(before + 1);
  });

  test('does not hide what was set after it, for whoever waited for that', async () => {
    const epoch = open(await openJournal());
    epoch.commitSoon(session('soon'));
    await epoch.state.keys.set(session('later'));
    expect(await read(epoch)).toBe('later');
    epoch.commitSoon(session('soon again'));
    await epoch.commitAhead({ session: { [ALICE]: null } });
    expect(await read(epoch)).toBeNull();
  });

  test('fails for all that come later when one commit fails', async () => {
    const journal = await openJournal();
    const epoch = open(journal);
    jest.spyOn(journal, 'commit').mockRejectedValueOnce(new Error('disk full'));
    epoch.commitSoon(session('lost'));
    epoch.commitSoon(session('stored'));
    await expect(epoch.store()).rejects.toThrow('disk full');
    await epoch.settled();
    expect(epoch.store()).not.toBeNull();
  });

  test('is left out when its transaction commits it', async () => {
    const journal = await openJournal();
    const epoch = open(journal);
    const commit = jest.spyOn(journal, 'commit');
    const data = session('once');
    epoch.commitSoon(data);
    await epoch.state.keys.set(data);
    await epoch.store();
    expect(commit).toHaveBeenCalledTimes(1);
  });
});
