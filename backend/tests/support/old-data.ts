import { readFile } from 'node:fs/promises';
import { BufferJSON, type KeyPair } from '@whiskeysockets/baileys';
import type { Contact, Phone, Simulator } from '../../src/simulator/index.js';
import { node, uint } from '../../src/simulator/stanzas.js';
import type { PreKeyBundle } from '../../src/simulator/prekey-bundle.js';

/** The two data directories that are kept: with `SESSION_ENCRYPTION_KEY` and without. */
export const VARIANTS = ['sealed', 'unsealed'] as const;
export type Variant = (typeof VARIANTS)[number];

export const ENCRYPTION_KEY = 'chave-dos-dados-antigos-0123456789';
export const ROOT_KEY = 'raiz-dos-dados-antigos-0123456789';
/** Ports that the kept data names: the webhook's receiver and the Evolution server must be found there again. */
export const WEBHOOK_PORT = 18_413;
export const EVOLUTION_PORT = 18_414;
export const IDEMPOTENCY_KEY = 'pedido-4711';
export const IDEMPOTENT_SEND = { connectionId: 'loja-1', content: 'seu pedido saiu', type: 'text' };

const KEPT_PRE_KEYS = 60;

/** Somebody of the simulated WhatsApp, as far as a linked device depends on them. */
interface PersonState {
  number: string;
  lid: string;
  name: string;
  identity: KeyPair;
  registrationId: number;
  companions: { noiseKey: Uint8Array; bundle: PreKeyBundle; preKeys: NonNullable<PreKeyBundle['preKey']>[] }[];
}

/** What a kept data directory holds, as far as the API cannot tell: kept beside it as JSON. */
export interface OldData {
  /** The commit whose code wrote it. */
  commit: string;
  madeAt: string;
  phones: PersonState[];
  contacts: PersonState[];
  group: { jid: string; subject: string };
  apiKey: string;
  webhookId: string;
  webhookSecret: string;
  scheduledId: string;
  idempotentMessage: { id: string; whatsappId: string };
  /** Rows with a file, and the file's bytes as base64. */
  files: { id: string; bytes: string }[];
  /** Sent and never acknowledged by WhatsApp. */
  unfinishedSend: { whatsappId: string; content: string; to: string };
  /** Received while the database was away: the journal has it, the tables have not. */
  unfinishedReceived: { whatsappId: string; content: string };
  /** Rows of the tables when the database was last open. */
  rows: Record<string, Record<string, unknown>[]>;
}

/** Takes down what the simulator must know so that devices linked to these phones can log in again. The gateway must
 *  be stopped: the one-time keys are taken from the simulator. */
export function describePerson(person: Phone | Contact): PersonState {
  const { number, lid, name = '', device } = person;
  const companions = 'companions' in person ? person.companions : [];
  return {
    ...{ number, lid, name, identity: device.identity, registrationId: device.registrationId },
    companions: companions.map((companion) => {
      const preKeys: NonNullable<PreKeyBundle['preKey']>[] = [];
      while (companion.preKeyCount > 0) preKeys.push(companion.takeBundle().preKey!);
      // Enough that the device need not upload new ones at its login.
      preKeys.splice(KEPT_PRE_KEYS);
      return { noiseKey: companion.noiseKey, bundle: companion.takeBundle(), preKeys };
    }),
  };
}

/** Puts the phones, their linked devices, the contacts and the group into a new simulator. */
export function repopulate(simulator: Simulator, old: OldData): { phones: Phone[]; contacts: Contact[] } {
  const phones = old.phones.map((state) => {
    const phone = simulator.createPhone(state);
    Object.assign(phone.device, { identity: state.identity, registrationId: state.registrationId });
    for (const { noiseKey, bundle, preKeys } of state.companions) {
      const companion = phone.newCompanion(noiseKey, bundle);
      companion.storeKeys(upload(preKeys));
      // Not a device that has just been linked: it gets no keys and no history at its login.
      companion.logins = 1;
      phone.adopt(companion);
    }
    return phone;
  });
  const contacts = old.contacts.map((state) => {
    const contact = simulator.createContact(state);
    Object.assign(contact.device, { identity: state.identity, registrationId: state.registrationId });
    return contact;
  });
  simulator.createGroup({ ...old.group, members: [contacts[0]!, ...phones, ...contacts.slice(1)] });
  return { phones, contacts };
}

export async function readOldData(variant: Variant): Promise<OldData> {
  return JSON.parse(await readFile(fixture(`${variant}.json`), 'utf8'), BufferJSON.reviver) as OldData;
}

/** @param name a file of the fixture */
export function fixture(name: string): URL {
  return new URL(`../fixtures/old-data/${name}`, import.meta.url);
}

function upload(preKeys: NonNullable<PreKeyBundle['preKey']>[]) {
  const keys = preKeys.map(({ keyId, publicKey }) =>
    node('key', {}, [node('id', {}, uint(keyId, 3)), node('value', {}, publicKey.subarray(publicKey.length - 32))]),
  );
  return node('iq', {}, [node('list', {}, keys)]);
}
