/** A WAV header before samples of 16 bits, one channel. */
export function aWavOf(samples: Buffer, rate: number): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

/** Three seconds, silent in the middle. */
export function aWav(): Buffer {
  const rate = 8000;
  const samples = Buffer.alloc(rate * 3 * 2);
  for (let at = 0; at < rate * 3; at++) {
    const loud = at < rate || at >= rate * 2;
    samples.writeInt16LE(loud ? Math.round(20_000 * Math.sin((at * 2 * Math.PI * 440) / rate)) : 0, at * 2);
  }
  return aWavOf(samples, rate);
}

/** So few samples a second that a small file lasts for days, or weeks. */
export function anEndlessWav(bytes = 4 << 20, rate = 1): Buffer {
  return aWavOf(Buffer.alloc(bytes, 0x11), rate);
}
