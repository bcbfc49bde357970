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

const sendQueue = z
  .object({
    connectionId: z.string(),
    waiting: z.number().int(),
    underWay: z.number().int(),
    throttledMs: z.number().meta({ description: 'How long SEND_RATE_PER_MINUTE keeps the next one back.' }),
  })
  .meta({ id: 'SendQueue' });

export const statsReply = z
  .object({
    success: z.literal(true),
    queues: z.object({
      pendingEntries: z.number().int().meta({ description: 'Journal entries that are not rows yet.' }),
      oldestPendingAt: isoTimeOrNull,
      deadLetters: z.number().int(),
      outboxUnfinished: z.number().int().meta({ description: 'Sends without an acknowledgement or a final error.' }),
      mediaWaiting: z.number().int().meta({ description: 'Files of messages that are not in the media store yet.' }),
      journalBytes: z.number().int(),
      journalMaxBytes: z.number().int(),
    }),
    supabase: z.object({ reachable: z.boolean(), responseMs: z.number().nullable() }),
    connections: z.object({
      active: z.number().int(),
      total: z.number().int(),
      max: z.number().int().meta({ description: 'MAX_CONNECTIONS.' }),
    }),
    sends: z.object({
      accepted: z.number().int(),
      sent: z.number().int(),
      failed: z.number().int(),
      successRate: z.number().nullable().meta({ description: 'sent / (sent + failed), since the start.' }),
      queues: z.array(sendQueue).meta({ description: 'Of the connections that the caller may see.' }),
    }),
    orphans: z.object({ unpaired: z.number().int(), credentials: z.number().int() }),
    copies: z
      .array(
        z.object({
          kind: z.enum(['essentials', 'backup']),
          lastAt: isoTimeOrNull,
          failing: z.boolean(),
          error: z.string().nullable(),
        }),
      )
      .meta({ description: 'Copies that the gateway makes of itself (ESSENTIALS_EVERY_MS, BACKUP_DIR).' }),
  })
  .meta({ id: 'BootstrapStats' });

export const orphansReply = z
  .object({
    success: z.literal(true),
    data: z.array(
      z.object({
        kind: z.enum(['unpaired', 'credentials']).meta({
          description: 'unpaired: a connection without credentials. credentials: those of a connection nobody knows.',
        }),
        connectionId: z.string(),
        since: isoTime,
        reportedAt: isoTime,
        removedAfter: isoTime,
      }),
    ),
  })
  .meta({ id: 'Orphans' });

export const testReply = z
  .object({
    success: z.boolean(),
    steps: z.array(z.object({ name: z.string(), ok: z.boolean(), ms: z.number(), error: z.string().optional() })),
  })
  .meta({ id: 'SelfTest' });

export const healthReply = z.object({ success: z.literal(true), status: z.enum(['live', 'ready']) });
