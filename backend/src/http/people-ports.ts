import type { Contacts } from '../integration/contacts.js';
import type { Groups } from '../integration/groups.js';

/** What the routes call of `Groups`. */
export type GroupsPort = Pick<Groups, keyof Groups>;

/** What the routes call of `Contacts`. */
export type ContactsPort = Pick<Contacts, keyof Contacts>;

export interface PeoplePorts {
  groups: GroupsPort;
  contacts: ContactsPort;
}
