import { getBinaryNodeChild, S_WHATSAPP_NET, type BinaryNode, type proto } from '@whiskeysockets/baileys';
import { randomBytes } from 'node:crypto';
import { systemClock } from '../lib/clock.js';
import { withDeadline } from '../lib/deadline.js';
import { deferred, type Deferred } from '../lib/deferred.js';
import { pairSuccess } from './adv.js';
import type { Companion } from './companion.js';
import type { Connection } from './connection.js';
import { CodePairing } from './pairing-code.js';
import type { Phone } from './phone.js';
import { bundleFromPairing, type PreKeyBundle } from './prekey-bundle.js';
import { iqResult, node, seconds } from './stanzas.js';
import type { World } from './world.js';

const REFS = 6;
const RESTART_REQUIRED = 515;
const SIGN_DEADLINE_MS = 10_000;
const CODE_PATIENCE_MS = 2000;
const CODE_POLL_MS = 20;

/** A client that has connected without an account and shows a QR or a pairing code. Lives as long as its socket. */
export class Registration {
  readonly refs = Array.from({ length: REFS }, () => `2@${randomBytes(48).toString('base64url')}`);
  /** Set while the client waits for its pairing code to be entered. */
  code: CodePairing | null = null;
  readonly bundle: PreKeyBundle;
  readonly #deadSecrets = new Set<string>();
  #signed: Deferred<void> | null = null;
  #queries = 0;

  constructor(
    private readonly world: World,
    private readonly connection: Connection,
    readonly noiseKey: Uint8Array,
    pairing: proto.ClientPayload.IDevicePairingRegistrationData,
  ) {
    this.bundle = bundleFromPairing(pairing);
    connection.onNode = (stanza) => this.#onNode(stanza);
    const refs = this.refs.map((ref) => node('ref', {}, Buffer.from(ref)));
    connection.send(this.#query([node('pair-device', {}, refs)]));
  }

  send(stanza: BinaryNode): void {
    this.connection.send(stanza);
  }

  /** `companion_reg_refresh`: what the client advertises is retired; only a new adv secret will do from now on
   *  (https://github.com/WhiskeySockets/Baileys/issues/2737). */
  refresh(advSecret: string): void {
    this.#deadSecrets.add(advSecret);
    this.world.history.record({ kind: 'registration.refreshed' });
    const attrs = { from: S_WHATSAPP_NET, type: 'companion_reg_refresh', id: String(this.#queries++), t: seconds() };
    this.connection.send(node('notification', attrs, [node('companion_reg_refresh')]));
  }

  /** `passkey_prologue_request`: WhatsApp links this account with a passkey only (WhiskeySockets/Baileys#2672). */
  askForPasskey(): void {
    const attrs = {
      ...{ from: S_WHATSAPP_NET, type: 'passkey_prologue_request' },
      ...{ id: String(this.#queries++), t: seconds() },
    };
    this.connection.send(node('notification', attrs, [node('passkey_request_options', {}, Buffer.from('{}'))]));
  }

  /** @throws Error when the secret was retired by `refresh` */
  assertFresh(advSecret: string): void {
    if (this.#deadSecrets.has(advSecret)) throw new Error('the QR is stale: its adv secret was retired');
  }

  /** Sends pair-success, waits for the client's signature, and has it restart as a linked device. */
  async link(phone: Phone, advSecret: Uint8Array, by: 'qr' | 'code'): Promise<Companion> {
    const companion = phone.newCompanion(this.noiseKey, this.bundle);
    this.#signed = deferred();
    const link = {
      advSecret,
      phoneIdentity: phone.device.identity,
      companionIdentity: this.bundle.identityKey.subarray(1),
      keyIndex: companion.device,
      jid: companion.jid,
      lid: companion.lid,
      businessName: phone.name,
    };
    this.connection.send(pairSuccess(`pair-${this.#queries++}`, link));
    await withDeadline(this.#signed.promise, SIGN_DEADLINE_MS, 'the signature of the new device');
    phone.adopt(companion);
    this.world.history.record({ kind: 'pairing.linked', companion: companion.jid, by });
    this.connection.streamError(RESTART_REQUIRED);
    return companion;
  }

  /** The socket is gone: whoever waits for the signature learns it. */
  abandon(): void {
    this.#signed?.reject(new Error('the client disconnected before it was linked'));
  }

  #onNode(stanza: BinaryNode): void {
    if (stanza.tag !== 'iq') return;
    const { id, type } = stanza.attrs;
    if (type === 'result') {
      if (getBinaryNodeChild(stanza, 'pair-device-sign')) this.#signed?.resolve();
      return;
    }
    const step = getBinaryNodeChild(stanza, 'link_code_companion_reg');
    this.connection.send(step ? this.#onCodeStep(id!, step) : iqResult(id!));
  }

  #onCodeStep(id: string, step: BinaryNode): BinaryNode {
    if (step.attrs.stage === 'companion_finish') {
      this.code?.finish(step);
      return iqResult(id);
    }
    const { answer, pairing } = CodePairing.begin(id, step, this);
    this.code = pairing;
    return answer;
  }

  #query(content: BinaryNode[]): BinaryNode {
    return node('iq', { from: S_WHATSAPP_NET, type: 'set', id: `reg-${this.#queries++}` }, content);
  }
}

/** The clients that wait to be linked, found by the QR or the number they show. */
export class Registrations {
  readonly #open = new Set<Registration>();

  add(registration: Registration): void {
    this.#open.add(registration);
  }

  remove(registration: Registration): void {
    this.#open.delete(registration);
    registration.abandon();
  }

  byRef(ref: string): Registration | undefined {
    return [...this.#open].find((each) => each.refs.includes(ref));
  }

  /** The client that waits for a pairing code for this number. It may just be asking, so this waits a little. */
  async byCodeFor(pnJid: string): Promise<Registration | undefined> {
    const giveUpAt = Date.now() + CODE_PATIENCE_MS;
    while (Date.now() < giveUpAt) {
      const found = [...this.#open].find((each) => each.code?.account === pnJid);
      if (found) return found;
      await systemClock.sleep(CODE_POLL_MS);
    }
    return undefined;
  }
}
