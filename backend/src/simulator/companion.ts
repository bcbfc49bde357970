import {
  generateSignalPubKey,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  S_WHATSAPP_NET,
  type BinaryNode,
} from '@whiskeysockets/baileys';
import type { Connection } from './connection.js';
import { Mailbox } from './mailbox.js';
import type { Phone } from './phone.js';
import { preKeyFrom, signedPreKeyFrom, type PreKeyBundle } from './prekey-bundle.js';
import { bytesOf, node, seconds } from './stanzas.js';
import type { World } from './world.js';

const LOW_WATER = 5;

/** A device linked to a phone, as the server knows it: its keys, its queue, and its socket while it is connected. */
export class Companion {
  readonly jid: string;
  readonly lid: string;
  readonly mailbox: Mailbox;
  connection: Connection | null = null;
  /** How often it has logged in. */
  logins = 0;
  #bundle: PreKeyBundle;
  readonly #preKeys: NonNullable<PreKeyBundle['preKey']>[] = [];
  #lowWaterTold = false;
  #notifications = 0;
  readonly #sends = new Map<string, number>();

  constructor(
    private readonly world: World,
    readonly phone: Phone,
    readonly device: number,
    readonly noiseKey: Uint8Array,
    bundle: PreKeyBundle,
  ) {
    this.jid = `${phone.number}:${device}@s.whatsapp.net`;
    this.lid = `${phone.lid}:${device}@lid`;
    this.#bundle = bundle;
    this.mailbox = new Mailbox({ companion: this.jid, history: world.history, faults: world.faults });
  }

  get connected(): boolean {
    return this.connection?.open ?? false;
  }

  /** One-time keys left on the server. */
  get preKeyCount(): number {
    return this.#preKeys.length;
  }

  /** The bundle for a new session; uses one one-time key up and tells the companion when few are left. */
  takeBundle(): PreKeyBundle {
    const preKey = this.#preKeys.shift();
    if (this.#preKeys.length < LOW_WATER) this.#tellLowWater();
    return preKey ? { ...this.#bundle, preKey } : this.#bundle;
  }

  /** `<iq xmlns=encrypt type=set>`: a full upload, or a rotated signed key. */
  storeKeys(iq: BinaryNode): void {
    const upload = getBinaryNodeChild(iq, 'rotate') ?? iq;
    const skey = getBinaryNodeChild(upload, 'skey');
    const identity = bytesOf(getBinaryNodeChild(upload, 'identity'));
    if (skey) this.#bundle = { ...this.#bundle, signedPreKey: signedPreKeyFrom(skey) };
    if (identity.length > 0) this.#bundle = { ...this.#bundle, identityKey: generateSignalPubKey(identity) };
    const keys = getBinaryNodeChildren(getBinaryNodeChild(upload, 'list'), 'key');
    this.#preKeys.push(...keys.map(preKeyFrom));
    this.#lowWaterTold = false;
    const { jid: companion, preKeyCount: available } = this;
    if (keys.length > 0)
      this.world.history.record({ kind: 'prekeys.uploaded', companion, count: keys.length, available });
  }

  /** @returns which attempt to send the message `id` this is, from 1. */
  countSend(id: string): number {
    const attempt = (this.#sends.get(id) ?? 0) + 1;
    this.#sends.set(id, attempt);
    return attempt;
  }

  // Told once per upload: the real server does not repeat itself either, and Baileys answers each one with five keys.
  #tellLowWater(): void {
    if (this.#lowWaterTold || this.logins === 0) return;
    this.#lowWaterTold = true;
    const id = `prekeys-${this.device}-${++this.#notifications}`;
    const attrs = { from: S_WHATSAPP_NET, type: 'encrypt', id, t: seconds() };
    this.mailbox.post({ stanza: node('notification', attrs, [node('count', { value: String(this.preKeyCount) })]) });
  }
}
