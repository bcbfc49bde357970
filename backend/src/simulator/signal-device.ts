import {
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  encodeWAMessage,
  generateRegistrationId,
  generateSignalPubKey,
  proto,
  signedKeyPair,
  unpadRandomMax16,
} from '@whiskeysockets/baileys';
import type { KeyPair, SignalCreds, SignalRepositoryWithLIDStore, SignedKeyPair } from '@whiskeysockets/baileys';
import { pino } from 'pino';
import { SignalMemory } from './signal-memory.js';
import type { PreKeyBundle } from './prekey-bundle.js';

const QUIET = pino({ level: 'silent' });

export interface Ciphertext {
  type: 'pkmsg' | 'msg';
  bytes: Uint8Array;
}

/**
 * One simulated device's end of the Signal protocol: a contact's phone or the phone of an account. The cryptography is
 * Baileys' own repository (libsignal below it), so both ends of every test run the same code.
 * Addresses are device JIDs; they are only names for sessions, so one fixed form (the LID) per peer is enough.
 */
export class SignalDevice {
  readonly identity: KeyPair = Curve.generateKeyPair();
  readonly registrationId = generateRegistrationId();
  readonly #memory = new SignalMemory();
  readonly #generations = new Map<string, number>();
  #signedPreKey: SignedKeyPair | undefined;
  #repository: SignalRepositoryWithLIDStore | undefined;
  #nextPreKeyId = 1;

  /** A key bundle with a one-time key of its own, as the server hands it to who wants to write first. */
  takeBundle(): PreKeyBundle {
    const signed = this.#signed();
    return {
      registrationId: this.registrationId,
      identityKey: generateSignalPubKey(this.identity.public),
      signedPreKey: {
        keyId: signed.keyId,
        publicKey: generateSignalPubKey(signed.keyPair.public),
        signature: signed.signature,
      },
      preKey: this.#makePreKey(),
    };
  }

  hasSession(address: string): boolean {
    return this.#memory.hasSession(this.#signal().jidToSignalProtocolAddress(address));
  }

  /** Starts a new session (X3DH); an open one to the same peer is closed. Messages are `pkmsg` until `confirm`. */
  async openSession(address: string, bundle: PreKeyBundle): Promise<void> {
    this.#generations.set(address, this.generation(address) + 1);
    await this.#signal().injectE2ESession({ jid: address, session: bundle });
  }

  /** Forgets the sessions with a peer, as a reinstalled phone would: what arrives next cannot be read. */
  forgetSession(address: string): void {
    this.#memory.dropSession(this.#signal().jidToSignalProtocolAddress(address));
  }

  /** Has no session and no sender key any more, as a phone on which WhatsApp was installed anew. */
  forgetEverything(): void {
    this.#memory.dropAll();
  }

  /** Counts the sessions this device has opened to `address`. */
  generation(address: string): number {
    return this.#generations.get(address) ?? 0;
  }

  /** The peer has shown (by a receipt) that it has the session of that generation: go on with plain `msg`. */
  confirm(address: string, generation: number): void {
    if (generation !== this.generation(address)) return;
    this.#memory.confirmSession(this.#signal().jidToSignalProtocolAddress(address));
  }

  async encrypt(address: string, message: proto.IMessage): Promise<Ciphertext> {
    const sealed = await this.#signal().encryptMessage({ jid: address, data: encodeWAMessage(message) });
    return { type: sealed.type, bytes: sealed.ciphertext };
  }

  /** Rejects with libsignal's error when no session fits, as real phones then ask for a retry. */
  async decrypt(address: string, type: 'pkmsg' | 'msg', bytes: Uint8Array): Promise<proto.Message> {
    const plaintext = await this.#signal().decryptMessage({ jid: address, type, ciphertext: bytes });
    return proto.Message.decode(unpadRandomMax16(plaintext));
  }

  /** The `skmsg` bytes; who has not got the sender key before cannot read them. */
  async encryptForGroup(group: string, self: string, message: proto.IMessage) {
    return this.#signal().encryptGroupMessage({ group, meId: self, data: encodeWAMessage(message) });
  }

  /** The distribution message for what this device writes to the group from now on. */
  async senderKey(group: string, self: string): Promise<Uint8Array> {
    return this.#signal().getSenderKeyDistributionMessage({ group, meId: self });
  }

  async learnSenderKey(author: string, item: proto.Message.ISenderKeyDistributionMessage): Promise<void> {
    await this.#signal().processSenderKeyDistributionMessage({ authorJid: author, item });
  }

  async decryptFromGroup(group: string, author: string, bytes: Uint8Array): Promise<proto.Message> {
    const plaintext = await this.#signal().decryptGroupMessage({ group, authorJid: author, msg: bytes });
    return proto.Message.decode(unpadRandomMax16(plaintext));
  }

  #makePreKey(): { keyId: number; publicKey: Uint8Array } {
    const keyId = this.#nextPreKeyId++;
    const pair = Curve.generateKeyPair();
    this.#memory.addPreKey(keyId, pair);
    return { keyId, publicKey: generateSignalPubKey(pair.public) };
  }

  // Made on first use: the signature costs milliseconds, and most contacts are only ever written by, never written to.
  #signed(): SignedKeyPair {
    return (this.#signedPreKey ??= signedKeyPair(this.identity, 1));
  }

  #signal(): SignalRepositoryWithLIDStore {
    if (this.#repository) return this.#repository;
    const signed = () => this.#signed();
    const creds: SignalCreds = {
      signedIdentityKey: this.identity,
      registrationId: this.registrationId,
      get signedPreKey() {
        return signed();
      },
    };
    const keys = this.#memory;
    return (this.#repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, QUIET));
  }
}
