const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const LOOK_EVERY_MS = 500;

/**
 * Calls `end` at the first request to end this process: SIGTERM, SIGINT, SIGHUP, or the end of the npm that runs it.
 * Later ones are taken and change nothing: a second Ctrl-C must not cut an orderly stop short and leave Postgres behind.
 * npm passes SIGTERM and SIGINT on and dies of anything else, which leaves us to nobody.
 * @returns stops listening
 */
export function onEndRequest(end: (reason: string) => void, { isRunByNpm }: { isRunByNpm: boolean }): () => void {
  let isEnding = false;
  const once = (reason: string) => {
    if (!isEnding) end(reason);
    isEnding = true;
  };
  const listeners = SIGNALS.map((signal) => [signal, () => once(signal)] as const);
  for (const [signal, listener] of listeners) process.on(signal, listener);
  const parent = process.ppid;
  const watch = isRunByNpm ? setInterval(look, LOOK_EVERY_MS).unref() : undefined;
  function look(): void {
    if (process.ppid !== parent) once('npm ended');
  }
  return () => {
    clearInterval(watch);
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}
