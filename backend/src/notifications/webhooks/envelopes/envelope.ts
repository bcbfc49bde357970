import type { WebhookEvent, WebhookEventType } from '../webhook-events.js';

/** What a body may say beside the event itself. */
export interface EnvelopeFacts {
  /** Of the connection; null when the event is about none, or it is gone. */
  connection: { name: string; numero: string | null; lid: string | null } | null;
  /** Where the delivery goes. */
  url: string;
  version: string;
  /** A QR code as a PNG data URL. */
  qrImage(code: string): Promise<string>;
}

/** How one format writes an event; null = that format has no word for it, so it is not delivered in it. */
export interface Envelope {
  render(event: WebhookEvent, facts: EnvelopeFacts): Promise<object> | object | null;
  /** The types that it can write. */
  words: readonly WebhookEventType[];
}
