import { Curve, hmacSign, proto, S_WHATSAPP_NET, WA_ADV_ACCOUNT_SIG_PREFIX } from '@whiskeysockets/baileys';
import type { BinaryNode, KeyPair } from '@whiskeysockets/baileys';
import { randomInt } from 'node:crypto';
import { node, seconds } from './stanzas.js';

/** What a phone vouches for when it links a device. */
export interface Link {
  /** Shared by QR or derived from the pairing code; 32 bytes. */
  readonly advSecret: Uint8Array;
  readonly phoneIdentity: KeyPair;
  /** 32 bytes, without the type byte. */
  readonly companionIdentity: Uint8Array;
  readonly keyIndex: number;
  readonly jid: string;
  readonly lid: string;
  readonly businessName: string | undefined;
}

/** `<iq><pair-success>`: the device identity signed by the phone, sealed with the adv secret
 *  (checked by `configureSuccessfulPairing` in Baileys' Utils/validate-connection.js). */
export function pairSuccess(id: string, link: Link): BinaryNode {
  const details = proto.ADVDeviceIdentity.encode({
    rawId: randomInt(1, 2 ** 31),
    timestamp: Math.floor(Date.now() / 1000),
    keyIndex: link.keyIndex,
    accountType: proto.ADVEncryptionType.E2EE,
    deviceType: proto.ADVEncryptionType.E2EE,
  }).finish();
  const signed = Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, link.companionIdentity]);
  const identity = proto.ADVSignedDeviceIdentity.encode({
    details,
    accountSignatureKey: link.phoneIdentity.public,
    accountSignature: Curve.sign(link.phoneIdentity.private, signed),
  }).finish();
  const sealed = proto.ADVSignedDeviceIdentityHMAC.encode({
    details: identity,
    hmac: hmacSign(identity, link.advSecret),
  }).finish();
  return node('iq', { from: S_WHATSAPP_NET, type: 'set', id, t: seconds() }, [
    node('pair-success', {}, [
      node('device-identity', {}, sealed),
      node('platform', { name: 'android' }),
      node('device', { jid: link.jid, lid: link.lid }),
      ...(link.businessName ? [node('biz', { name: link.businessName })] : []),
    ]),
  ]);
}
