import { readdirSync, readFileSync } from 'node:fs';

/** What this process has used so far. */
export interface Usage {
  /** All threads, user and system. */
  cpuMs: number;
  /** The event loop's thread alone; null where the kernel does not tell (Linux does). */
  loopCpuMs: number | null;
  /** Anonymous memory: heaps and buffers without mapped files; null where the kernel does not tell. */
  rssAnonMb: number | null;
}

export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, loopCpuMs: loopCpuMs(), rssAnonMb: rssAnonMb() };
}

/** `schedstat`: nanoseconds on a CPU (Documentation/scheduler/sched-stats.rst). The first thread has the process's id. */
function loopCpuMs(): number | null {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return null;
  }
}

function rssAnonMb(): number | null {
  try {
    const kb = /RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kb === undefined ? null : Number(kb) / 1024;
  } catch {
    return null;
  }
}

/** CPU of other processes by pid, ms: Postgres has one process per connection. */
export function cpuMsOfChildren(parent: number): number {
  let ticks = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (Number(fields[1]) === parent || Number(name) === parent) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has ended meanwhile.
    }
  }
  return ticks * 10;
}
