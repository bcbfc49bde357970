import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';

const DEADLINE_MS = 120_000;

/**
 * Reads every record of every database, in a process that may die of it. Plain text, because it runs from source, from
 * the bundle and under jest alike.
 */
const READER = `
  const { open } = require(process.argv[1]);
  const raw = { encoding: 'binary', keyEncoding: 'binary' };
  const root = open({ path: process.argv[2], readOnly: true, maxDbs: 64, ...raw });
  // All names first: a cursor does not survive the opening of a database.
  for (const name of [...root.getKeys()]) for (const { value } of root.openDB({ name: name.toString(), ...raw }).getRange()) value.length;
  root.close();`;

/**
 * Has another process read the whole journal: a damaged page kills that one and not the gateway.
 * @returns null when all of it can be read, else what happened
 */
export function tryReading(dataFile: string): Promise<string | null> {
  const lmdb = createRequire(import.meta.url).resolve('lmdb');
  const options = { timeout: DEADLINE_MS, killSignal: 'SIGKILL', env: {} } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', READER, lmdb, dataFile], options, (error) => {
      if (error === null) return resolve(null);
      // A reader that is only slow proves nothing.
      if (error.killed) return resolve(null);
      if (error.signal) return resolve(`reading it ends with ${error.signal}`);
      const said = /(MDB_\w+[^\n]*)/.exec(error.message)?.[1];
      resolve(said === undefined ? 'it cannot be read to its end' : `reading it ends with ${said}`);
    });
  });
}
