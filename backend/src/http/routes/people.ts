import type { PeoplePorts } from '../people-ports.js';
import type { Route } from '../route.js';
import { contactRoutes } from './contacts.js';
import { groupRoutes } from './groups.js';

/** Groups and contacts. */
export function peopleRoutes({ groups, contacts }: PeoplePorts): Route[] {
  return [...groupRoutes(groups), ...contactRoutes(contacts)];
}
