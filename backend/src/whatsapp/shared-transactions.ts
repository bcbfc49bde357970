import asyncHooks from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import { SharedContext } from '../lib/shared-context.js';

const node = asyncHooks as { AsyncLocalStorage: unknown };

/**
 * Makes a Baileys socket whose key-store transactions keep their context in a `SharedContext`.
 *
 * Baileys makes an `AsyncLocalStorage` for each socket (`lib/Utils/auth-utils.js`, addTransactionCapability) and never
 * lets go of it: what that costs is told at `SharedContext`. There is no option for it, so the class that Node exports
 * is exchanged while the socket is being made, which happens without awaiting anything. Baileys uses `run` and
 * `getStore` and nothing else.
 */
export function withSharedTransactions<T>(makeSocket: () => T): T {
  const own = node.AsyncLocalStorage;
  exportFromNode(SharedContext);
  try {
    return makeSocket();
  } finally {
    exportFromNode(own);
  }
}

/** Imports of builtin modules follow their CommonJS exports only when told to (0.02 ms). */
function exportFromNode(storage: unknown): void {
  node.AsyncLocalStorage = storage;
  syncBuiltinESMExports();
}
