/** What the gateway tells in the past tense, in process now and over WebSocket and webhooks later. Times are ISO 8601, UTC. */
export interface GatewayEvents {
  connected: { connectionId: string; numero: string | null };
  disconnected: { connectionId: string; code: number; reason: string; retryInMs: number | null };
  /** `conselho`: what a person should do now, in Portuguese; null when nothing. */
  connectionState: { connectionId: string; estado: string; motivo: string | null; conselho: string | null };
  qr: { connectionId: string; code: string; expiresAt: string };
  /** A message's row exists, whoever wrote it on the other side. */
  messageReceived: MessageFact;
  /** A message of this number has its row, sent by API or on the phone. */
  messageSent: MessageFact;
  /** A message of this number moved: ENVIADA, ENTREGUE, LIDA, REPRODUZIDA, ERRO. */
  messageStatus: { connectionId: string; whatsappId: string; status: string; erro: string | null };
  /** The file of a message can be read at `url`, or will not come (`erro`). */
  messageMedia: { connectionId: string; mensagemId: string; url: string | null; erro: string | null };
  /** Somebody came into a group or left it, or the group changed: its row says so. */
  groupUpdated: MessageFact;
  atendimentoMerged: { connectionId: string; de: string; para: string };
  supabaseOffline: { reason: string };
  supabaseOnline: Record<string, never>;
  healthCheck: { at: string; total: number; healthy: number; unhealthy: string[] };
  /** The watchdog did something; `connectionId` null = about the whole process. */
  watchdogStep: { connectionId: string | null; step: string; reasons: string[] };
  alert: { severity: 'warning' | 'critical'; code: string; message: string; connectionId?: string };
}

export interface MessageFact {
  connectionId: string;
  mensagemId: string | null;
  atendimentoId: string | null;
  contatoId: string | null;
  whatsappId: string;
  tipo: string;
  conteudo: string;
  timestamp: string;
}
