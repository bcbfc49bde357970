import type { SimulatorEvent } from '../../src/simulator/index.js';

/** A text that a simulated customer wrote. Texts are unique, so they find doubles that carry another id. */
export interface Written {
  id: string;
  text: string;
  /** Number of the customer, or JID of the group. */
  chat: string;
}

/** A customer's text that an Evolution server told by webhook. */
export interface Told {
  id: string;
  text: string;
  /** Whether it was answered 200. */
  answered: boolean;
}

/** One message that was asked of the API. Requests of one chat are made one after the other. */
export interface Request {
  text: string;
  /** Number of the customer, or JID of the group. */
  chat: string;
  /** Its Idempotency-Key; null = made without one, and never repeated. */
  key: string | null;
  /** JIDs (phone-number form) of everybody who must get it. */
  recipients: string[];
  /** Every answer that arrived, in order; a request that the kill cut off has none. */
  answers: Answer[];
}

export interface Answer {
  httpStatus: number;
  whatsappId: string | null;
  /** PENDENTE or ENVIADA. */
  status: string | null;
  /** Error code of an answer that is no success. */
  code: string | null;
  /** Simulator events before it. */
  afterSeq: number;
}

/** A row of `whatsapp_mensagens`. */
export interface Row {
  whatsappId: string;
  text: string;
  remetente: string;
  status: string;
  /** ISO 8601. */
  timestamp: string;
  ordem: number;
}

/** What one recipient can read. */
export interface Received {
  by: string;
  id: string;
  text: string;
}

/** Everything that anybody outside the daemon saw. */
export interface CrashHistory {
  written: Written[];
  requests: Request[];
  told: Told[];
  events: readonly SimulatorEvent[];
  received: Received[];
  rows: Row[];
  /** Rows that said "sent" while the daemon was dead: it knew of the ack, so nothing may follow. */
  knownSent: { whatsappId: string; afterSeq: number }[];
}
