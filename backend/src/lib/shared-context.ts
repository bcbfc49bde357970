import { AsyncLocalStorage } from 'node:async_hooks';

type Contexts = ReadonlyMap<object, unknown>;

const NOTHING: Contexts = new Map();
const contexts = new AsyncLocalStorage<Contexts>();

/**
 * What Node's `AsyncLocalStorage` does, for parts that come in great numbers: one for each socket, say. All of them
 * share one `AsyncLocalStorage`.
 *
 * Before Node 24 every `AsyncLocalStorage` that was ever used stays in a list of the process, and each new promise gets a
 * property for each of them (`lib/async_hooks.js`, `_propagate`; Node 24 has `AsyncContextFrame` instead). With three of
 * them for a socket, a process with 20 connections spent a quarter of its time there, and one that had reconnected
 * thousands of times would have done little else.
 */
export class SharedContext<T> {
  /** Runs it without what anybody has set: for what outlives its caller, such as a socket. @returns what `work` returns */
  static outside<R>(work: () => R): R {
    return contexts.run(NOTHING, work);
  }

  /** What the innermost `run` around the caller was given; undefined outside of one. */
  getStore(): T | undefined {
    return contexts.getStore()?.get(this) as T | undefined;
  }

  /** @returns what `work` returns; it and all it calls, now or later, finds `store` by `getStore` */
  run<R, A extends unknown[]>(store: T, work: (...args: A) => R, ...args: A): R {
    const inner = new Map(contexts.getStore());
    inner.set(this, store);
    return contexts.run(inner, work, ...args);
  }
}
