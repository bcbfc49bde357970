import { createHash } from 'node:crypto';
import type { EvolutionConnection } from '../evolution/evolution-connection.js';
import type { Connections } from './connections.js';
import { textsOf, type Party } from '../lib/party.js';
import { userOfInstance } from '../lib/instance-name.js';

const CONNECTION_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/**
 * Makes an instance that posts its events here, proven with the secret of the settings, a connection of this gateway: under
 * its own name where that can be an id, owned by the user that `user_<userId>` names, else by DEFAULT_OWNER_ID.
 * @throws GatewayError `WRONG_DRIVER`, `CONNECTION_TAKEN`, `CONNECTION_LIMIT`, `JOURNAL_FAILED`
 */
export function adoptInstance(
  connections: Connections,
  defaultOwnerId: string,
  instance: string,
): Promise<EvolutionConnection> {
  const owner = ownerOf(instance);
  const home = { instance, url: null, apiKey: null, webhookSecret: null, stateAt: null };
  const input = { connectionId: connectionIdOf(instance), name: instance, texts: textsOf(owner) };
  return connections.adopt(input, owner?.id ?? defaultOwnerId, home);
}

/** The user in its name; a UUID may be written in capitals, while the case of every other text matters. */
function ownerOf(instance: string): Party | null {
  const byUuid = userOfInstance(instance.toLowerCase());
  return byUuid?.text === null ? byUuid : userOfInstance(instance);
}

/** A name with other characters becomes a readable id, made unique by a part of its digest. */
function connectionIdOf(instance: string): string {
  if (CONNECTION_ID.test(instance)) return instance;
  const readable = instance
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 40);
  const digest = createHash('sha256').update(instance).digest('hex').slice(0, 12);
  return `${readable || 'evolution'}-${digest}`;
}
