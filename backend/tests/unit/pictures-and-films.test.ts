import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import sharp from 'sharp';
import { buildMessage } from '../../src/outbound/build-message.js';
import { contentOf } from '../../src/integration/outgoing-media.js';
import { anFfmpeg, madeByFfmpeg, testWithFfmpeg } from '../support/ffmpeg.js';
import { anIntake } from '../support/intake.js';
import { tempDir } from './journal-fixture.js';

const testFilm = (size: string, seconds: number) => ['-f', 'lavfi', '-i', `testsrc=s=${size}:r=10:d=${seconds}`];
const without = () => anFfmpeg({ program: '/nonexistent/ffmpeg' });

async function prepared(bytes: Buffer, kind: 'image' | 'video', ffmpeg = anFfmpeg()) {
  const { intake, dir } = await anIntake(await tempDir(), { ffmpeg, maxBytes: 100_000_000 });
  const staged = await intake.fromBytes(bytes, { name: null });
  const content = await contentOf(intake, staged, { type: kind });
  expect(await readdir(dir)).toEqual([staged.file]);
  const { thumbnail } = content;
  if (!thumbnail) return { content, preview: undefined };
  // By file: the gateway has closed the way by memory for the whole process.
  await writeFile(join(dir, 'preview'), thumbnail);
  return { content, preview: await sharp(join(dir, 'preview')).metadata() };
}

testWithFfmpeg('a film goes out with its preview, length and measures', async () => {
  const film = await madeByFfmpeg(testFilm('320x240', 3), 'a.mp4');
  const { content, preview } = await prepared(film, 'video');
  expect(content).toMatchObject({ kind: 'video', seconds: 3, width: 320, height: 240 });
  expect(preview).toMatchObject({ format: 'jpeg', width: 72, height: 54 });
  expect(buildMessage(content).videoMessage).toMatchObject({ seconds: 3, width: 320, height: 240 });
  expect(buildMessage(content).videoMessage?.gifPlayback).toBeUndefined();
});

testWithFfmpeg('an upright film, which phones record lying, has the measures that it is shown with', async () => {
  const film = await madeByFfmpeg(testFilm('320x240', 1), 'a.mov');
  const matrix = (...cells: number[]) =>
    Buffer.concat(cells.map((cell) => Buffer.from(Int32Array.of(cell).buffer).swap32()));
  const at = film.indexOf(matrix(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000), film.indexOf('tkhd'));
  matrix(0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000).copy(film, at);
  expect((await prepared(film, 'video')).content).toMatchObject({ width: 240, height: 320 });
});

testWithFfmpeg.each(['image', 'video'] as const)('a moving GIF that is sent as %s goes out as a film', async (kind) => {
  const gif = await madeByFfmpeg(testFilm('161x121', 2), 'a.gif');
  const { content, preview } = await prepared(gif, kind);
  expect(content).toMatchObject({ kind: 'video', gifPlayback: true, seconds: 2, sealed: { mimetype: 'video/mp4' } });
  expect(preview?.format).toBe('jpeg');
  expect(buildMessage(content).videoMessage).toMatchObject({ gifPlayback: true, mimetype: 'video/mp4' });
});

testWithFfmpeg('a GIF of one picture stays a picture', async () => {
  const gif = await madeByFfmpeg([...testFilm('64x64', 1), '-frames:v', '1'], 'a.gif');
  const { content } = await prepared(gif, 'image');
  expect(content).toMatchObject({ kind: 'image', sealed: { mimetype: 'image/gif' }, width: 64 });
});

testWithFfmpeg('without ffmpeg a film goes out without preview, and a GIF as a picture', async () => {
  const film = await prepared(await madeByFfmpeg(testFilm('320x240', 3), 'a.mp4'), 'video', without());
  expect(film.content).toMatchObject({ kind: 'video', sealed: { mimetype: 'video/mp4' } });
  expect(film.preview).toBeUndefined();
  const gif = await madeByFfmpeg(testFilm('64x64', 1), 'a.gif');
  expect((await prepared(gif, 'image', without())).content.kind).toBe('image');
  await expect(prepared(gif, 'video', without())).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
});

const blank = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 4, background: '#fff' }, limitInputPixels: false });

test.each([
  ['an interlaced PNG', () => blank(8_000, 8_000).png({ progressive: true }).toBuffer(), [8_000, 8_000]],
  ['a WebP', () => blank(8_000, 8_000).webp().toBuffer(), [8_000, 8_000]],
  ['a PNG of more pixels than any phone has', () => blank(12_000, 12_000).png().toBuffer(), [12_000, 12_000]],
])('%s that would take too much memory goes out undecoded', async (_what, make, [width, height]) => {
  const { content } = await prepared(await make(), 'image', without());
  expect(content).toMatchObject({ kind: 'image', width, height });
  expect(content.thumbnail).toBeUndefined();
});

test.each([
  ['a large photograph', () => blank(9_000, 6_000).jpeg().toBuffer(), [72, 48]],
  ['a line of pixels', () => blank(1, 60_000).png().toBuffer(), [1, 512]],
])('%s has a small preview', async (_what, make, [width, height]) => {
  const { preview } = await prepared(await make(), 'image', without());
  expect(preview).toMatchObject({ width, height });
});
