import { createHash, randomBytes } from 'node:crypto';
import type { MediaFields } from '../src/simulator/media/media-server.js';
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
let files: { sha256: string; fields: MediaFields }[] = [];
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function phoneOf(number: string): Phone {
  return simulator.phone(number) ?? simulator.createPhone({ number, name: `Loja ${number}` });
}

function customers(count: number, first = FIRST_CUSTOMER): Contact[] {
  return Array.from({ length: count }, (_, index) => {
    const number = String(first + index);
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

  media: () => ({ url: simulator.media.url, caPem: simulator.media.caPem }),

  /** Puts files of random bytes onto the media server, as customers' phones do. @returns their SHA-256, in order */
  files: async (count: number, bytes: number) => {
    files = [];
    for (let index = 0; index < count; index++) {
      const plain = randomBytes(bytes);
      files.push({ sha256: sha256(plain), fields: await simulator.media.upload(plain, 'document') });
    }
    return files.map(({ sha256 }) => sha256);
  },

  /** Those files, each in a message, at an even pace, from customers who write nothing else. @returns the ids, in order */
  steadyFiles: async (o: { phone: string; everyMs: number }) => {
    const phone = phoneOf(o.phone);
    const people = customers(5, FIRST_CUSTOMER + 500);
    const begin = now();
    const sent: Promise<string>[] = [];
    for (const [index, { fields }] of files.entries()) {
      await sleep(Math.max(0, begin + index * o.everyMs - now()));
      const document = { ...fields, mimetype: 'application/octet-stream', fileName: `${index + 1}.bin` };
      const { id, receipted } = people[index % people.length]!.send(phone, { documentMessage: document });
      sent.push(receipted.then(() => id));
    }
    return Promise.all(sent);
  },

  /** What a customer has received under these ids, opened and hashed: SHA-256, or null for what is not there. */
  received: async (number: string, ids: string[]) => {
    const inbox = new Map(simulator.contact(number)!.inbox.map(({ id, message }) => [id, message]));
    return Promise.all(
      ids.map(async (id) => {
        const document = inbox.get(id)?.documentMessage;
        if (!document) return null;
        return sha256(await simulator.media.download(document, 'document'));
      }),
    );
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
