import { addTransactionCapability, type SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys';
import { beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Journal } from '../../src/journal/journal.js';
import { deferred } from '../../src/lib/deferred.js';
import { silentLog } from '../../src/lib/log.js';
import { AuthStore } from '../../src/whatsapp/auth-store.js';
import { keepLateWrites } from '../../src/whatsapp/late-writes.js';
import { CONNECTION, openJournal } from './journal-fixture.js';

let journal: Journal;
/** Baileys' own transactions over the journal. */
let keys: SignalKeyStoreWithTransaction;
const token = (senderTimestamp: number) => ({ token: Buffer.alloc(0), senderTimestamp });
const stored = () => Object.keys(journal.getKeys(CONNECTION, 'tctoken', ['a', 'b']));

beforeEach(async () => {
  journal = await openJournal();
  const { state } = AuthStore.open({ journal, connectionId: CONNECTION, log: silentLog });
  const options = { maxCommitRetries: 1, delayBetweenTriesMs: 0 };
  keys = addTransactionCapability(state.keys, pino({ level: 'silent' }), options);
});

/** Runs `late` in the context of a transaction, after its end. */
async function afterItsEnd(late: () => Promise<unknown>): Promise<void> {
  const answered = deferred();
  let done: Promise<unknown> = Promise.resolve();
  await keys.transaction(async () => {
    done = answered.promise.then(late);
  }, 'me');
  answered.resolve();
  await done;
}

test('what is set after a transaction has ended, in its context, is stored', async () => {
  keepLateWrites(keys);
  await afterItsEnd(async () => keys.set({ tctoken: { a: token(1) } }));
  expect(stored()).toEqual(['a']);
});

test('what is set inside is committed once, at its end, nested transactions included', async () => {
  keepLateWrites(keys);
  await keys.transaction(async () => {
    await keys.set({ tctoken: { a: token(1) } });
    await keys.transaction(async () => void (await keys.set({ tctoken: { b: token(2) } })), 'other');
    expect(stored()).toEqual([]);
  }, 'me');
  expect(stored()).toEqual(['a', 'b']);
});

test('a transaction that begins late is one of its own', async () => {
  keepLateWrites(keys);
  await afterItsEnd(() => keys.transaction(async () => void (await keys.set({ tctoken: { a: token(1) } })), 'later'));
  expect(stored()).toEqual(['a']);
});

test('Baileys alone loses what is set late: when this fails, keepLateWrites has had its day', async () => {
  await afterItsEnd(async () => keys.set({ tctoken: { a: token(1) } }));
  expect(stored()).toEqual([]);
});
