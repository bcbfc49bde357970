import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from '@jest/globals';
import { Ffmpeg } from '../../src/media/ffmpeg/ffmpeg.js';
import { silentLog } from '../../src/lib/log.js';

const run = promisify(execFile);
const isHere = spawnSync('ffmpeg', ['-version']).status === 0;

/** A test that runs the real ffmpeg: passed over where there is none, unless REQUIRE_FFMPEG is set (.ci/run sets it). */
export const testWithFfmpeg = isHere || process.env['REQUIRE_FFMPEG'] ? test : test.skip;

/** The gateway's ffmpeg, as a test needs it. */
export function anFfmpeg({ program = 'ffmpeg', maxBytes = 10_000_000, log = silentLog } = {}): Ffmpeg {
  return new Ffmpeg({ program, searchPath: process.env['PATH'] ?? '', maxBytes, log });
}

/** A file that ffmpeg makes out of a source of its own. @param args between the program and the name of the output */
export async function madeByFfmpeg(args: string[], name: string): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), 'made-'));
  try {
    await run('ffmpeg', ['-v', 'error', '-y', ...args, join(dir, name)]);
    return await readFile(join(dir, name));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
