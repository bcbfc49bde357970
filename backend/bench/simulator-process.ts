import { Simulator, type Burst, type Contact, type Phone } from '../src/simulator/index.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from './stage/remote.js';
import { usage } from './stage/usage.js';

/** When something happened, ms since the epoch with fractions; comparable between processes of one machine. */
const now = () => performance.timeOrigin + performance.now();

const FIRST_CUSTOMER = 5_541_900_000_000;

/** One message of a steady flow. */
export interface Timed {
  id: string;
  sentAt: number;
  receiptedAt: number;
}

const simulator = await Simulator.start();
let bursts: Burst[] = [];

function phoneOf(number: string): Phone {
  return simulator.phone(number) ?? simulator.createPhone({ number, name: `Loja ${number}` });
}

function customers(count: number): Contact[] {
  return Array.from({ length: count }, (_, index) => {
    const number = String(FIRST_CUSTOMER + index);
    return simulator.contact(number) ?? simulator.createContact({ number, name: `Cliente ${index + 1}` });
  });
}

const api = {
  address: () => ({ wsUrl: simulator.wsUrl, noiseRootKey: simulator.noiseRootKeyHex }),

  scan: async (number: string, qr: string) => {
    await phoneOf(number).scan(qr);
  },

  customers: (count: number) => customers(count).map(({ number, pnJid }) => ({ number, jid: pnJid })),

  /** Encrypts `messages` for each phone, in turn from each customer: `start` sends them all. */
  prepare: async (o: { phones: string[]; customers: number; messages: number; label: string }) => {
    bursts = [];
    for (const number of o.phones) {
      const text = (index: number) => `${o.label} ${index + 1}`;
      const options = { contacts: customers(o.customers), messages: o.messages, text };
      bursts.push(await simulator.prepareBurst(phoneOf(number), options));
    }
  },

  /** @returns when the first message went out, when the last receipt came back, and the ids */
  start: async () => {
    const startedAt = now();
    for (const burst of bursts) burst.start();
    await Promise.all(bursts.map(({ receipted }) => receipted));
    return { startedAt, receiptedAt: now(), ids: bursts.flatMap(({ ids }) => ids) };
  },

  /** One message after the other at an even pace, each timed. */
  steady: async (o: { phone: string; customers: number; messages: number; everyMs: number; label: string }) => {
    const phone = phoneOf(o.phone);
    const people = customers(o.customers);
    const timed: Promise<Timed>[] = [];
    const begin = now();
    for (let index = 0; index < o.messages; index++) {
      await sleep(Math.max(0, begin + index * o.everyMs - now()));
      const prepared = await people[index % people.length]!.prepare(phone, `${o.label} ${index + 1}`);
      const sentAt = now();
      prepared.release();
      const { id, receipted } = prepared.sent;
      timed.push(receipted.then(() => ({ id, sentAt, receiptedAt: now() })));
    }
    return Promise.all(timed);
  },

  /** How often each kind of thing has happened so far. */
  counts: () => {
    const counts: Record<string, number> = {};
    for (const { kind } of simulator.history.events) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  },

  usage,

  /** `<stream:error code>` to every device of these accounts. */
  streamErrors: (numbers: string[], code: number) => {
    for (const companion of companionsOf(numbers)) simulator.faults.streamError(companion, code);
  },

  /** The next logins of these accounts are refused. */
  failLogins: (numbers: string[], code: number, times: number) => {
    for (const companion of companionsOf(numbers)) simulator.faults.failLogins(companion, code, times);
  },

  /** Logins are as they should be again. */
  forgetLoginFailures: () => simulator.faults.allowLogins(),

  /** A close frame to every device of these accounts. */
  close: (numbers: string[]) => companionsOf(numbers).forEach((each) => simulator.faults.close(each)),

  /** TCP reset, without a close frame. */
  reset: (numbers: string[]) => companionsOf(numbers).forEach((each) => simulator.faults.reset(each)),

  /** The port closes: connections are refused. */
  refuse: (on: boolean) => simulator.faults.refuse(on),

  /** The present sockets of these accounts fall silent without a close. */
  blackHole: (numbers: string[]) => {
    for (const companion of companionsOf(numbers)) simulator.faults.blackHole(companion);
  },

  /** Logins so far of each account. */
  logins: (numbers: string[]) => companionsOf(numbers).map(({ logins }) => logins),

  /** One message from a customer to this account. */
  message: (number: string, text: string) => void customers(1)[0]!.send(phoneOf(number), text),
};

function companionsOf(numbers: string[]) {
  return numbers.flatMap((number) => phoneOf(number).companions.at(-1) ?? []);
}

export type SimulatorApi = typeof api;

serve(api, () => simulator.stop());
