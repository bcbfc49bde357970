import type { Log } from '../lib/log.js';
import type { DiskStore } from './disk-store.js';
import { neededFiles, type NeededFilesDeps } from './needed-files.js';
import type { StagedFiles } from './staged-files.js';

export interface MediaSweepDeps {
  journal: NeededFilesDeps;
  incoming: StagedFiles;
  outgoing: StagedFiles;
  /** Has nothing where files lie in a bucket. */
  disk: Pick<DiskStore, 'sweep'>;
  /** Whether the file of this row is being fetched now. */
  isActive: (rowId: string) => boolean;
  log: Log;
}

/** Nothing that lives takes so long from its last byte to its next step. */
const LEFT_BEHIND_MS = 3_600_000;

/** Removes what crashes and broken-off requests have left on the disk, and never what a message still needs. */
export class MediaSweep {
  constructor(private readonly deps: MediaSweepDeps) {}

  /** Before anything is fetched: whatever is half-fetched then is nobody's. */
  async atStart(): Promise<void> {
    await this.deps.incoming.sweep(0, () => false);
    await this.round();
  }

  /** Every hour. @returns how many files are gone, by what they were */
  async round(): Promise<{ downloads: number; uploads: number; copies: number }> {
    const { incoming, outgoing, disk, journal, isActive, log } = this.deps;
    const swept = {
      downloads: await incoming.sweep(LEFT_BEHIND_MS, isActive),
      uploads: await outgoing.sweep(LEFT_BEHIND_MS, neededFiles(journal)),
      copies: await disk.sweep(LEFT_BEHIND_MS),
    };
    if (swept.downloads + swept.uploads + swept.copies > 0) log.info('media files without a message removed', swept);
    return swept;
  }
}
