import type { Estado } from '../whatsapp/estado.js';

/** What is known about one connection at one moment. Ages in ms; null = nothing to measure. */
export interface Readings {
  estado: Estado;
  /** People want it connected, and it has an account. */
  wanted: boolean;
  /** When it last became ready, ms since the epoch; null = never. */
  connectedAt: number | null;
  /** Since the last frame from WhatsApp. */
  frameAgeMs: number | null;
  /** The oldest stanza that entered and is not through. */
  unfinishedMs: number | null;
  /** The last IQ round trip; null before the first one. `ok` false: no answer within 10 s. */
  ping: { at: number; ok: boolean; ms: number } | null;
  /** Sends without an ack since the last ack. */
  acksOverdue: number;
  /** The oldest send without an outcome. */
  outboxAgeMs: number | null;
  /** Silence that is unusual for this connection; null when it is usual. */
  unusualSilenceMs: number | null;
  reconnectTries: number;
}

/** `ladder`: a zombie, the ladder begins. `alert`: people are told. `state`: the disconnect table is at work already. */
export type Cure = 'ladder' | 'alert' | 'state';

export interface Probe {
  /** Stable name, shown as problem. */
  name: string;
  cure: Cure;
  /** Judged only while the connection is logged in. */
  whenReady: boolean;
  fails: (readings: Readings) => boolean;
}

/** A live stanza that is not through after this long is stuck behind something (WhiskeySockets/Baileys#2491). */
export const STUCK_STANZA_MS = 60_000;
/** Every keep-alive (20 s) is answered, and `Pulse` ends a socket at 32 s: this is the second net below it. */
export const SILENT_SOCKET_MS = 75_000;
const ACKS_OVERDUE = 3;
const OLD_OUTBOX_MS = 15 * 60_000;

/** States in which a connection is as people want it, or waits for a person: nothing to mend. */
const NOTHING_TO_MEND = new Set(['idle', 'qr_ready', 'pairing', 'disconnected', 'logged_out', 'passkey_required']);

/**
 * Independent probes, cheapest first. Silence of *messages* alone is no proof of anything: a gateway that restarted quiet
 * accounts lost replies. So that one only tells people.
 */
export const PROBES: readonly Probe[] = [
  {
    name: 'NOT_READY',
    cure: 'state',
    whenReady: false,
    fails: ({ estado, wanted }) => wanted && estado !== 'ready' && !NOTHING_TO_MEND.has(estado),
  },
  {
    name: 'SILENT_SOCKET',
    cure: 'ladder',
    whenReady: true,
    fails: ({ frameAgeMs }) => frameAgeMs !== null && frameAgeMs > SILENT_SOCKET_MS,
  },
  {
    name: 'STUCK_STANZA',
    cure: 'ladder',
    whenReady: true,
    fails: ({ unfinishedMs }) => unfinishedMs !== null && unfinishedMs > STUCK_STANZA_MS,
  },
  { name: 'PING_UNANSWERED', cure: 'ladder', whenReady: true, fails: ({ ping }) => ping?.ok === false },
  {
    name: 'ACKS_OVERDUE',
    cure: 'ladder',
    whenReady: true,
    fails: ({ acksOverdue }) => acksOverdue >= ACKS_OVERDUE,
  },
  {
    name: 'OUTBOX_OLD',
    cure: 'alert',
    whenReady: true,
    fails: ({ outboxAgeMs }) => outboxAgeMs !== null && outboxAgeMs > OLD_OUTBOX_MS,
  },
  {
    name: 'UNUSUAL_SILENCE',
    cure: 'alert',
    whenReady: true,
    fails: ({ unusualSilenceMs }) => unusualSilenceMs !== null,
  },
];

/** The probes that fail for these readings. */
export function failing(readings: Readings): Probe[] {
  return PROBES.filter(({ whenReady, fails }) => (!whenReady || readings.estado === 'ready') && fails(readings));
}
