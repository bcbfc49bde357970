/** The file of an accepted message; its bytes and keys were chosen at acceptance and never change. */
export interface OutgoingMedia {
  /** Name among the staged files. */
  file: string;
  classe: string;
  uploaded: boolean;
}

export type OutboxState = 'accepted' | 'sending' | 'sent' | 'failed';

/** A send that was answered with 2xx: it goes out under this one id until WhatsApp accepts it or a final error is recorded. */
export interface OutboxRecord {
  connectionId: string;
  whatsappId: string;
  rowId: string;
  /** Order of acceptance. */
  seq: number;
  /** This connection's own number (digits) when it was accepted: from another it does not go out. Absent = not known. */
  from?: string;
  /** The recipient as asked for. */
  to: string;
  /** Where it goes: the chat's address; null until the number was resolved with WhatsApp. */
  chatJid: string | null;
  pn: string | null;
  lid: string | null;
  /** Encoded proto.Message; the same bytes on every attempt, and for `getMessage`. */
  message: Uint8Array;
  /** Its file, which goes to WhatsApp before the message does; then `message` says where it lies. */
  media?: OutgoingMedia;
  /** It changes another message (edit, deletion, reaction): no row of its own, the change is made when it is accepted. */
  rowless?: true;
  /** The scheduled message that it was. */
  scheduledId?: string;
  /** It does not go before that, ms since the epoch. */
  notBefore?: number;
  /** How long the chat shows this before it goes. */
  typing?: { ms: number; as: 'composing' | 'recording' };
  remetente: 'ATENDENTE' | 'SISTEMA';
  state: OutboxState;
  attempts: number;
  /** Final error's code from the catalogue, and WhatsApp's own number or text. */
  error: string | null;
  errorDetail: string | null;
  acceptedAt: number;
  /** The server ack's time. */
  serverTime: number | null;
  expiresAt: number;
}

/**
 * A send that went to another server (src/evolution), which gives messages ids of its own and knows no repetition.
 * `left`: its request may have arrived there, so it is never made again blindly. `waiting`: it has not. `known`: the server has
 * answered, or told of it later.
 */
export interface RemoteSend {
  connectionId: string;
  /** Ours: the outbox's, the row's, what the caller was told. */
  whatsappId: string;
  /** The server's; null until it is known. */
  remoteId: string | null;
  state: 'waiting' | 'left' | 'known';
  /** Every address of the chat that is known. */
  addresses: string[];
  /** Of what it says, to recognise it when the server tells of it. */
  print: string;
  /** When it left, ms since the epoch. */
  at: number;
}

/** The first answer to a request with an Idempotency-Key; kept 7 days. */
export interface IdempotencyRecord {
  /** API key's name (or `anonymous`), connection and the header's value. */
  scope: string;
  key: string;
  /** sha256 of the canonical body. */
  bodySha256: Uint8Array;
  whatsappId: string;
  /** Which connection took the message, where the request did not name it. */
  connectionId?: string;
  at: number;
}
