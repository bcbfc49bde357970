import { Contacts } from '../integration/contacts.js';
import { Groups } from '../integration/groups.js';
import { MemberAddresses } from '../integration/member-addresses.js';
import { ProfilePictures } from '../integration/profile-pictures.js';
import { QueryLimits } from '../integration/query-limits.js';
import type { WhatsAppIntegrationService } from '../integration/whatsapp-integration-service.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { NumberCheck } from '../outbound/number-check.js';
import type { Recipients } from '../outbound/recipients.js';
import type { ContatoTable } from '../supabase/contatos.js';

/** The use cases around groups and contacts, with what they share. */
export function peopleParts(deps: {
  integration: WhatsAppIntegrationService;
  contatos: ContatoTable;
  journal: Journal;
  numbers: NumberCheck;
  recipients: Recipients;
  clock: Clock;
  log: Log;
}): { groups: Groups; contacts: Contacts } {
  const { integration, contatos, journal, numbers, recipients, clock, log } = deps;
  const limits = new QueryLimits(clock);
  const clientOf: ConstructorParameters<typeof Groups>[0]['clientOf'] = (id, scope) => integration.client(id, scope);
  const addresses = new MemberAddresses({ numbers, recipients, channelOf: (id) => integration.channelOf(id) });
  const pictures = new ProfilePictures({ journal, limits, clock });
  return {
    groups: new Groups({ clientOf, contatos, addresses, limits, log }),
    contacts: new Contacts({ clientOf, contatos, pictures, numbers, recipients, journal, limits }),
  };
}
