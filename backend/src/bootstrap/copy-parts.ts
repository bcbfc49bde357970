import { CopyRounds, type CopyKind, type CopyStatus } from '../backup/copy-rounds.js';
import { KeptBackups } from '../backup/keep-backups.js';
import { EssentialCopies } from '../backup/keep-essentials.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import { VERSION } from '../lib/version.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';

/** Many numbers that connect one after the other make one copy. */
const ESSENTIALS_PAUSE_MS = 15_000;
/** A start has other things to do. */
const BACKUP_PAUSE_MS = 60_000;

/** The copies that the gateway makes of itself: what there is of them, and their start and end. */
export interface Copies {
  start(): void;
  stop(): Promise<void>;
  statuses(): CopyStatus[];
}

/** Wires the copies of credentials and keys, and the backups by schedule. */
export function copyParts(o: {
  config: GatewayConfig;
  journal: Journal;
  events: TypedEmitter<GatewayEvents>;
  clock: Clock;
  log: Log;
}): Copies {
  const { config, journal, events, clock, log } = o;
  const { dataDir, essentialsEveryMs, backup } = config;
  const onFailing = (kind: CopyKind, error: string) => {
    const what = kind === 'backup' ? 'The backup' : 'The copy of credentials and keys';
    events.emit('alert', { severity: 'critical', code: 'BACKUP_FAILED', message: `${what} failed: ${error}` });
  };
  const rounds: CopyRounds[] = [];
  if (essentialsEveryMs > 0) {
    const copies = new EssentialCopies({ journal, dataDir, version: VERSION, clock });
    const essentials = new CopyRounds({
      ...{ kind: 'essentials', everyMs: essentialsEveryMs, onFailing, clock, log },
      pauseMs: Math.min(ESSENTIALS_PAUSE_MS, essentialsEveryMs),
      lastAt: () => copies.lastAt(),
      make: (signal) => copies.make(signal),
      removeOld: () => copies.removeOld(),
    });
    // A number that was just paired is what would be missed.
    events.on('connected', () => essentials.wake());
    rounds.push(essentials);
  }
  if (backup) {
    const embedded = config.database.mode === 'embedded';
    const kept = { dataDir, embedded, version: VERSION, folder: backup.dir, keep: backup.keep };
    const backups = new KeptBackups({ ...kept, clock, log });
    rounds.push(
      new CopyRounds({
        ...{ kind: 'backup', everyMs: backup.everyMs, onFailing, clock, log },
        pauseMs: Math.min(BACKUP_PAUSE_MS, backup.everyMs),
        lastAt: () => backups.lastAt(),
        make: () => backups.make(),
        removeOld: () => backups.removeOld(),
      }),
    );
  }
  return {
    start: () => rounds.forEach((each) => each.start()),
    stop: async () => void (await Promise.all(rounds.map((each) => each.stop()))),
    statuses: () => rounds.map(({ status }) => status),
  };
}
