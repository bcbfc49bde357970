import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { DEMUXERS } from '../../src/media/ffmpeg/demuxers.js';
import { anFfmpeg, madeByFfmpeg, testWithFfmpeg } from '../support/ffmpeg.js';
import { anIntake } from '../support/intake.js';
import { anEndlessWav, aWav } from '../support/sounds.js';
import { until } from '../support/until.js';
import { tempDir } from './journal-fixture.js';

/** Somebody else's recording beside the staged files: three seconds, silent in the middle. */
async function aSecret(dir: string): Promise<string> {
  const secret = join(dir, 'secret.ogg');
  const silence = ['-af', "volume=enable='between(t,1,2)':volume=0", '-c:a', 'libopus'];
  await writeFile(secret, await madeByFfmpeg(['-f', 'lavfi', '-i', 'sine=d=3', ...silence], 'a.ogg'));
  return secret;
}

/** Those who sniff take the footer of this ID3v2 tag for the begin of the file; those who know footers look behind it. */
function inFooter(signature: string): () => Buffer {
  const padding = Buffer.alloc(64);
  const head = Buffer.concat([Buffer.from('ID3'), Buffer.from([4, 0, 0x10, 0, 0, 0, padding.length])]);
  return () => Buffer.concat([head, padding, Buffer.from(signature.padEnd(10, '\0'), 'latin1')]);
}

const hls = (file: string) =>
  `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://${file}\n#EXT-X-ENDLIST\n`;
const concat = (file: string) => `ffconcat version 1.0\nfile '${file}'\n`;
const dash = (file: string) =>
  `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT3S"><Period>` +
  `<AdaptationSet mimeType="audio/ogg"><Representation id="1" bandwidth="1"><BaseURL>file://${file}</BaseURL>` +
  `<SegmentBase/></Representation></AdaptationSet></Period></MPD>`;
const sdp = 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n';

/** Signatures by which files are taken for sounds and films. */
const SIGNATURES: Record<string, () => Buffer> = {
  'an ID3 tag that ends in fLaC': inFooter('fLaC'),
  'an ID3 tag that ends like AMR': inFooter('#!AMR\n'),
  'an ID3 tag that ends like WavPack': inFooter('wvpk'),
  'an ID3 tag that ends like AAC': inFooter('\xff\xf1\x50\x80'),
  'an ID3 tag that ends like MP3': inFooter('\xff\xfb\x90\x64'),
  fLaC: () => Buffer.from('fLaC'),
  'an Ogg page': () => Buffer.from('OggS\0\x02'.padEnd(28, '\0') + '\x01vorbis'),
  'a WAV head': () => aWav().subarray(0, 44),
  'an MP4 head': () => Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1'),
  'a QuickTime head': () => Buffer.from('\0\0\0\x14ftypqt  \0\0\0\0qt  ', 'latin1'),
  'an AVI head': () => Buffer.from('RIFF\xff\0\0\0AVI LIST', 'latin1'),
  'a WebM head': () => Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d', 'hex'),
  'an AMR head': () => Buffer.from('#!AMR\n'),
  'an AAC head': () => Buffer.from([0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f, 0xfc, 0x0a]),
  nothing: () => Buffer.alloc(0),
};

const LISTS: Record<string, (file: string) => string> = {
  'an HLS playlist': hls,
  'a concat list': concat,
  'a DASH manifest': dash,
  'an SDP': () => sdp,
  'a picture sequence': (file) => `${file.replace(/\.ogg$/, '')}%d.png`,
};

describe.each(Object.keys(SIGNATURES))('behind %s', (signature) => {
  testWithFfmpeg.each(Object.keys(LISTS))("%s that names another owner's file is not followed", async (list) => {
    const { intake, dir } = await anIntake(await tempDir());
    const secret = await aSecret(dir);
    const bytes = Buffer.concat([SIGNATURES[signature]!(), Buffer.from(LISTS[list]!(secret))]);
    const staged = await intake.fromBytes(bytes, { name: 'recado.flac' });
    // A few bytes of a list may pass for samples: what counts is that nothing of the other file is in there.
    const voice = await intake.prepare(staged, 'voice').catch((error: { code: string }) => error);
    if ('code' in voice) expect(voice.code).toBe('UNSUPPORTED_TYPE');
    else expect(voice.seconds ?? 0).toBeLessThan(2);
  });
});

/** A QuickTime whose sound lies in another file (`dref` of type `alis` or `url `). */
testWithFfmpeg.each(['alis', 'url '])('a QuickTime data reference of type "%s" is not followed', async (kind) => {
  const { intake, dir } = await anIntake(await tempDir());
  const secret = await aSecret(dir);
  const film = await madeByFfmpeg(['-f', 'lavfi', '-i', 'sine=d=2', '-c:a', 'pcm_s16be'], 'a.mov');
  const at = film.indexOf('dref');
  const entry = film.subarray(at + 12, at + 24);
  // Self-contained, says its flag; cleared, the samples are elsewhere.
  expect(entry.toString('latin1', 4, 8)).toMatch(/alis|url /);
  const reference = Buffer.from(`file://${secret}\0`);
  const foreign = Buffer.concat([Buffer.alloc(4), Buffer.from(kind), Buffer.alloc(4), reference]);
  foreign.writeUInt32BE(foreign.length, 0);
  const moved = grown(film, at, Buffer.concat([film.subarray(at, at + 12), foreign]), 24);
  const staged = await intake.fromBytes(moved, { name: 'a.mov' });
  // Its own bytes at that place are played: the other file is silent in the middle.
  const { waveform } = await intake.prepare(staged, 'voice');
  expect(waveform?.[32]).toBeGreaterThan(50);
});

