import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { toVoice } from '../../src/media/voice.js';
import { anFfmpeg, madeByFfmpeg, testWithFfmpeg } from '../support/ffmpeg.js';
import { anIntake } from '../support/intake.js';
import { anEndlessWav, aWav } from '../support/sounds.js';
import { tempDir } from './journal-fixture.js';

const SOURCE = ['-f', 'lavfi', '-i', 'sine=f=440:d=3'];
/** Silent in the middle, as `aWav` is. */
const LOUDNESS = ['-af', "volume=enable='between(t,1,2)':volume=0"];

function aSound(format: 'wav' | 'mp3' | 'm4a' | 'flac' | 'webm'): Promise<Buffer> {
  return format === 'wav' ? Promise.resolve(aWav()) : madeByFfmpeg([...SOURCE, ...LOUDNESS], `a.${format}`);
}

testWithFfmpeg.each(['wav', 'mp3', 'm4a', 'flac', 'webm'] as const)(
  'a %s becomes a voice message: Ogg Opus with its seconds and its loudness',
  async (format) => {
    const { intake, dir } = await anIntake(await tempDir());
    const staged = await intake.fromBytes(await aSound(format), { name: `recado.${format}` });
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

testWithFfmpeg.each([
  ['is cut off', Buffer.concat([aWav().subarray(0, 16), Buffer.alloc(200, 0xff)])],
  ['would take all memory', anEndlessWav(8_000)],
])('a sound that %s is refused, and nothing stays of it', async (_how, bytes) => {
  const { intake, dir } = await anIntake(await tempDir());
  const staged = await intake.fromBytes(bytes, { name: 'a.wav' });
  await expect(intake.prepare(staged, 'voice')).rejects.toMatchObject({ code: 'UNSUPPORTED_TYPE' });
  expect(await readdir(dir)).toEqual([staged.file]);
});

testWithFfmpeg('a sound that is too long or becomes too large is refused, never cut in silence', async () => {
  const dir = await tempDir();
  const [file, target] = [join(dir, 'a.wav'), join(dir, 'a.ogg')];
  await writeFile(file, aWav());
  const source = { file, type: 'audio/wav' };
  const long = toVoice(anFfmpeg(), source, target, { maxBytes: 1_000_000, maxSeconds: 2 });
  await expect(long).rejects.toMatchObject({ code: 'UNSUPPORTED_TYPE', message: 'Voice messages last 2 s at most.' });
  expect(await readdir(dir)).toEqual(['a.wav']);
  await toVoice(anFfmpeg(), source, target, { maxBytes: 3_000 });
  // Above the limit, so that it is seen to be; far below the whole.
  expect((await stat(target)).size).toBeGreaterThan(3_000);
});

test('without ffmpeg a sound that is no Ogg Opus is refused with what is missing', async () => {
  const { intake } = await anIntake(await tempDir(), { ffmpeg: anFfmpeg({ program: '/nonexistent/ffmpeg' }) });
  const staged = await intake.fromBytes(aWav(), { name: 'a.wav' });
  await expect(intake.prepare(staged, 'voice')).rejects.toMatchObject({ code: 'FFMPEG_MISSING' });
});
