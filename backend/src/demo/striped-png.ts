import { deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
/** Red, green and blue of each stripe. */
const STRIPES = [
  [0x12, 0x8c, 0x7e],
  [0xff, 0xd1, 0x66],
  [0xef, 0x47, 0x6f],
  [0x11, 0x8a, 0xb2],
];
const STRIPE_WIDTH = 20;

/** A picture to be sent in the demo: vertical stripes, 8-bit RGB (PNG specification, third edition). */
export function stripedPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const pixels = Array.from({ length: width }, (_, x) => STRIPES[Math.floor(x / STRIPE_WIDTH) % STRIPES.length]!);
  // Each line begins with its filter: none.
  const line = Buffer.from([0, ...pixels.flat()]);
  const data = deflateSync(Buffer.concat(Array.from({ length: height }, () => line)));
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** CRC-32 as PNG has it; `zlib.crc32` came with Node 22. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
