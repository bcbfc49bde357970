import type { Contact, Phone, Simulator } from '../simulator/index.js';
import { stripedPng } from './striped-png.js';

/** Who takes part in the demo, and what they say. Texts are for people who watch it, so in Portuguese. */
export interface Customer {
  contact: Contact;
  name: string;
  number: string;
  says: string[];
  /** What the agent answers; null = nobody has answered yet. */
  answer: string | null;
  /** What they send after that. */
  picture?: { bytes: Buffer; caption: string };
}

export const STORE_NUMBER = '5511999990001';

export function createStorePhone(simulator: Simulator): Phone {
  return simulator.createPhone({ number: STORE_NUMBER, name: 'Loja Sentinela' });
}

/** One is known by number, one only answers under a LID, one writes twice in a row. */
export function createCustomers(simulator: Simulator): Customer[] {
  const cast: (Omit<Customer, 'contact'> & { addressing: 'pn' | 'lid' })[] = [
    {
      name: 'Ana',
      number: '5511988887777',
      addressing: 'pn',
      says: ['Oi! Meu pedido já saiu?'],
      answer: 'Oi, Ana! Saiu agora há pouco. 🚚',
      picture: { bytes: stripedPng(240, 160), caption: 'É este pedido aqui' },
    },
    {
      name: 'Bruno',
      number: '5521977776666',
      addressing: 'lid',
      says: ['Bom dia, vocês abrem no sábado?'],
      answer: null,
    },
    {
      name: 'Carla',
      number: '5531966665555',
      addressing: 'pn',
      says: ['Quanto custa o frete para BH?', 'É para amanhã 🙏'],
      answer: null,
    },
  ];
  return cast.map(({ addressing, ...customer }) => {
    const { number, name } = customer;
    return { ...customer, contact: simulator.createContact({ number, name, addressing }) };
  });
}
