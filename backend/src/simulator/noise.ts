import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  hkdf,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  sha256,
  WA_CERT_DETAILS,
} from '@whiskeysockets/baileys';
import type { KeyPair } from '@whiskeysockets/baileys';

const NO_AAD = Buffer.alloc(0);

/** The server's long-lived Noise keys: its static key and the certificate chain that clients check. */
export interface NoiseIdentity {
  readonly staticKey: KeyPair;
  /** Encoded `CertChain`; the handshake payload of the server. */
  readonly certificates: Uint8Array;
  /** The 32-byte public key a client must trust (its `WA_CERT_DETAILS.PUBLIC_KEY`). */
  readonly rootKey: Uint8Array;
}

/** Makes a fresh root, intermediate and leaf. Clients check the two signatures and the issuer serial
 *  (`processHandshake` in Baileys' Utils/noise-handler.js), not the dates. */
export function makeNoiseIdentity(): NoiseIdentity {
  const [root, intermediate, staticKey] = [Curve.generateKeyPair(), Curve.generateKeyPair(), Curve.generateKeyPair()];
  const { Details } = proto.CertChain.NoiseCertificate;
  const serial = WA_CERT_DETAILS.SERIAL;
  const middle = Details.encode({ serial: serial + 1, issuerSerial: serial, key: intermediate.public }).finish();
  const leaf = Details.encode({ serial: serial + 2, issuerSerial: serial + 1, key: staticKey.public }).finish();
  const certificates = proto.CertChain.encode({
    intermediate: { details: middle, signature: Curve.sign(root.private, middle) },
    leaf: { details: leaf, signature: Curve.sign(intermediate.private, leaf) },
  }).finish();
  return { staticKey, certificates, rootKey: root.public };
}

/** What the client proved and asked for in its last handshake message. */
export interface ClientFinish {
  readonly noiseKey: Uint8Array;
  readonly payload: proto.ClientPayload;
}

/**
 * The server's half of Noise XX as WhatsApp speaks it, then the transport cipher.
 * Order of calls: `acceptHello` → `acceptFinish` → `encrypt` / `decrypt`, each frame exactly once and in wire order
 * (the nonce is a counter).
 */
export class NoiseServer {
  #hash: Uint8Array = Buffer.from(NOISE_MODE);
  #salt: Uint8Array = this.#hash;
  #key: Uint8Array = this.#hash;
  #nonce = 0;
  #ephemeral: KeyPair = Curve.generateKeyPair();
  #readKey: Uint8Array = NO_AAD;
  #writeKey: Uint8Array = NO_AAD;
  #reads = 0;
  #writes = 0;

  constructor(private readonly identity: NoiseIdentity) {
    this.#mixHash(NOISE_WA_HEADER);
  }

  /** @param frame an encoded `HandshakeMessage` with `clientHello`. @returns the encoded `serverHello`. */
  acceptHello(frame: Uint8Array): Uint8Array {
    const clientKey = proto.HandshakeMessage.decode(frame).clientHello?.ephemeral;
    if (!clientKey) throw new Error('the first frame is no clientHello');
    this.#mixHash(clientKey);
    this.#mixHash(this.#ephemeral.public);
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, clientKey));
    const sealedStatic = this.#seal(this.identity.staticKey.public);
    this.#mixKey(Curve.sharedKey(this.identity.staticKey.private, clientKey));
    const payload = this.#seal(this.identity.certificates);
    const serverHello = { ephemeral: this.#ephemeral.public, static: sealedStatic, payload };
    return proto.HandshakeMessage.encode({ serverHello }).finish();
  }

  /** @param frame an encoded `HandshakeMessage` with `clientFinish`. Switches to the transport keys. */
  acceptFinish(frame: Uint8Array): ClientFinish {
    const finish = proto.HandshakeMessage.decode(frame).clientFinish;
    if (!finish?.static || !finish.payload) throw new Error('the second frame is no clientFinish');
    const noiseKey = this.#unseal(finish.static);
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, noiseKey));
    const payload = proto.ClientPayload.decode(this.#unseal(finish.payload));
    [this.#readKey, this.#writeKey] = this.#derive(NO_AAD);
    return { noiseKey, payload };
  }

  encrypt(plaintext: Uint8Array): Buffer {
    return aesEncryptGCM(plaintext, this.#writeKey, nonce(this.#writes++), NO_AAD);
  }

  decrypt(ciphertext: Uint8Array): Buffer {
    return aesDecryptGCM(ciphertext, this.#readKey, nonce(this.#reads++), NO_AAD);
  }

  #seal(plaintext: Uint8Array): Buffer {
    const sealed = aesEncryptGCM(plaintext, this.#key, nonce(this.#nonce++), this.#hash);
    this.#mixHash(sealed);
    return sealed;
  }

  #unseal(sealed: Uint8Array): Buffer {
    const plaintext = aesDecryptGCM(sealed, this.#key, nonce(this.#nonce++), this.#hash);
    this.#mixHash(sealed);
    return plaintext;
  }

  #mixHash(data: Uint8Array): void {
    this.#hash = sha256(Buffer.concat([this.#hash, data]));
  }

  #mixKey(shared: Uint8Array): void {
    [this.#salt, this.#key] = this.#derive(shared);
    this.#nonce = 0;
  }

  #derive(input: Uint8Array): [Uint8Array, Uint8Array] {
    const bytes = hkdf(input, 64, { salt: this.#salt, info: '' });
    return [bytes.subarray(0, 32), bytes.subarray(32)];
  }
}

function nonce(counter: number): Buffer {
  const iv = Buffer.alloc(12);
  iv.writeUInt32BE(counter, 8);
  return iv;
}
