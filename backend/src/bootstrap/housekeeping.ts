import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { WebVersion } from '../whatsapp/web-version.js';

const HOUR_MS = 60 * 60 * 1000;

/** What must be done once in a while: old journal records go, the WhatsApp Web version is asked for again. */
export class Housekeeping {
  #cancel: (() => void) | null = null;

  constructor(private readonly deps: { journal: Journal; webVersion: WebVersion; clock: Clock; log: Log }) {}

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
    try {
      const pruned = await this.deps.journal.prune();
      const { events } = await this.deps.journal.webhooks.trim();
      this.deps.log.info('journal pruned', { ...pruned, events });
    } catch (error) {
      this.deps.log.error('journal not pruned', { error });
    }
  }
}
