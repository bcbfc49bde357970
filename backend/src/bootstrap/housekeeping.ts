import type { AccessService } from '../access/access-service.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { MediaSweep } from '../media/media-sweep.js';
import type { Orphans } from './orphans.js';
import type { WebVersion } from '../whatsapp/web-version.js';

const HOUR_MS = 60 * 60 * 1000;

export interface HousekeepingDeps {
  journal: Journal;
  webVersion: WebVersion;
  orphans: Orphans;
  /** What crashes have left of files. */
  mediaSweep: Pick<MediaSweep, 'round'>;
  access: Pick<AccessService, 'forgetOldAudit'>;
  clock: Clock;
  log: Log;
}

/** What must be done every hour: old journal and audit records, orphans and files without a message go, the WhatsApp Web
 *  version is asked for again. */
export class Housekeeping {
  #cancel: (() => void) | null = null;

  constructor(private readonly deps: HousekeepingDeps) {}

  start(): void {
    this.#cancel ??= this.deps.clock.after(HOUR_MS, () => {
      this.#cancel = null;
      void this.#round();
      this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  async #round(): Promise<void> {
    void this.deps.webVersion.refresh();
    await this.#try('journal not pruned', async () => {
      const pruned = await this.deps.journal.prune();
      const { events } = await this.deps.journal.webhooks.trim();
      this.deps.log.info('journal pruned', { ...pruned, events });
    });
    await this.#try('audit not pruned', async () => {
      this.deps.log.info('audit pruned', { records: await this.deps.access.forgetOldAudit() });
    });
    await this.#try('orphans not looked after', () => this.deps.orphans.round());
    await this.#try('media files not swept', () => this.deps.mediaSweep.round());
  }

  /** One chore that fails does not keep the others from being done; the next hour tries again. */
  async #try(failure: string, chore: () => Promise<unknown>): Promise<void> {
    try {
      await chore();
    } catch (error) {
      this.deps.log.error(failure, { error });
    }
  }
}
