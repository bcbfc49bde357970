import { AsyncLocalStorage } from 'node:async_hooks';
import type { SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys';
import { SharedContext } from '../lib/shared-context.js';

/**
 * Lets work that outlives a key-store transaction of Baileys' use the store itself.
 *
 * After a send Baileys tells WhatsApp, without waiting, that the contact is trusted, and notes when it did
 * (`lib/Socket/messages-send.js`, issuePrivacyTokens). The note is taken once the transaction has been committed, but
 * still in its async context: it lands in that transaction's memory and is lost (`lib/Utils/auth-utils.js`), so every
 * single message is followed by another such query, where one a week and contact is meant. Here a finished transaction
 * is left behind: what comes late is read from the store and written to it.
 */
export function keepLateWrites(keys: SignalKeyStoreWithTransaction): void {
  const inner = { ...keys };
  const current = new SharedContext<{ ended: boolean }>();
  const outside = AsyncLocalStorage.snapshot();
  const isLate = () => current.getStore()?.ended === true;

  keys.get = (type, ids) => (isLate() ? outside(() => inner.get(type, ids)) : inner.get(type, ids));
  keys.set = (data) => (isLate() ? outside(() => inner.set(data)) : inner.set(data));
  keys.transaction = (work, key) => {
    const own = current.getStore();
    if (own) return own.ended ? outside(() => keys.transaction(work, key)) : inner.transaction(work, key);
    const store = { ended: false };
    return current.run(store, async () => {
      try {
        return await inner.transaction(work, key);
      } finally {
        store.ended = true;
      }
    });
  };
}
