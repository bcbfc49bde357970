const LONG_MS = 10_000;

/** Baileys leaves timers behind that nothing clears (30 s after each upload of prekeys, 120 s after a history sync:
 *  Socket/socket.js, Socket/chats.js). Without this, jest waits for them after the last test. */
export function unrefLongTimers(): void {
  const original = globalThis.setTimeout;
  const unreffing = (handler: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = original(handler, ms, ...args);
    if (ms !== undefined && ms >= LONG_MS) timer.unref();
    return timer;
  };
  globalThis.setTimeout = Object.assign(unreffing, original);
}
