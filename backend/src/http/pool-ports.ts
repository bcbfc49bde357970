import type { Clients } from '../integration/clients.js';
import type { NotifyUsers } from '../integration/instances/notify-users.js';
import type { WhatsAppManager } from '../integration/instances/whatsapp-manager.js';

/** What the routes call of `Clients`. Everything rejects with a `GatewayError`. */
export type ClientsPort = Pick<Clients, keyof Clients>;

/** What the routes call of `NotifyUsers`. */
export type NotifyPort = Pick<NotifyUsers, 'notify'>;

/** What the routes call of `WhatsAppManager`. */
export type InstancesPort = Pick<WhatsAppManager, 'findUserInstance' | 'connectUserWhatsApp'>;
