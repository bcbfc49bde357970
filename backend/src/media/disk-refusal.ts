import { GatewayError } from '../lib/errors.js';

/** How a disk refuses, by errno: full or over a quota, read-only or of other rights, defective; no file handle left. */
const REFUSALS: Readonly<Record<string, 'JOURNAL_FULL' | 'JOURNAL_FAILED'>> = {
  ENOSPC: 'JOURNAL_FULL',
  EDQUOT: 'JOURNAL_FULL',
  EFBIG: 'JOURNAL_FULL',
  EROFS: 'JOURNAL_FAILED',
  EACCES: 'JOURNAL_FAILED',
  EPERM: 'JOURNAL_FAILED',
  ENOENT: 'JOURNAL_FAILED',
  EIO: 'JOURNAL_FAILED',
  EMFILE: 'JOURNAL_FAILED',
  ENFILE: 'JOURNAL_FAILED',
};

/**
 * Names the disk of the data directory, with the journal on it, where a file could not be put: the sender of the file can do
 * nothing about it, and should try again later. null for a failure of another kind.
 */
export function diskRefusal(error: unknown): GatewayError | null {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const kind = syscall === undefined || code === undefined ? undefined : REFUSALS[code];
  if (kind === undefined) return null;
  return new GatewayError(kind, `The disk of the data directory, where the journal is, takes no file now (${code}).`, {
    cause: error,
  });
}
