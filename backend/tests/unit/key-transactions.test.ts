import { addTransactionCapability, type SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { Journal } from '../../src/journal/journal.js';
import { deferred } from '../../src/lib/deferred.js';
import { silentLog } from '../../src/lib/log.js';
import { AuthStore } from '../../src/whatsapp/auth-store.js';
import { KeyTransactions } from '../../src/whatsapp/key-transactions.js';
import { CONNECTION, openJournal } from './journal-fixture.js';

let journal: Journal;
/** Baileys' own transactions over the journal, and ours in their place. */
let baileys: SignalKeyStoreWithTransaction;
let keys: SignalKeyStoreWithTransaction;
const token = (senderTimestamp: number) => ({ token: Buffer.alloc(0), senderTimestamp });
const stored = () => Object.keys(journal.getKeys(CONNECTION, 'tctoken', ['a', 'b']));
const storedPreKeys = () => Object.keys(journal.getKeys(CONNECTION, 'pre-key', ['1', '2']));
const preKey = { public: Buffer.alloc(32, 1), private: Buffer.alloc(32, 2) };

beforeEach(async () => {
  journal = await openJournal();
  const { state } = AuthStore.open({ journal, connectionId: CONNECTION, log: silentLog });
  const options = { maxCommitRetries: 1, delayBetweenTriesMs: 0 };
  const wrapped = () => addTransactionCapability(state.keys, pino({ level: 'silent' }), options);
  [baileys, keys] = [wrapped(), wrapped()];
  new KeyTransactions(state.keys).takeOver(keys);
});

/** Runs `late` in the context of a transaction, after its end. */
async function afterItsEnd(store: SignalKeyStoreWithTransaction, late: () => Promise<unknown>): Promise<void> {
  const answered = deferred();
  let done: Promise<unknown> = Promise.resolve();
  await store.transaction(async () => {
    done = answered.promise.then(late);
  }, 'me');
  answered.resolve();
  await done;
}

describe.each(['baileys', 'keys'] as const)('by the same rules, Baileys and ours: %s', (which) => {
  const store = () => (which === 'baileys' ? baileys : keys);

  test('what is set inside is committed once, at its end, nested transactions included', async () => {
    await store().transaction(async () => {
      await store().set({ tctoken: { a: token(1) } });
      await store().transaction(async () => void (await store().set({ tctoken: { b: token(2) } })), 'other');
      expect(stored()).toEqual([]);
      expect(Object.keys(await store().get('tctoken', ['a', 'b']))).toEqual(['a', 'b']);
    }, 'me');
    expect(stored()).toEqual(['a', 'b']);
  });

  test('one that fails commits nothing, and the next one of its key runs', async () => {
    const failing = store().transaction(async () => {
      await store().set({ tctoken: { a: token(1) } });
      throw new Error('no');
    }, 'me');
    await expect(failing).rejects.toThrow('no');
    await store().transaction(async () => void (await store().set({ tctoken: { b: token(1) } })), 'me');
    expect(stored()).toEqual(['b']);
  });

  test('those of one key run one after the other', async () => {
    const steps: string[] = [];
    const gate = deferred();
    const first = store().transaction(async () => {
      await gate.promise;
      steps.push('first');
    }, 'me');
    const second = store().transaction(async () => void steps.push('second'), 'me');
    await store().transaction(async () => void steps.push('other'), 'other');
    gate.resolve();
    await Promise.all([first, second]);
    expect(steps).toEqual(['other', 'first', 'second']);
  });

  test('what is deleted inside is gone inside; a prekey only when it was seen', async () => {
    await store().set({ 'pre-key': { 1: preKey, 2: preKey } });
    await store().transaction(async () => {
      await store().get('pre-key', ['1']);
      await store().set({ 'pre-key': { 1: null, 2: null } });
      expect(await store().get('pre-key', ['1'])).toEqual({});
    }, 'me');
    expect(storedPreKeys()).toEqual(['2']);
  });

  test('outside of any, it says so and stores at once', async () => {
    expect(store().isInTransaction()).toBe(false);
    await store().transaction(async () => expect(store().isInTransaction()).toBe(true), 'me');
    await store().set({ tctoken: { a: token(1) } });
    expect(stored()).toEqual(['a']);
  });
});

test('what is set after a transaction has ended, in its context, is stored', async () => {
  await afterItsEnd(keys, async () => keys.set({ tctoken: { a: token(1) } }));
  expect(stored()).toEqual(['a']);
});

test('a transaction that begins late is one of its own', async () => {
  await afterItsEnd(keys, () =>
    keys.transaction(async () => void (await keys.set({ tctoken: { a: token(1) } })), 'later'),
  );
  expect(stored()).toEqual(['a']);
});

test('a transaction of one connection does not count for another', async () => {
  const other = new KeyTransactions({ get: async () => ({}), set: async () => undefined });
  const theirs = { ...baileys };
  other.takeOver(theirs);
  await theirs.transaction(async () => {
    expect(keys.isInTransaction()).toBe(false);
    await keys.transaction(async () => expect(theirs.isInTransaction()).toBe(true), 'me');
  }, 'theirs');
});

test('Baileys alone loses what is set late: when this fails, one reason for our own has had its day', async () => {
  await afterItsEnd(baileys, async () => baileys.set({ tctoken: { a: token(1) } }));
  expect(stored()).toEqual([]);
});