/** Replaces `length` bytes from the type of an atom on, and makes every atom around it longer. */
function grown(film: Buffer, at: number, fresh: Buffer, length: number): Buffer {
  const more = fresh.length - length;
  const copy = Buffer.concat([film.subarray(0, at), fresh, film.subarray(at + length)]);
  let [from, to] = [0, film.length];
  for (;;) {
    const found = atomAround(film, from, to, at);
    if (found === null) return copy;
    copy.writeUInt32BE(film.readUInt32BE(found) + more, found);
    if (found + 4 === at) return copy;
    [from, to] = [found + 8, found + film.readUInt32BE(found)];
  }
}

function atomAround(film: Buffer, from: number, to: number, at: number): number | null {
  for (let place = from; place + 8 <= to; place += Math.max(8, film.readUInt32BE(place))) {
    if (place + 4 <= at && at < place + film.readUInt32BE(place)) return place;
  }
  return null;
}

test('no format that is a list of other files is ever read', () => {
  const formats = Object.values(DEMUXERS).map(({ format }) => format);
  for (const list of ['hls', 'concat', 'dash', 'sdp', 'image2', 'imf', 'tedcaptions', 'webm_dash_manifest'])
    expect(formats).not.toContain(list);
});

testWithFfmpeg('two run at once, the others wait, and no process stays when their callers have left', async () => {
  const { ffmpeg, intake, dir } = await anIntake(await tempDir());
  const callers = Array.from({ length: 6 }, () => new AbortController());
  const answers = callers.map(async ({ signal }) => {
    const staged = await intake.fromBytes(anEndlessWav(4 << 20, 20), { name: 'a.wav' });
    return intake.prepare(staged, 'voice', signal).catch((error: unknown) => error);
  });
  await until('two conversions', () => ffmpeg.running === 2 && ffmpeg.waiting === 4);
  const [output] = (await readdir(dir)).filter((name) => name.endsWith('-converted'));
  expect((await stat(join(dir, output!))).mode & 0o777).toBe(0o600);
  for (const caller of callers) caller.abort();
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ code: 'BAD_REQUEST' });
  expect([ffmpeg.running, ffmpeg.waiting]).toEqual([0, 0]);
  expect((await readdir(dir)).filter((name) => name.endsWith('-converted'))).toEqual([]);
});

testWithFfmpeg('a stop of the gateway kills what is being converted, and refuses what comes then', async () => {
  const { ffmpeg, intake, dir } = await anIntake(await tempDir());
  const staged = await intake.fromBytes(anEndlessWav(4 << 20, 20), { name: 'a.wav' });
  const converting = intake.prepare(staged, 'voice').catch((error: unknown) => error);
  await until('the conversion', () => ffmpeg.running === 1);
  await ffmpeg.close();
  expect(await converting).toMatchObject({ code: 'SERVICES_STOPPED' });
  expect(await readdir(dir)).toEqual([staged.file]);
  await expect(intake.prepare(staged, 'voice')).rejects.toMatchObject({ code: 'SERVICES_STOPPED' });
});

testWithFfmpeg('a conversion past its deadline is killed, and its output is gone', async () => {
  const { ffmpeg, intake, dir } = await anIntake(await tempDir());
  const staged = await intake.fromBytes(anEndlessWav(4 << 20, 20), { name: 'a.wav' });
  const call = { input: join(dir, staged.file), type: 'audio/wav', target: join(dir, 'late'), deadlineMs: 300 };
  const args = ['-c:a', 'libopus', '-f', 'ogg'];
  await expect(ffmpeg.run({ ...call, args })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(await readdir(dir)).toEqual([staged.file]);
});

testWithFfmpeg('ffmpeg sees nothing of the environment and takes what its limits leave', async () => {
  const { ffmpeg, intake, dir } = await anIntake(await tempDir());
  const staged = await intake.fromBytes(anEndlessWav(4 << 20, 20), { name: 'a.wav' });
  const converting = intake.prepare(staged, 'voice').catch((error: unknown) => error);
  const pid = await until('the conversion', () => ownChild('ffmpeg'));
  expect(await readFile(`/proc/${pid}/environ`, 'utf8')).toBe('LC_ALL=C\0');
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
  expect(limits).toMatch(/Max address space +1073741824/);
  expect(limits).toMatch(/Max core file size +0 /);
  await ffmpeg.close();
  await converting;
  expect(await readdir(dir)).toEqual([staged.file]);
});

/** Process id of a child of this process with that name; null when there is none. */
async function ownChild(name: string): Promise<string | null> {
  const children = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
  for (const pid of children.split(' ').filter((each) => each !== '')) {
    const found = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (found.trim() === name) return pid;
  }
  return null;
}

test('the absence of ffmpeg is told once', async () => {
  const told: string[] = [];
  const log = { warn: (message: string) => void told.push(message) };
  const ffmpeg = anFfmpeg({ program: 'no-such-ffmpeg', log: log as never });
  for (let time = 0; time < 3; time++) expect(await ffmpeg.isInstalled()).toBe(false);
  expect(told).toHaveLength(1);
});
