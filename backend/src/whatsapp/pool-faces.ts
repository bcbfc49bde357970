import type { PoolStatus } from './estado.js';

/** A client as programs know it that were made for a connection pool. Times are ISO 8601 in UTC. */
export interface ClientInfo {
  clientId: string;
  status: PoolStatus;
  phoneNumber: string | null;
  /** PNG as data URL while there is a code to scan. */
  qrCode: string | null;
  metadata: { createdAt: string; lastQRAt: string | null; connectedAt: string | null; messageCount: number };
  isReady: boolean;
}

/** A file and how it is sent. */
export interface MediaToSend {
  type: 'image' | 'video' | 'audio' | 'voice' | 'document' | 'sticker';
  /** Where it is, or what it is in base64. */
  url?: string;
  base64?: string;
  caption?: string;
  fileName?: string;
}

/** A message that was accepted: it is on the disk. */
export interface SentInfo {
  whatsappId: string;
  connectionId: string;
  to: string;
  /** PENDENTE, ENVIADA, … */
  status: string;
}

/** Figures of the pool since its first start. */
export interface PoolFigures {
  totalCreated: number;
  totalConnected: number;
  totalDisconnected: number;
  totalMessages: number;
  currentClients: number;
  maxClients: number;
  readyClients: number;
  clientsByStatus: Record<string, number>;
}

/**
 * The use cases behind the pool's public methods. They lie above the pool, so they are handed to it: a send goes through the
 * outbox like every other, whichever name it is asked for by. Everything rejects with a GatewayError.
 */
export interface PoolUseCases {
  create(clientId: string): Promise<ClientInfo>;
  sendText(clientId: string, to: string, text: string): Promise<SentInfo>;
  sendTextByAny(to: string, text: string): Promise<SentInfo>;
  sendMedia(clientId: string, to: string, media: MediaToSend): Promise<SentInfo>;
  readyIds(): string[];
  list(): Promise<ClientInfo[]>;
  stats(): PoolFigures;
  restore(): Promise<{ restored: number; total: number; message: string }>;
  /** Looks at every connection now, and mends what it finds. */
  check(): Promise<{ healthy: number; total: number; unhealthy: string[] }>;
}
