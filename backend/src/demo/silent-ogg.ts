const FRAMES = 50;
/** 20 ms of silence: one Opus frame without samples (RFC 6716, 3.1: CELT, fullband, mono). */
const SILENCE = Buffer.from('f8fffe', 'hex');
const SAMPLES_PER_FRAME = 960;
const FIRST_PAGE = 2;
const LAST_PAGE = 4;

/** A voice note to be sent in the demo: a second of silence as Opus in Ogg (RFC 3533, RFC 7845), 48 kHz, one channel. */
export function silentOgg(): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0);
  head.set([1, 1], 8);
  head.writeUInt32LE(48_000, 12);
  const tags = Buffer.alloc(16);
  tags.write('OpusTags', 0);
  const frames = Array.from({ length: FRAMES }, () => SILENCE);
  return Buffer.concat([
    page(0, FIRST_PAGE, 0, [head]),
    page(1, 0, 0, [tags]),
    page(2, LAST_PAGE, FRAMES * SAMPLES_PER_FRAME, frames),
  ]);
}

/** Packets of less than 255 bytes each. */
function page(number: number, flags: number, samples: number, packets: Buffer[]): Buffer {
  const head = Buffer.alloc(27);
  head.write('OggS', 0);
  head[5] = flags;
  head.writeBigUInt64LE(BigInt(samples), 6);
  head.writeUInt32LE(1, 14);
  head.writeUInt32LE(number, 18);
  head[26] = packets.length;
  const whole = Buffer.concat([head, Buffer.from(packets.map(({ length }) => length)), ...packets]);
  whole.writeUInt32LE(checksum(whole), 22);
  return whole;
}

/** CRC-32 as Ogg has it: not reflected, from 0. */
function checksum(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
