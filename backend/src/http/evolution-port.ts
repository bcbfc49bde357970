import type { EvolutionWebhooks } from '../evolution/webhook-intake.js';

/** What the routes call of `EvolutionWebhooks`. Everything rejects with a `GatewayError`. */
export type EvolutionWebhooksPort = Pick<EvolutionWebhooks, 'admit' | 'take' | 'test'>;
