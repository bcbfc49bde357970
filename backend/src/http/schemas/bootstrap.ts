import { z } from 'zod';
import { isoTime, isoTimeOrNull } from './common.js';

const service = z
  .object({ state: z.string(), since: isoTime, reason: z.string().nullable() })
  .meta({ id: 'ServiceStatus' });

export const statusReply = z
  .object({
    success: z.literal(true),
    version: z.string(),
    uptimeS: z.number(),
    foreignServer: z.boolean().meta({ description: "Sockets go to a server other than Meta's." }),
    services: z.object({ supabase: service, integration: service, watchdog: service, bootstrap: service }),
    connections: z.object({
      total: z.number().int(),
      ready: z.number().int(),
      byStatus: z.record(z.string(), z.number().int()),
    }),
  })
  .meta({ id: 'BootstrapStatus' });

export const statsReply = z
  .object({
    success: z.literal(true),
    queues: z.object({
      pendingEntries: z.number().int().meta({ description: 'Journal entries that are not rows yet.' }),
      oldestPendingAt: isoTimeOrNull,
      deadLetters: z.number().int(),
      outboxUnfinished: z.number().int().meta({ description: 'Sends without an acknowledgement or a final error.' }),
      journalBytes: z.number().int(),
      journalMaxBytes: z.number().int(),
    }),
    supabase: z.object({ reachable: z.boolean(), responseMs: z.number().nullable() }),
    connections: z.object({ active: z.number().int(), total: z.number().int() }),
    sends: z.object({
      accepted: z.number().int(),
      sent: z.number().int(),
      failed: z.number().int(),
      successRate: z.number().nullable().meta({ description: 'sent / (sent + failed), since the start.' }),
    }),
  })
  .meta({ id: 'BootstrapStats' });

export const testReply = z
  .object({
    success: z.boolean(),
    steps: z.array(z.object({ name: z.string(), ok: z.boolean(), ms: z.number(), error: z.string().optional() })),
  })
  .meta({ id: 'SelfTest' });

export const healthReply = z.object({ success: z.literal(true), status: z.enum(['live', 'ready']) });
