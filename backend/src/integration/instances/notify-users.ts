import { GatewayError } from '../../lib/errors.js';
import type { Party } from '../../lib/party.js';
import type { ApplicationNotifications, PushedNotification } from '../../notifications/application-notifications.js';
import type { Scope } from '../resources.js';
import type { InstanceResource } from './instance-resource.js';

/** To whom a caller wants something shown: exactly one of the two. */
export interface NotifyInput {
  user: Party | null;
  organization: Party | null;
  notification: PushedNotification;
}

export interface NotifyUsersDeps {
  notifications: ApplicationNotifications;
  /** The user's instance, as far as `scope` sees it. */
  findInstance: (user: Party, scope: Scope | null) => InstanceResource | null;
}

/** Applications push notifications of their own to the pages of users. */
export class NotifyUsers {
  constructor(private readonly deps: NotifyUsersDeps) {}

  /**
   * The root key reaches everybody; all others their own owner, the users whose instance they may see, and their companies.
   * @returns the id that pages see it under
   * @throws GatewayError `FORBIDDEN`, `JOURNAL_FAILED`, `JOURNAL_FULL`
   */
  notify({ user, organization, notification }: NotifyInput, scope: Scope | null): Promise<string> {
    if (user) {
      const isTheirs = scope === null || (user.id === scope.ownerId && scope.connections === undefined);
      if (!isTheirs && this.deps.findInstance(user, scope) === null) {
        throw new GatewayError('FORBIDDEN', 'userId must be your own id, or a user whose instance you may see.');
      }
      return this.deps.notifications.push({ userId: user.id }, notification);
    }
    const { id } = organization!;
    if (scope !== null && (!scope.companyIds.includes(id) || scope.connections !== undefined)) {
      throw new GatewayError('FORBIDDEN', 'organizationId must be an organisation of yours.');
    }
    return this.deps.notifications.push({ organizationId: id }, notification);
  }
}
