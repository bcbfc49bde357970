import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  addTransactionCapability,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  generateSignalPubKey,
  type SignalDataSet,
} from '@whiskeysockets/baileys';
import { pino } from 'pino';
import type { Journal } from '../../src/journal/journal.js';
import { silentLog } from '../../src/lib/log.js';
import { AuthStore, INBOX_TYPE, type InboxRecord } from '../../src/whatsapp/auth-store.js';
import { aPart, aStanza, CONNECTION, openJournal, sha256, tempDir } from './journal-fixture.js';

const logger = pino({ level: 'silent' });
const ALICE = '5511911111111@s.whatsapp.net';
const BOB = '5511922222222@s.whatsapp.net';
const GROUP = '120363000000000001@g.us';
const NO_RETRIES = { maxCommitRetries: 1, delayBetweenTriesMs: 0 };

const closers: (() => void)[] = [];
afterEach(() => {
  jest.restoreAllMocks();
  for (const close of closers.splice(0)) close();
});

/** One side of a Signal conversation, exactly as Baileys puts it together for a socket. */
function party(journal: Journal, connectionId: string) {
  const epoch = AuthStore.open({ journal, connectionId, log: silentLog });
  const { creds } = epoch.state;
  const keys = addTransactionCapability(epoch.state.keys, logger, NO_RETRIES);
  const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, logger, undefined);
  closers.push(() => repository.close?.());
  return { epoch, creds, keys, repository };
}
type Party = ReturnType<typeof party>;

/** What WhatsApp's server hands out of a party: identity, signed prekey and one prekey. */
async function preKeyBundle({ creds, epoch, keys }: Party) {
  const preKey = Curve.generateKeyPair();
  await keys.set({ 'pre-key': { '7': preKey } });
  await epoch.saveCreds();
  const { signedPreKey } = creds;
  return {
    registrationId: creds.registrationId,
    identityKey: generateSignalPubKey(creds.signedIdentityKey.public),
    signedPreKey: {
      keyId: signedPreKey.keyId,
      publicKey: generateSignalPubKey(signedPreKey.keyPair.public),
      signature: signedPreKey.signature,
    },
    preKey: { keyId: 7, publicKey: generateSignalPubKey(preKey.public) },
  };
}

async function say(from: Party, fromJid: string, to: Party, toJid: string, text: string): Promise<string> {
  const { type, ciphertext } = await from.repository.encryptMessage({ jid: toJid, data: Buffer.from(text) });
  const plain = await to.repository.decryptMessage({ jid: fromJid, type, ciphertext });
  return Buffer.from(plain).toString();
}

describe('Signal sessions over the journal', () => {
  test('two parties talk, and go on talking after a restart', async () => {
    for (const encryptionKey of [null, 'chave']) {
      const dir = await tempDir();
      const first = await openJournal({ dir, encryptionKey });
      const [alice, bob] = [party(first, 'alice'), party(first, 'bob')];
      await alice.epoch.saveCreds();
      await alice.repository.injectE2ESession({ jid: BOB, session: await preKeyBundle(bob) });
      expect(await say(alice, ALICE, bob, BOB, 'oi')).toBe('oi');
      expect(await say(bob, BOB, alice, ALICE, 'olá')).toBe('olá');
      expect(await bob.epoch.state.keys.get('pre-key', ['7'])).toEqual({});
      await first.close();

      const second = await openJournal({ dir, encryptionKey });
      const [alice2, bob2] = [party(second, 'alice'), party(second, 'bob')];
      expect(alice2.creds).toEqual(alice.creds);
      for (const text of ['1', '2', '3']) expect(await say(alice2, ALICE, bob2, BOB, text)).toBe(text);
      expect(await say(bob2, BOB, alice2, ALICE, 'tchau')).toBe('tchau');
      await second.close();
    }
  });

  test('a group is read with sender keys, also after a restart', async () => {
    const dir = await tempDir();
    const first = await openJournal({ dir });
    const [alice, bob] = [party(first, 'alice'), party(first, 'bob')];
    const encrypt = (from: Party, text: string) =>
      from.repository.encryptGroupMessage({ group: GROUP, meId: ALICE, data: Buffer.from(text) });
    const one = await encrypt(alice, 'um');
    const item = { groupId: GROUP, axolotlSenderKeyDistributionMessage: one.senderKeyDistributionMessage };
    await bob.repository.processSenderKeyDistributionMessage({ item, authorJid: ALICE });
    const read = (by: Party, msg: Uint8Array) =>
      by.repository.decryptGroupMessage({ group: GROUP, authorJid: ALICE, msg });
    expect(Buffer.from(await read(bob, one.ciphertext)).toString()).toBe('um');
    await first.close();

    const second = await openJournal({ dir });
    const [alice2, bob2] = [party(second, 'alice'), party(second, 'bob')];
    const two = await encrypt(alice2, 'dois');
    expect(Buffer.from(await read(bob2, two.ciphertext)).toString()).toBe('dois');
  });

  test('the plaintext and the ratchet that it cost are one commit', async () => {
    const journal = await openJournal();
    const [alice, bob] = [party(journal, 'alice'), party(journal, 'bob')];
    await alice.repository.injectE2ESession({ jid: BOB, session: await preKeyBundle(bob) });
    expect(await say(alice, ALICE, bob, BOB, 'oi')).toBe('oi');
    expect(await say(bob, BOB, alice, ALICE, 'olá')).toBe('olá');
    const { type, ciphertext } = await alice.repository.encryptMessage({ jid: BOB, data: Buffer.from('segredo') });
    const before = journal.stats().flushes;
    await bob.keys.transaction(async () => {
      const plain = await bob.repository.decryptMessage({ jid: ALICE, type, ciphertext });
      const inbox: InboxRecord = { part: aPart(Buffer.from(plain).toString()), entry: aStanza('segredo') };
      await bob.keys.set({ [INBOX_TYPE]: { '1': inbox } } as SignalDataSet);
    }, ALICE);
    expect(journal.stats().flushes).toBe(before + 1);
    expect(journal.findPart(CONNECTION, sha256('segredo'))?.plaintext).toEqual(Buffer.from('segredo'));
    expect(journal.claimEntries(10)).toHaveLength(1);
    // The message key is used up: the ratchet was committed as well. (libsignal says so on the console.)
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
    await expect(bob.repository.decryptMessage({ jid: ALICE, type, ciphertext })).rejects.toThrow();
  });
});
