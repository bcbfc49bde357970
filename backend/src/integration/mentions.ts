import { GatewayError } from '../lib/errors.js';
import { parseRecipient } from '../lib/phone-number.js';

/** People named in a text: numbers or JIDs in, JIDs out. @throws INVALID_RECIPIENT naming the entry */
export function mentionJids(mentions: string[]): string[] {
  return mentions.map((mention, index) => {
    const recipient = parseRecipient(mention, `mentions[${index}]`);
    if (recipient.kind === 'number') return `${recipient.digits}@s.whatsapp.net`;
    if (recipient.jid.endsWith('@g.us')) {
      throw new GatewayError('INVALID_RECIPIENT', `mentions[${index}] must be a person, not a group`);
    }
    return recipient.jid;
  });
}
