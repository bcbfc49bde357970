import { generateSignalPubKey, getBinaryNodeChild, type BinaryNode, type proto } from '@whiskeysockets/baileys';
import { bytesOf, node, seconds, uint } from './stanzas.js';

/** The public keys that let somebody start a session with a device (X3DH). Public keys carry their type byte (33 bytes). */
export interface PreKeyBundle {
  registrationId: number;
  identityKey: Uint8Array;
  signedPreKey: { keyId: number; publicKey: Uint8Array; signature: Uint8Array };
  /** Missing when the device has none left; the session then starts without a one-time key. */
  preKey?: { keyId: number; publicKey: Uint8Array };
}

const KEY_TYPE = Buffer.from([5]);
const bare = (key: Uint8Array) => key.subarray(key.length - 32);
const number = (bytes: Uint8Array) => Buffer.from(bytes).readUIntBE(0, bytes.length);

/** The keys in a client's registration payload. @throws Error when one is missing. */
export function bundleFromPairing(pairing: proto.ClientPayload.IDevicePairingRegistrationData): PreKeyBundle {
  const { eRegid, eIdent, eSkeyId, eSkeyVal, eSkeySig } = pairing;
  if (!eRegid || !eIdent || !eSkeyId || !eSkeyVal || !eSkeySig) throw new Error('the registration lacks keys');
  return {
    registrationId: number(eRegid),
    identityKey: generateSignalPubKey(eIdent),
    signedPreKey: { keyId: number(eSkeyId), publicKey: generateSignalPubKey(eSkeyVal), signature: eSkeySig },
  };
}

/** `<skey>` of a key upload. */
export function signedPreKeyFrom(skey: BinaryNode): PreKeyBundle['signedPreKey'] {
  const signature = bytesOf(getBinaryNodeChild(skey, 'signature'));
  return { ...preKeyFrom(skey), signature };
}

/** `<key>` of a key upload or of a retry receipt. */
export function preKeyFrom(key: BinaryNode): { keyId: number; publicKey: Uint8Array } {
  const publicKey = generateSignalPubKey(bytesOf(getBinaryNodeChild(key, 'value')));
  return { keyId: number(bytesOf(getBinaryNodeChild(key, 'id'))), publicKey };
}

/** One `<user>` of the answer to `encrypt get`. `jid` is echoed as it was asked for. */
export function bundleNode(jid: string, bundle: PreKeyBundle): BinaryNode {
  return node('user', { jid, t: seconds() }, [
    node('registration', {}, uint(bundle.registrationId, 4)),
    node('type', {}, KEY_TYPE),
    node('identity', {}, bare(bundle.identityKey)),
    node('skey', {}, [
      node('id', {}, uint(bundle.signedPreKey.keyId, 3)),
      node('value', {}, bare(bundle.signedPreKey.publicKey)),
      node('signature', {}, bundle.signedPreKey.signature),
    ]),
    ...(bundle.preKey ? [preKeyNode(bundle.preKey)] : []),
  ]);
}

const preKeyNode = (key: { keyId: number; publicKey: Uint8Array }): BinaryNode =>
  node('key', {}, [node('id', {}, uint(key.keyId, 3)), node('value', {}, bare(key.publicKey))]);
