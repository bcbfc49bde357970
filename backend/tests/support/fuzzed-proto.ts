import { proto } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { CONTENT_FIELDS, CORPUS } from './corpus.js';

/** Bytes that a phone might send for a message: none, few or all of the rules of protobuf are kept. */

/** The corpus as it is on the wire. */
const ENCODED = CONTENT_FIELDS.map((field) => {
  const message = proto.Message.fromObject({ [field]: CORPUS[field][0] });
  return Buffer.from(proto.Message.encode(message).finish());
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

const key = (field: number, wireType: number) => varint(field * 8 + wireType);
const sized = (field: number, bytes: Buffer) => Buffer.concat([key(field, 2), varint(bytes.length), bytes]);

/** Well-formed protobuf with any fields, nested, of any wire type: what a newer WhatsApp may send. */
const tree = fc.letrec<{ field: Buffer; message: Buffer }>((tie) => {
  const number = fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 130 }), weight: 9 },
    fc.integer({ min: 1, max: 2 ** 20 }),
  );
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constant('5511911111111@s.whatsapp.net'));
  return {
    message: fc.array(tie('field'), { maxLength: 4 }).map((parts) => Buffer.concat(parts)),
    field: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(number, text).map(([field, value]) => sized(field, Buffer.from(value))),
      fc.tuple(number, fc.maxSafeNat()).map(([field, value]) => Buffer.concat([key(field, 0), varint(value)])),
      fc.tuple(number, fc.uint8Array({ minLength: 8, maxLength: 8 })).map(([n, b]) => Buffer.concat([key(n, 1), b])),
      fc.tuple(number, fc.uint8Array({ minLength: 4, maxLength: 4 })).map(([n, b]) => Buffer.concat([key(n, 5), b])),
      fc.tuple(number, tie('message')).map(([field, inner]) => sized(field, inner)),
    ),
  };
}).message;

/** A real message with some of its bytes changed, cut out or put in. */
const damaged = fc
  .tuple(
    fc.constantFrom(...ENCODED),
    fc.array(fc.tuple(fc.nat(400), fc.nat(3), fc.uint8Array({ maxLength: 4 })), { minLength: 1, maxLength: 5 }),
  )
  .map(([bytes, changes]) =>
    changes.reduce((now, [at, cut, put]) => {
      const place = at % (now.length + 1);
      return Buffer.concat([now.subarray(0, place), put, now.subarray(place + cut)]);
    }, bytes),
  );

/** Two contents in one message, or one that brings wrappers of wrappers of another. */
const combined = fc
  .tuple(fc.constantFrom(...ENCODED), fc.constantFrom(...ENCODED), fc.constantFrom(0, 37, 40, 53, 55, 58), fc.nat(12))
  .map(([a, b, wrapper, depth]) => {
    const both = Buffer.concat([a, b]);
    if (wrapper === 0) return both;
    // A FutureProofMessage has its message in field 1.
    return Array.from({ length: depth }).reduce<Buffer>((inner) => sized(wrapper, sized(1, inner)), both);
  });

export const fuzzedProto: fc.Arbitrary<Buffer> = fc.oneof(
  { arbitrary: damaged, weight: 5 },
  { arbitrary: tree, weight: 3 },
  { arbitrary: combined, weight: 2 },
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);
