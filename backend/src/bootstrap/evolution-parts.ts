import type { GatewayConfig } from '../config/gateway-config.js';
import type { EvolutionConnection } from '../evolution/evolution-connection.js';
import type { EvolutionPool } from '../evolution/evolution-pool.js';
import { EvolutionWebhooks } from '../evolution/webhook-intake.js';
import { WebhookSecrets } from '../evolution/webhook-secrets.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { MediaIntake } from '../media/media-intake.js';

/** What takes the webhooks of Evolution servers in. @param deps `adopt` registers an instance that is not known yet */
export function evolutionWebhooks(deps: {
  config: GatewayConfig;
  journal: Journal;
  pool: EvolutionPool;
  intake: MediaIntake;
  adopt: (instance: string) => Promise<EvolutionConnection>;
  clock: Clock;
  log: Log;
}): EvolutionWebhooks {
  const { config, journal, clock } = deps;
  const secrets = new WebhookSecrets({ shared: config.evolution.webhookSecret, journal, clock });
  return new EvolutionWebhooks({ ...deps, secrets });
}
