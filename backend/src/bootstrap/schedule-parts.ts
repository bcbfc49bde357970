import type { GatewayConfig } from '../config/gateway-config.js';
import type { MessageTemplates } from '../integration/templates/message-templates.js';
import { ScheduledBook } from '../integration/schedule/scheduled-book.js';
import { ScheduledMessages } from '../integration/schedule/scheduled-messages.js';
import { Scheduler } from '../integration/schedule/scheduler.js';
import type { WhatsAppIntegrationService } from '../integration/whatsapp-integration-service.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { MessageAcceptor } from '../outbound/accept-message.js';
import type { Recipients } from '../outbound/recipients.js';
import type { Sender } from '../outbound/sender.js';
import { ScheduledTable } from '../supabase/scheduled.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { MediaParts } from './media-parts.js';

/** Messages that wait for their time, and who sends them. */
export interface ScheduleParts {
  messages: ScheduledMessages;
  scheduler: Scheduler;
}

/** Builds them and has the sender tell the scheduler what became of its messages. */
export function scheduleParts(deps: {
  config: GatewayConfig;
  journal: Journal;
  database: SupabaseWhatsAppService;
  media: MediaParts;
  acceptor: MessageAcceptor;
  recipients: Recipients;
  sender: Sender;
  integration: WhatsAppIntegrationService;
  templates: MessageTemplates;
  clock: Clock;
  log: Log;
}): ScheduleParts {
  const { config, journal, database, media, acceptor, recipients, sender, integration, templates, clock, log } = deps;
  const book = new ScheduledBook({ journal, intake: media.intake, clock });
  const scheduler = new Scheduler({
    ...{ journal, book, acceptor, clock, log, maxLateMs: config.scheduleMaxLateMs },
    isReady: (id) => integration.channelOf(id)?.estado === 'ready',
    admit: (id, to) => integration.admitNewChat(id, to),
  });
  sender.events.on('sent', (record) => scheduler.settled(record));
  sender.events.on('failed', (record) => scheduler.settled(record));
  const messages = new ScheduledMessages({
    ...{ journal, database, book, templates, recipients, clock, log, quotas: config.quotas },
    ...{ intake: media.intake, mediaStore: media.store },
    table: new ScheduledTable(database),
    connection: (id, scope) => integration.connectionRecord(id, scope),
    wake: () => scheduler.wake(),
  });
  return { messages, scheduler };
}
