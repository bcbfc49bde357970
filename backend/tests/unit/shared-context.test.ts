import { execFile } from 'node:child_process';
import asyncHooks from 'node:async_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { SharedContext } from '../../src/lib/shared-context.js';
import { withSharedTransactions } from '../../src/whatsapp/shared-transactions.js';

const run = promisify(execFile);
const BACKEND = fileURLToPath(new URL('../..', import.meta.url));

test('what was given to run is found in all that it calls, also after an await', async () => {
  const context = new SharedContext<string>();
  const later = async () => {
    await Promise.resolve();
    return context.getStore();
  };
  const found = await context.run('a', () => Promise.all([later(), context.run('b', later), later()]));
  expect([...found, context.getStore()]).toEqual(['a', 'b', 'a', undefined]);
});

test('contexts know nothing of each other', () => {
  const [one, other] = [new SharedContext<number>(), new SharedContext<number>()];
  const found = one.run(1, () => other.run(2, () => [one.getStore(), other.getStore()]));
  expect(found).toEqual([1, 2]);
  expect(one.run(1, () => other.getStore())).toBeUndefined();
});

test('outside of all there is nothing, and inside again it is as before', async () => {
  const context = new SharedContext<number>();
  const found = await context.run(1, async () => {
    const outside = await SharedContext.outside(async () => {
      await Promise.resolve();
      return context.getStore();
    });
    return [outside, context.getStore()];
  });
  expect(found).toEqual([undefined, 1]);
});

test("while a socket is made Node's class is ours, and its own again when that throws", () => {
  const own = asyncHooks.AsyncLocalStorage;
  expect(withSharedTransactions(() => asyncHooks.AsyncLocalStorage)).toBe(SharedContext);
  const failing = () =>
    withSharedTransactions(() => {
      throw new Error('no socket');
    });
  expect(failing).toThrow('no socket');
  expect(asyncHooks.AsyncLocalStorage).toBe(own);
});

// Jest does not link builtin modules as Node does, so this one needs a process of its own.
test("twenty of Baileys' key stores leave no more behind on a promise than one", async () => {
  const script = `
    import { executionAsyncResource } from 'node:async_hooks';
    import { addTransactionCapability } from '@whiskeysockets/baileys';
    import { withSharedTransactions } from './src/whatsapp/shared-transactions.ts';
    const logger = { trace() {}, warn() {}, error() {} };
    const left = [];
    for (let made = 0; made < 20; made++) {
      const kept = {};
      const disk = { get: async () => ({}), set: async (data) => void Object.assign(kept, data) };
      const keys = withSharedTransactions(() => addTransactionCapability(disk, logger, { maxCommitRetries: 1 }));
      await keys.transaction(async () => {
        await keys.set({ session: { a: made } });
        if (!keys.isInTransaction() || kept.session) throw new Error('not in its transaction');
      }, 'a');
      if (keys.isInTransaction() || kept.session.a !== made) throw new Error('not committed');
      left.push(Object.getOwnPropertySymbols(executionAsyncResource()).length);
    }
    console.log(JSON.stringify(left));
  `;
  const { stdout } = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: BACKEND,
  });
  const left = JSON.parse(stdout) as number[];
  // The first one turns the bookkeeping on.
  expect(new Set(left.slice(1)).size).toBe(1);
});
