import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';

export interface ConnectionHealth {
  connectionId: string;
  healthy: boolean;
  estado: string;
  /** ms since the last frame from WhatsApp; null when none came yet. */
  frameAgeMs: number | null;
  /** ms that the oldest live stanza has been inside without being finished; null when none. */
  unfinishedMs: number | null;
  reconnectTries: number;
  problems: string[];
}

/** States in which a connection is as people want it, or waits for a person: nothing to mend. */
const NOTHING_TO_MEND = new Set(['idle', 'qr_ready', 'pairing', 'disconnected', 'logged_out']);
/** A live stanza that is not through after this long is stuck behind something. */
const STUCK_STANZA_MS = 60_000;
/** WhatsApp answers Baileys' keep-alive every 30 s: after three silent ones nobody is there. */
const SILENT_SOCKET_MS = 100_000;

/** Reads the probes of one connection. Silence of *messages* is no sign of anything: quiet accounts are left alone. */
export function inspectConnection(client: WhatsAppClientService, now: number): ConnectionHealth {
  const { lastFrameAt, oldestUnfinishedAt, reconnectTries } = client.probes;
  const frameAgeMs = lastFrameAt === null ? null : now - lastFrameAt;
  const unfinishedMs = oldestUnfinishedAt === null ? null : now - oldestUnfinishedAt;
  const problems: string[] = [];
  if (client.estado !== 'ready' && !NOTHING_TO_MEND.has(client.estado)) problems.push(`estado ${client.estado}`);
  if (client.estado === 'ready') {
    if (frameAgeMs !== null && frameAgeMs > SILENT_SOCKET_MS) problems.push('SILENT_SOCKET');
    if (unfinishedMs !== null && unfinishedMs > STUCK_STANZA_MS) problems.push('STUCK_STANZA');
  }
  const { connectionId, estado } = client;
  return { connectionId, healthy: problems.length === 0, estado, frameAgeMs, unfinishedMs, reconnectTries, problems };
}
