import type { GatewayConfig } from '../config/gateway-config.js';
import { AddressPolicy } from '../egress/address-policy.js';
import type { EvolutionConnection } from '../evolution/evolution-connection.js';
import { EvolutionDriver } from '../evolution/evolution-driver.js';
import { EvolutionPool } from '../evolution/evolution-pool.js';
import { EvolutionSendChannel } from '../evolution/evolution-send-channel.js';
import { EvolutionServers } from '../evolution/evolution-servers.js';
import { OwnSends } from '../evolution/own-sends.js';
import { EvolutionWebhooks } from '../evolution/webhook-intake.js';
import { WebhookSecrets } from '../evolution/webhook-secrets.js';
import { instanceNameOf } from '../lib/instance-name.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { partyOf } from '../lib/party.js';
import type { MediaParts } from './media-parts.js';

export interface EvolutionPartsDeps {
  config: GatewayConfig;
  journal: Journal;
  media: Pick<MediaParts, 'intake' | 'outgoing'>;
  /** Has the sender use the channel of a connection. */
  serve: (channel: EvolutionSendChannel) => void;
  /** Registers an instance that is not known yet. */
  adopt: (instance: string) => Promise<EvolutionConnection>;
  /** Where this gateway listens, when PUBLIC_URL does not say where it is reached. */
  listensAt: () => string;
  clock: Clock;
  log: Log;
}

/** Everything about connections on Evolution API servers. `servers` is closed by whoever asked for it. */
export function evolutionParts(deps: EvolutionPartsDeps) {
  const { config, journal, media, serve, adopt, clock, log } = deps;
  const { url, serverKey: apiKey, webhookSecret, circuitResetMs } = config.evolution;
  const policy = new AddressPolicy(config.outgoingPrivateAddresses);
  const servers = new EvolutionServers({ url, apiKey, policy, circuitResetMs, clock });
  const channels = new Map<string, EvolutionSendChannel>();
  const pool: EvolutionPool = new EvolutionPool({
    ...{ journal, clock, log },
    onConnection: (connection) => {
      const { connectionId } = connection;
      const sending = { journal, servers, events: pool.events, files: media.outgoing, clock };
      // One for good: it knows what is under way.
      const known = channels.get(connectionId);
      const channel = known?.serves(connection) ? known : new EvolutionSendChannel(connection, sending);
      channels.set(connectionId, channel);
      serve(channel);
    },
  });
  const settled = async (id: string) => channels.get(id)?.settled();
  const own = new OwnSends({ journal, settled, events: pool.events, clock });
  const secrets = new WebhookSecrets({ shared: webhookSecret, journal, clock });
  const nameOfUser = (userId: string) => instanceNameOf(partyOf(userId));
  const intaking = { journal, pool, secrets, own, intake: media.intake, adopt, nameOfUser, clock, log };
  const webhooks = new EvolutionWebhooks(intaking);
  const webhookUrl = () => `${config.media.publicUrl || deps.listensAt()}/api/webhook/evolution`;
  const { checkIntervalMs } = config.watchdog;
  const driver = new EvolutionDriver({ pool, servers, webhookUrl, checkIntervalMs, clock, log });
  return { pool, driver, servers, webhooks };
}
