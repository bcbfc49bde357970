import type { PoolStatus } from '../whatsapp/estado.js';

/** A connection as users of a connection pool know it. Times are ISO 8601 in UTC. */
export interface ClientResource {
  /** The connection's id. */
  clientId: string;
  status: PoolStatus;
  /** Digits with country code; null before it was paired. */
  phoneNumber: string | null;
  /** PNG as data URL while there is a code to scan, for callers who may link; else null. */
  qrCode: string | null;
  metadata: {
    createdAt: string;
    lastQRAt: string | null;
    connectedAt: string | null;
    /** Messages that came in, and messages of the API that WhatsApp has accepted. */
    messageCount: number;
  };
  isReady: boolean;
}

/** `GET /stats`. The totals count since the first start, deleted clients included. */
export interface PoolStats {
  totalCreated: number;
  /** How often clients became ready. */
  totalConnected: number;
  /** How often clients ceased to be ready. */
  totalDisconnected: number;
  totalMessages: number;
  currentClients: number;
  /** MAX_CONNECTIONS, of the whole gateway. */
  maxClients: number;
  readyClients: number;
  clientsByStatus: Record<string, number>;
}

/** What became of the clients that should be connected. */
export interface RestoreResult {
  restored: number;
  total: number;
  /** `3/5 sessões restauradas` */
  message: string;
}
