import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { MediaIntake } from '../../src/media/media-intake.js';
import { StagedFiles } from '../../src/media/staged-files.js';
import { tempDir } from './journal-fixture.js';

const run = promisify(execFile);
/** Where there is none, the same tests show what a caller is told. */
const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

/** Three seconds, silent in the middle; WAV is written by hand, so that it is there without ffmpeg, too. */
function aWav(): Buffer {
  const rate = 8000;
  const samples = Buffer.alloc(rate * 3 * 2);
  for (let at = 0; at < rate * 3; at++) {
    const loud = at < rate || at >= rate * 2;
    samples.writeInt16LE(loud ? Math.round(20_000 * Math.sin((at * 2 * Math.PI * 440) / rate)) : 0, at * 2);
  }
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

async function aSound(format: 'wav' | 'mp3' | 'm4a'): Promise<Buffer> {
  if (format === 'wav') return aWav();
  const dir = await tempDir();
  await writeFile(join(dir, 'a.wav'), aWav());
  await run('ffmpeg', ['-v', 'error', '-i', join(dir, 'a.wav'), join(dir, `a.${format}`)]);
  return readFile(join(dir, `a.${format}`));
}

async function anIntake(ffmpegPath = 'ffmpeg') {
  const dir = join(await tempDir(), 'out');
  await mkdir(dir);
  const dispatcher = new Agent();
  const intake = new MediaIntake({ files: new StagedFiles(dir), dispatcher, maxBytes: 10_000_000, ffmpegPath });
  return { intake, dir };
}

test.each(['wav', 'mp3', 'm4a'] as const)(
  'a %s becomes a voice message: Ogg Opus with its seconds and its loudness; without ffmpeg the error says what is missing',
  async (format) => {
    const { intake, dir } = await anIntake();
    if (!hasFfmpeg) {
      const staged = await intake.fromBytes(aWav(), 'recado.wav');
      await expect(intake.prepare(staged, 'voice')).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
      return;
    }
    const staged = await intake.fromBytes(await aSound(format), `recado.${format}`);
    const voice = await intake.prepare(staged, 'voice');
    expect(voice).toMatchObject({ mimetype: 'audio/ogg; codecs=opus', file: staged.file });
    // AAC and MP3 begin and end with a little silence of their own.
    expect([3, 4]).toContain(voice.seconds);
    const bytes = await readFile(join(dir, staged.file));
    expect([bytes.toString('latin1', 0, 4), bytes.includes('OpusHead'), bytes.length]).toEqual([
      'OggS',
      true,
      voice.fileLength,
    ]);
    const bars = [...(voice.waveform ?? [])];
    expect([bars.length, Math.max(...bars)]).toEqual([64, 100]);
    expect(bars[10]).toBeGreaterThan(50);
    expect(bars[32]).toBeLessThan(10);
    expect(bars[52]).toBeGreaterThan(50);
    expect(await readdir(dir)).toEqual([staged.file]);
  },
);

test('what no ffmpeg can read is refused, and so is a sound where there is no ffmpeg', async () => {
  const broken = Buffer.concat([aWav().subarray(0, 16), Buffer.alloc(200, 0xff)]);
  const { intake } = await anIntake();
  const staged = await intake.fromBytes(broken, 'a.wav');
  await expect(intake.prepare(staged, 'voice')).rejects.toMatchObject({
    code: hasFfmpeg ? 'UNSUPPORTED_TYPE' : 'FFMPEG_MISSING',
  });
  const { intake: without } = await anIntake('/nonexistent/ffmpeg');
  const other = await without.fromBytes(aWav(), 'a.wav');
  await expect(without.prepare(other, 'voice')).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
});

test('a playlist that names other files is not followed', async () => {
  const { intake, dir } = await anIntake();
  await writeFile(join(dir, 'secret.wav'), aWav());
  const playlist = `#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://${dir}/secret.wav\n#EXT-X-ENDLIST\n`;
  const staged = await intake.fromBytes(Buffer.from(playlist), 'a.m3u8');
  await expect(intake.prepare(staged, 'voice')).rejects.toMatchObject({ code: 'UNSUPPORTED_TYPE' });
});
