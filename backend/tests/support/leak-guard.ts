import { until } from './until.js';

/** What a forgotten part leaves open. Timers are left out: Baileys leaves some behind that nothing can clear. */
const WATCHED = new Set(['TCPSocketWrap', 'TCPServerWrap', 'PipeWrap', 'ProcessWrap', 'MessagePort', 'Worker']);

function open(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) if (WATCHED.has(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Call it before anything is opened. @returns fails unless all that was opened since is closed again */
export function leakGuard(): () => Promise<void> {
  const before = open();
  const leaks = () => Object.entries(open()).filter(([kind, count]) => count > (before[kind] ?? 0));
  return async () => {
    try {
      await until('everything to be closed', () => leaks().length === 0, 5_000);
    } catch {
      throw new Error(
        `left open: ${leaks()
          .map(([kind, count]) => `${count} ${kind}`)
          .join(', ')}`,
      );
    }
  };
}
