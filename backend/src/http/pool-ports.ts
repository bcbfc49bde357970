import type { Clients } from '../integration/clients.js';

/** What the routes call of `Clients`. Everything rejects with a `GatewayError`. */
export type ClientsPort = Pick<Clients, keyof Clients>;
