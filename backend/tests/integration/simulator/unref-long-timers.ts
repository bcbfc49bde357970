const LONG_MS = 5_000;

/** Baileys leaves timers behind that nothing clears (8 s after a placeholder request, 30 s after an upload of prekeys, 120 s after a history sync:
 *  Socket/messages-recv.js, socket.js, chats.js). Without this, jest waits for them after the last test. */
export function unrefLongTimers(): void {
  const original = globalThis.setTimeout;
  const unreffing = (handler: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = original(handler, ms, ...args);
    if (ms !== undefined && ms >= LONG_MS) timer.unref();
    return timer;
  };
  globalThis.setTimeout = Object.assign(unreffing, original);
}
