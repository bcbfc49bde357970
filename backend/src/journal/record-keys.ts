import { GatewayError } from '../lib/errors.js';

/**
 * How records are addressed in LMDB. Keys are bytes compared like memcmp; every variable part but the last carries its
 * length, so no id can run into the next part, whatever characters it has.
 */

const MAX_PART_BYTES = 255;

/** `[length][bytes]`; also the prefix of everything that belongs to one connection. @throws BAD_REQUEST above 255 bytes */
export function connectionKey(connectionId: string): Buffer {
  return sized(connectionId, 'connection id');
}

/** The connection that a key of `auth` belongs to, and the prefix of all its keys. */
export function connectionIdOfKey(key: Buffer): { id: string; prefix: Buffer } {
  const prefix = key.subarray(0, 1 + key.readUInt8(0));
  return { id: prefix.toString('utf8', 1), prefix };
}

/** Auth state of a connection: the key type in clear, the id (often a phone number) as the sealer conceals it. */
export function authKey(connectionId: string, type: string, concealedId: Buffer): Buffer {
  return Buffer.concat([connectionKey(connectionId), sized(type, 'key type'), concealedId]);
}

/** The credentials live beside the keys, under the empty type, so that one range covers a connection's whole auth state. */
export function credsKey(connectionId: string): Buffer {
  return authKey(connectionId, '', Buffer.alloc(0));
}

/** Something of a connection that has one id. */
export function ownedKey(connectionId: string, id: Uint8Array): Buffer {
  return Buffer.concat([connectionKey(connectionId), id]);
}

/** Big-endian, so that byte order is number order. */
export function seqKey(seq: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeUIntBE(seq, 2, 6);
  return key;
}

export function seqOfKey(key: Buffer): number {
  return key.readUIntBE(2, 6);
}

/** The first key after everything that starts with `prefix`. */
export function afterPrefix(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let at = end.length - 1; at >= 0; at--) {
    const byte = end[at] as number;
    if (byte < 0xff) {
      end[at] = byte + 1;
      return end.subarray(0, at + 1);
    }
  }
  throw new GatewayError('INTERNAL', 'a key prefix of 0xff bytes has no end');
}

function sized(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > MAX_PART_BYTES) {
    throw new GatewayError('BAD_REQUEST', `The ${what} is longer than ${MAX_PART_BYTES} bytes.`);
  }
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}
