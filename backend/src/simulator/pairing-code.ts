import {
  aesDecryptCTR,
  aesDecryptGCM,
  aesEncryptCTR,
  Curve,
  derivePairingCodeKey,
  getBinaryNodeChild,
  hkdf,
  jidNormalizedUser,
  S_WHATSAPP_NET,
  type BinaryNode,
} from '@whiskeysockets/baileys';
import { randomBytes } from 'node:crypto';
import { withDeadline } from '../lib/deadline.js';
import { deferred } from '../lib/deferred.js';
import type { Phone } from './phone.js';
import type { Registration } from './registration.js';
import { bytesOf, iqError, iqResult, node, seconds } from './stanzas.js';

const SALT = 32;
const CTR_IV = 16;
const GCM_IV = 12;
const KEY = 32;
const FINISH_DEADLINE_MS = 10_000;
/** The server refuses display names it does not know, such as `Chrome (Acme)` (WhiskeySockets/Baileys#2769). */
const KNOWN_DISPLAY = /^[\w ]+ \((Windows|Mac OS|Linux|Ubuntu|Chrome OS|Android|iOS)\)$/;

/**
 * Linking by an eight-letter code: companion_hello → (code typed into the phone) → primary_hello → companion_finish.
 * The code only ever encrypts the two ephemeral keys, so a wrong one shows in companion_finish.
 */
export class CodePairing {
  readonly #finished = deferred<BinaryNode>();

  private constructor(
    readonly account: string,
    private readonly wrappedEphemeral: Buffer,
    private readonly registration: Registration,
  ) {
    this.#finished.promise.catch(() => undefined);
  }

  /** companion_hello. @returns the answer to its iq; `pairing` is null when the client was refused. */
  static begin(id: string, hello: BinaryNode, registration: Registration) {
    const display = bytesOf(getBinaryNodeChild(hello, 'companion_platform_display')).toString();
    if (!KNOWN_DISPLAY.test(display)) return { answer: iqError(id, 400, 'bad-request'), pairing: null };
    const wrapped = bytesOf(getBinaryNodeChild(hello, 'link_code_pairing_wrapped_companion_ephemeral_pub'));
    const account = jidNormalizedUser(hello.attrs.jid);
    const ref = node('link_code_pairing_ref', {}, randomBytes(16));
    const answer = iqResult(id, [node('link_code_companion_reg', { stage: 'companion_hello' }, [ref])]);
    return { answer, pairing: new CodePairing(account, wrapped, registration) };
  }

  /** The owner types the code. @returns the adv secret both sides now share. @throws when the code is wrong. */
  async enter(code: string, phone: Phone): Promise<Uint8Array> {
    const ephemeral = Curve.generateKeyPair();
    const salt = randomBytes(SALT);
    const iv = randomBytes(CTR_IV);
    const wrapped = aesEncryptCTR(ephemeral.public, await derivePairingCodeKey(code, salt), iv);
    const attrs = { from: S_WHATSAPP_NET, type: 'link_code_companion_reg', id: `code-${seconds()}`, t: seconds() };
    this.registration.send(
      node('notification', attrs, [
        node('link_code_companion_reg', { stage: 'primary_hello' }, [
          node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, Buffer.concat([salt, iv, wrapped])),
          node('primary_identity_pub', {}, phone.device.identity.public),
          node('link_code_pairing_ref', {}, randomBytes(16)),
        ]),
      ]),
    );
    const companionEphemeral = await this.#unwrap(code);
    const finish = await withDeadline(this.#finished.promise, FINISH_DEADLINE_MS, 'companion_finish');
    return openKeyBundle(finish, Curve.sharedKey(ephemeral.private, companionEphemeral), phone);
  }

  /** companion_finish arrived. */
  finish(step: BinaryNode): void {
    this.#finished.resolve(step);
  }

  async #unwrap(code: string): Promise<Buffer> {
    const bytes = this.wrappedEphemeral;
    const key = await derivePairingCodeKey(code, bytes.subarray(0, SALT));
    return aesDecryptCTR(bytes.subarray(SALT + CTR_IV), key, bytes.subarray(SALT, SALT + CTR_IV));
  }
}

function openKeyBundle(finish: BinaryNode, shared: Buffer, phone: Phone): Uint8Array {
  const bundle = bytesOf(getBinaryNodeChild(finish, 'link_code_pairing_wrapped_key_bundle'));
  const salt = bundle.subarray(0, SALT);
  const key = hkdf(shared, KEY, { salt, info: 'link_code_pairing_key_bundle_encryption_key' });
  const iv = bundle.subarray(SALT, SALT + GCM_IV);
  let opened: Buffer;
  try {
    opened = aesDecryptGCM(bundle.subarray(SALT + GCM_IV), key, iv, Buffer.alloc(0));
  } catch (error) {
    throw new Error('the pairing code is wrong', { cause: error });
  }
  const companionIdentity = opened.subarray(0, KEY);
  const random = opened.subarray(2 * KEY);
  const identities = Curve.sharedKey(phone.device.identity.private, companionIdentity);
  return hkdf(Buffer.concat([shared, identities, random]), KEY, { info: 'adv_secret' });
}
