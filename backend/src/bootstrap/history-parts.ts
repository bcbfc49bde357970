import type { GatewayConfig } from '../config/gateway-config.js';
import { HistoryQueue } from '../inbound/history-queue.js';
import type { Projector } from '../inbound/projector.js';
import { HistoryGaps } from '../integration/history-gaps.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';
import type { MediaParts } from './media-parts.js';

/** What reads old chats: those that phones hand over, and those that were missed. */
export function historyParts(deps: {
  config: GatewayConfig;
  journal: Journal;
  projector: Projector;
  media: MediaParts;
  pool: WhatsAppPoolManager;
  clock: Clock;
  log: Log;
}): HistoryQueue {
  const { config, journal, projector, media, pool, clock, log } = deps;
  const gaps = new HistoryGaps({ pool, clock, log, gapMs: config.historyGapMs });
  gaps.watch();
  projector.events.on('projected', ({ eventos }) => gaps.written(eventos));
  return new HistoryQueue({
    ...{ journal, clock, log },
    download: (id, source, signal) => media.download(id, source, signal),
    missedSince: (id) => gaps.missedSince(id),
    onDemand: (id, chats) => gaps.answered(id, chats),
  });
}
