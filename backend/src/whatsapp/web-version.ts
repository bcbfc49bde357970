import { DEFAULT_CONNECTION_CONFIG, fetchLatestWaWebVersion, type WAVersion } from '@whiskeysockets/baileys';
import { withDeadline } from '../lib/deadline.js';
import type { Log } from '../lib/log.js';

/**
 * The WhatsApp Web version we say we are. WhatsApp refuses old ones (405), so the current one is asked for; but a start
 * never waits for it: sockets open with what is known, and later ones use what was learnt meanwhile.
 */
export class WebVersion {
  #current: WAVersion;

  /** @param pinned from the settings: then the network is never asked. */
  constructor(
    private readonly deps: { log: Log; pinned: readonly [number, number, number] | null },
    private readonly fetchVersion: typeof fetchLatestWaWebVersion = fetchLatestWaWebVersion,
  ) {
    this.#current = deps.pinned ? [...deps.pinned] : DEFAULT_CONNECTION_CONFIG.version;
  }

  get current(): WAVersion {
    return this.#current;
  }

  /** Asks web.whatsapp.com (10 s at most); keeps the known one when that fails. */
  async refresh(): Promise<void> {
    if (this.deps.pinned) return;
    try {
      const answer = await withDeadline(
        this.fetchVersion({ signal: AbortSignal.timeout(10_000) }),
        11_000,
        'WhatsApp Web version',
      );
      if (!answer.isLatest) return void this.deps.log.debug('WhatsApp Web version not refreshed');
      // Never older than what Baileys was tested with.
      if (answer.version[2] > this.#current[2]) this.#current = answer.version;
      this.deps.log.info('WhatsApp Web version refreshed', { version: this.#current.join('.') });
    } catch (error) {
      this.deps.log.debug('WhatsApp Web version not refreshed', { error });
    }
  }
}
