import type { HistoryQueue } from '../inbound/history-queue.js';
import type { Projector } from '../inbound/projector.js';
import type { InstanceResets } from '../integration/instances/instance-resets.js';
import type { Robot } from '../integration/robot/robot-service.js';
import type { WhatsAppIntegrationService } from '../integration/whatsapp-integration-service.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { WhatsAppWatchdogService } from '../watchdog/whatsapp-watchdog-service.js';
import type { Openers } from './projection-parts.js';
import type { ScheduleParts } from './schedule-parts.js';
import type { ManagedService } from './whatsapp-bootstrap-service.js';

/** The three services that people start, stop and watch, in their order. */
export function managedServices(parts: {
  database: SupabaseWhatsAppService;
  projector: Projector;
  openers: Openers;
  robot: Robot;
  schedule: ScheduleParts;
  history: HistoryQueue;
  resets: InstanceResets;
  integration: WhatsAppIntegrationService;
  watchdog: WhatsAppWatchdogService;
}): ManagedService[] {
  const { database, projector, openers, integration, robot, schedule, history, resets, watchdog } = parts;
  return [
    {
      name: 'supabase',
      start: () => {
        // It says what is wrong in the log and in its reason; nothing waits for a database.
        void database.start();
        openers.start();
        return projector.start();
      },
      stop: async () => {
        await Promise.all([projector.stop(), openers.stop()]);
      },
      reason: () => database.reason ?? (projector.state === 'paused' ? 'the database refuses the gateway' : null),
    },
    {
      name: 'integration',
      start: () => {
        integration.start();
        robot.start();
        schedule.scheduler.start();
        history.start();
        resets.start();
      },
      stop: async () => {
        await Promise.all([robot.stop(), schedule.scheduler.stop(), history.stop(), resets.stop()]);
        await integration.stop();
      },
      reason: () => null,
    },
    { name: 'watchdog', start: () => watchdog.start(), stop: () => watchdog.stop(), reason: () => null },
  ];
}
