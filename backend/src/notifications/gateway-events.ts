import type { CallData } from './webhooks/webhook-events.js';

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
  /** Somebody is online, writing or gone, as an Evolution server has told; `estado` is WhatsApp's word. */
  presenceUpdated: {
    connectionId: string;
    chat: string;
    presencas: { jid: string; estado: string; vistoEm: string | null }[];
  };
  /** An Evolution server has told of chats. */
  chatUpdated: {
    connectionId: string;
    acao: 'set' | 'upsert' | 'update';
    chats: { jid: string; nome: string | null; naoLidas: number | null }[];
  };
  /** Chats were deleted on the phone of a connection on an Evolution server; their rows stay. */
  chatDeleted: { connectionId: string; chats: string[] };
  /** A call of somebody else came, or ended. */
  call: { connectionId: string } & CallData;
  atendimentoMerged: { connectionId: string; de: string; para: string };
  supabaseOffline: { reason: string };
  supabaseOnline: Record<string, never>;
  healthCheck: { at: string; total: number; healthy: number; unhealthy: string[] };
  /** The watchdog did something; `connectionId` null = about the whole process. */
  watchdogStep: { connectionId: string | null; step: string; reasons: string[] };
  /** The health monitor: a connection is ill (`alert`), is tried again, is not mended by that (`stuck`), is well again. */
  connectionHealth: {
    connectionId: string;
    news: 'alert' | 'reconnect' | 'stuck' | 'recovered';
    consecutiveFailures: number;
    /** Names of failing probes. */
    problems: string[];
  };
  /** A user's instance moved to another status. */
  instanceStatus: InstanceFact & { status: string; isConnected: boolean; phoneNumber: string | null };
  /** Something that this user should read, in Portuguese, and what they can do about it. */
  userNotification: InstanceFact & UserNotification;
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

/** Whose instance it is about. */
export interface InstanceFact {
  connectionId: string;
  /** The same: `user_<userId>`. */
  instanceName: string;
  userId: string;
  organizationId: string | null;
}

export interface UserNotification {
  kind: 'unhealthy' | 'reconnected' | 'reconnect_failed';
  title: string;
  message: string;
  /** A button: what it says, and the request that it makes; null when nothing is to be done. */
  action: { label: string; method: 'POST'; path: string } | null;
}
