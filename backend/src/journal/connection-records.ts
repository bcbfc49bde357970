import type { PartyTexts } from '../lib/party.js';

/** An instance on an Evolution API server. */
export interface EvolutionHome {
  /** Its name there. */
  instance: string;
  /** Base URL and key; null = those of the settings. Both or neither. */
  url: string | null;
  apiKey: string | null;
  /** What its server proves itself with at our webhook; null = only the secret of the settings counts. */
  webhookSecret: string | null;
  /** The server's time of the newest state that was applied, ms; an older one that comes late changes nothing. */
  stateAt: number | null;
}

/** The proxy through which everything of a connection goes. */
export interface ProxyRecord {
  protocol: 'http' | 'https' | 'socks5';
  host: string;
  port: number;
  username: string | null;
  /** Sealed by `SecretBox`. */
  password: string | null;
}

/** A connection that this gateway keeps, whether or not the database can be reached. */
export interface ConnectionRecord {
  connectionId: string;
  /** `whatsapp_sessions.id`. */
  rowId: string;
  name: string;
  ownerId: string;
  companyId: string | null;
  /** Texts that `ownerId` and `companyId` were made of; absent when both were UUIDs. */
  texts?: PartyTexts;
  driver: 'baileys' | 'evolution';
  /** Where it lives, with `driver: 'evolution'`. Never mirrored to the database: it has secrets. */
  evolution?: EvolutionHome;
  /** Absent or null: none. Never mirrored to the database. */
  proxy?: ProxyRecord | null;
  /** What a person wants of it: `connected` is restored at start, `disconnected` is left alone. */
  wanted: 'connected' | 'disconnected';
  /** Last known state and why. */
  estado: string;
  motivo: string | null;
  numero: string | null;
  /** The last number that it had, also when it is logged out. Absent in records of older versions. */
  lastNumero?: string | null;
  lid: string | null;
  settings: Record<string, unknown>;
  createdAt: number;
  connectedAt: number | null;
  disconnectedAt: number | null;
  lastActivityAt: number | null;
  /** Messages that came in, and messages of the API that WhatsApp has accepted. */
  messageCount: number;
  /** When a QR code was shown last, ms since the epoch. Absent, like the next two, in records of older versions. */
  lastQrAt?: number | null;
  /** How often it became ready. */
  connects?: number;
  /** How often it ceased to be ready, the ends of the process included. */
  disconnects?: number;
}

/** What the connections of an owner (and company) that were deleted had counted: totals do not shrink. */
export interface GoneConnections {
  ownerId: string;
  companyId: string | null;
  created: number;
  connected: number;
  disconnected: number;
  messages: number;
}
