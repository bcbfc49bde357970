import { isPartyText, partyOf, type Party } from './party.js';

const PREFIX = 'user_';
const CONNECTION_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Each user has one instance, an ordinary connection with this id: by the user's text where that can be an id, else by UUID. */
export function instanceNameOf({ id, text }: Party): string {
  const byText = `${PREFIX}${text ?? id}`;
  return CONNECTION_ID.test(byText) ? byText : `${PREFIX}${id}`;
}

/** Whose instance a connection is by its name; null for every other connection. */
export function userOfInstance(connectionId: string): Party | null {
  const given = connectionId.startsWith(PREFIX) ? connectionId.slice(PREFIX.length) : '';
  if (!isPartyText(given)) return null;
  const user = partyOf(given);
  return instanceNameOf(user) === connectionId ? user : null;
}
