import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent } from 'undici';
import type { Ffmpeg } from '../../src/media/ffmpeg/ffmpeg.js';
import { MediaIntake } from '../../src/media/media-intake.js';
import { StagedFiles } from '../../src/media/staged-files.js';
import { anFfmpeg } from './ffmpeg.js';

/** The intake of files with the real ffmpeg, and the folder where it puts them. @param parent a folder of the test's own */
export async function anIntake(
  parent: string,
  { ffmpeg = anFfmpeg(), maxBytes = 10_000_000 }: { ffmpeg?: Ffmpeg; maxBytes?: number } = {},
) {
  const dir = join(parent, 'out');
  await mkdir(dir);
  const intake = new MediaIntake({ files: new StagedFiles(dir), dispatcher: new Agent(), maxBytes, ffmpeg });
  return { intake, dir, ffmpeg };
}
