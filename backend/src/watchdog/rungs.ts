import type { WatchedPool } from './watched.js';
import type { Rung } from './ladder.js';

export interface RungDeps {
  pool: Pick<WatchedPool, 'get' | 'recreate'>;
  alert: (connectionId: string, reasons: string[]) => void;
  /** Half of the connections are here: leave the process, if that is allowed. */
  considerExit: (reasons: string[]) => void;
}

/** What each rung of the ladder does to a connection. */
export function rungActions(deps: RungDeps): Record<Rung, (connectionId: string, reasons: string[]) => unknown> {
  const { pool } = deps;
  return {
    flush: (id) => pool.get(id)?.flush(),
    reconnect: (id, reasons) => pool.get(id)?.recycle(reasons.join(', ')),
    recreate: (id) => pool.recreate(id),
    alert: (id, reasons) => deps.alert(id, reasons),
    exit: (_id, reasons) => deps.considerExit(reasons),
  };
}
