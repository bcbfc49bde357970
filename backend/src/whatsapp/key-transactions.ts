import type { SignalDataTypeMap, SignalKeyStore, SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys';
import type { KeyMutations } from '../journal/records.js';
import { AsyncContext } from './async-context.js';
import { Lanes } from './lanes.js';

/** What a transaction has seen, and what it will commit. */
interface Transaction {
  seen: KeyMutations;
  changed: KeyMutations;
}

/**
 * Transactions by Baileys' rules (7.0.0-rc14, `lib/Utils/auth-utils.js`, addTransactionCapability): one at a time for each
 * key, nested ones join, reads see what was set, all of it is committed by one `set` at the end. Two things differ:
 *
 * - All sockets share one AsyncLocalStorage (async-context.ts), where Baileys makes one for each.
 * - A transaction is over when it has been committed. After a send Baileys tells WhatsApp, without waiting, that the
 *   contact is trusted, and notes when it did (`lib/Socket/messages-send.js`, issuePrivacyTokens); the note is taken after
 *   the commit, but still in the transaction's async context, and was lost in its memory: every single message was
 *   followed by another such query, where one a week and contact is meant. Here what comes late goes to the store.
 */
export class KeyTransactions {
  readonly #transaction = new AsyncContext<Transaction>();
  readonly #lanes = new Lanes();

  /** @param disk what is below: reads and commits go there */
  constructor(private readonly disk: SignalKeyStore) {}

  /** Puts these transactions in the place of the ones that Baileys has put around the same store. */
  takeOver(keys: SignalKeyStoreWithTransaction): void {
    const outside = { ...keys };
    keys.isInTransaction = () => this.#transaction.current !== undefined;
    keys.get = (type, ids) => {
      const { current } = this.#transaction;
      return current ? this.#get(current, type, ids) : outside.get(type, ids);
    };
    keys.set = async (data) => {
      const { current } = this.#transaction;
      if (!current) return outside.set(data);
      for (const [type, values] of Object.entries(data)) change(current, type, values);
    };
    keys.transaction = (work, key) => this.#run(work, key);
  }

  #run<T>(work: () => Promise<T>, key: string): Promise<T> {
    if (this.#transaction.current) return work();
    return this.#lanes.run([key], async () => {
      const transaction: Transaction = { seen: {}, changed: {} };
      const result = await this.#transaction.run(transaction, work);
      if (Object.keys(transaction.changed).length > 0) await this.disk.set(transaction.changed);
      return result;
    });
  }

  async #get<T extends keyof SignalDataTypeMap>({ seen }: Transaction, type: T, ids: string[]) {
    const known = (seen[type] ??= {});
    const missing = ids.filter((id) => !(id in known));
    if (missing.length > 0) Object.assign(known, await this.disk.get(type, missing));
    const found = ids.filter((id) => known[id] != null).map((id) => [id, known[id]]);
    return Object.fromEntries(found) as { [id: string]: SignalDataTypeMap[T] };
  }
}

function change({ seen, changed }: Transaction, type: string, values: Record<string, unknown>): void {
  const known = (seen[type] ??= {});
  const changes = (changed[type] ??= {});
  for (const [id, value] of Object.entries(values)) {
    // As Baileys does: a prekey that this transaction has not seen is not deleted by it (lib/Utils/pre-key-manager.js).
    if (type === 'pre-key' && value === null && !known[id]) continue;
    known[id] = changes[id] = value;
  }
}
