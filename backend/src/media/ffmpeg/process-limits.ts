import { access, constants } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';

/** Limits that the kernel keeps for one process; what exceeds them is killed or refused there. */
export interface ProcessLimits {
  /** Seconds of processor time. */
  cpuSeconds: number;
  /** Bytes of address space. */
  memoryBytes: number;
  /** Bytes of the largest file that it may write. */
  fileBytes: number;
}

/**
 * Finds a program as a shell does.
 * @param searchPath folders as in `PATH`
 * @returns its absolute path, or null when there is none that may be run
 */
export async function findProgram(name: string, searchPath: string): Promise<string | null> {
  const isPath = name.includes('/') || name.includes('\\');
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '');
  for (const candidate of isPath ? [resolve(name)] : folders.map((folder) => resolve(join(folder, name)))) {
    const isThere = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return candidate;
  }
  return null;
}

/** The command line that runs a program under limits: with util-linux' `prlimit`, which becomes the program itself. */
export function limitedCommand(
  prlimit: string | null,
  limits: ProcessLimits,
  [program, ...args]: [string, ...string[]],
): [string, ...string[]] {
  if (prlimit === null) return [program, ...args];
  const { cpuSeconds, memoryBytes, fileBytes } = limits;
  const flags = [`--cpu=${cpuSeconds}`, `--as=${memoryBytes}`, `--fsize=${fileBytes}`, '--nofile=64', '--core=0'];
  return [prlimit, ...flags, '--', program, ...args];
}
