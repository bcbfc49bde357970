import type { PartyTexts } from '../lib/party.js';
/**
 * Where a scheduled message stands.
 * - `AGENDADA`: waits for its time (or, from then on, for its connection); it can be changed and cancelled.
 * - `ACEITA`: it is a message with an id, and goes out.
 * - `ENVIADA`: WhatsApp has accepted it. `FALHOU`: it never will be (`error`).
 * - `CANCELADA`: by a person. `EXPIRADA`: it would have come too late.
 */
export type ScheduledState = 'AGENDADA' | 'ACEITA' | 'ENVIADA' | 'FALHOU' | 'CANCELADA' | 'EXPIRADA';

/** What people see of a scheduled message: its row in `whatsapp_mensagens_agendadas`. Times are ms since the epoch. */
export interface ScheduledSummary {
  /** UUID. */
  id: string;
  connectionId: string;
  /** Of the connection when it was scheduled; under another owner's connection of that name it never goes out. */
  ownerId: string;
  companyId: string | null;
  /** The recipient as asked for. */
  to: string;
  /** Kind of message (`text`, `image`, `poll` …). */
  type: string;
  /** What it says, as a row of `whatsapp_mensagens` would. */
  conteudo: string;
  /** Name of the template that it was written with. */
  modelo: string | null;
  sendAt: number;
  state: ScheduledState;
  /** The message that it became. */
  whatsappId: string | null;
  /** Its row in `whatsapp_mensagens`; null also for what changes another message. */
  mensagemId: string | null;
  error: string | null;
  /** Grows with every change: an older state never replaces a newer one. */
  revision: number;
  createdAt: number;
  updatedAt: number;
}

/** A template as it was when the message was scheduled, with the caller's variables: filled in when the message goes. */
export interface TemplateFill {
  texto: string;
  fuso: string;
  variables: Record<string, string>;
}

/** A message that is to go out at a time, complete: nothing but this journal is needed when its time has come. */
export interface ScheduledRecord extends ScheduledSummary {
  /** The connection's own number (digits) when it was scheduled: from another it does not go out. Absent = not known. */
  from?: string | null;
  /** An `OutgoingContent` of outbound/content.ts, and what accompanies it (mentions, quote, forwarded). */
  content: object;
  context: object;
  fill: TemplateFill | null;
  /** Name of its file among the staged ones. */
  file: string | null;
  /** Tells a repeated request from another one under the same Idempotency-Key. */
  bodySha256: Uint8Array | null;
}

/** A text with `{{variables}}` that an owner's messages are written with. */
export interface TemplateRecord {
  /** UUID. */
  id: string;
  ownerId: string;
  /** The text that `ownerId` was made of; absent for a UUID. */
  texts?: PartyTexts;
  /** Unique among the owner's. */
  nome: string;
  texto: string;
  /** IANA time zone of `{{data}}`, `{{hora}}` and `{{saudacao}}`. */
  fuso: string;
  createdAt: number;
  updatedAt: number;
}
