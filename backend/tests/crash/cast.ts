import { Simulator, type Companion, type Contact, type Group, type Phone } from '../../src/simulator/index.js';

/** A chat of the account: whom the gateway writes to, and who writes into it. */
export interface Chat {
  /** Number of the customer, or JID of the group. */
  name: string;
  /** Where the gateway sends to: it does not know the number of who hides it. */
  address: string;
  group: Group | null;
  writers: Contact[];
}

/** The simulated side: one store, its customers under both kinds of address, and a group. */
export interface Cast {
  simulator: Simulator;
  store: Phone;
  /** The store's linked device, after pairing. */
  companion: Companion | null;
  chats: Chat[];
}

export const CONNECTION = 'loja';

export async function createCast(): Promise<Cast> {
  const simulator = await Simulator.start();
  const store = simulator.createPhone({ number: '5511999990001', name: 'Loja' });
  const contacts = [
    { number: '5511988880001', name: 'Ana', addressing: 'pn' },
    { number: '5521988880002', name: 'Bruno', addressing: 'lid' },
    { number: '5531988880003', name: 'Carla', addressing: 'pn' },
    { number: '351912345678', name: 'Davi', addressing: 'lid', hasLidMapping: false },
  ] as const;
  const customers = contacts.map((options) => simulator.createContact(options));
  const members = customers.slice(0, 3);
  const group = simulator.createGroup({ subject: 'Clientes', members: [store, ...members] });
  const chats: Chat[] = customers.map((contact) => ({
    name: contact.number,
    address: contact.hasLidMapping ? contact.number : contact.lidJid,
    group: null,
    writers: [contact],
  }));
  chats.push({ name: group.jid, address: group.jid, group, writers: members });
  return { simulator, store, companion: null, chats };
}
