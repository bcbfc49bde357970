import type { WebhookFormat } from '../../../journal/webhooks/records.js';
import type { Envelope } from './envelope.js';
import { evolutionEnvelope } from './evolution.js';
import { sentinelaEnvelope } from './sentinela.js';
import { wahaEnvelope } from './waha.js';

/** How each format writes a body. */
export const ENVELOPES: Record<WebhookFormat, Envelope> = {
  sentinela: sentinelaEnvelope,
  evolution: evolutionEnvelope,
  waha: wahaEnvelope,
};
