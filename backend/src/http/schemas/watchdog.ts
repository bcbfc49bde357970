import { z } from 'zod';
import { isoTime, isoTimeOrNull } from './common.js';

const step = z.object({ at: isoTime, step: z.string(), reasons: z.array(z.string()) }).meta({ id: 'WatchdogStep' });
const ageMs = z.number().nullable();

const probes = z.object({
  estado: z.string(),
  wanted: z.boolean(),
  frameAgeMs: ageMs.meta({ description: 'Since the last frame from WhatsApp.' }),
  unfinishedMs: ageMs.meta({ description: 'The oldest stanza that entered and is not through.' }),
  ping: z.object({ at: isoTime, ok: z.boolean(), ms: z.number() }).nullable(),
  acksOverdue: z.number().int(),
  outboxAgeMs: ageMs.meta({ description: 'The oldest send without an outcome.' }),
  unusualSilenceMs: ageMs.meta({ description: 'Silence beyond what is usual for this connection; only told.' }),
  reconnectTries: z.number().int(),
});

const connection = z
  .object({
    connectionId: z.string(),
    status: z.string().meta({ description: 'healthy, unhealthy, disconnected or error.' }),
    consecutiveFailures: z.number().int(),
    healthyForMs: z.number(),
    lastCheckAt: isoTimeOrNull,
    problems: z.array(z.string()),
    rung: z.string().nullable().meta({ description: 'The last rung of the ladder in the present half hour.' }),
    probes,
    steps: z.array(step),
  })
  .meta({ id: 'WatchedConnection' });

export const watchdogReply = z
  .object({
    success: z.literal(true),
    state: z.enum(['stopped', 'running']),
    settings: z.object({
      checkIntervalMs: z.number(),
      alertThreshold: z.number().int(),
      maxConsecutiveFailures: z.number().int(),
      autoReconnect: z.boolean(),
    }),
    supervised: z.boolean().meta({ description: 'Beyond repair, the process exits for its supervisor.' }),
    gateway: z.object({
      probes: z.object({
        eventLoopLagMs: z.number(),
        journalFailures: z.number().int(),
        journalMs: ageMs,
        projectionAgeMs: ageMs,
        databaseOnline: z.boolean(),
      }),
      problems: z.array(z.string()),
      steps: z.array(step),
    }),
    stepCounts: z.record(z.string(), z.number().int()),
    connections: z.array(connection),
  })
  .meta({ id: 'Watchdog' });
