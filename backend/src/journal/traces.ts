import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../lib/clock.js';

/** Says that this data directory has had a journal: without its data file something is lost. */
const KNOWN_FILE = 'journal.known';
/** Is there while the journal is being opened, and stays behind when the process dies of that. */
const OPENING_FILE = 'journal.opening';
/** What a damaged page does, it does while the journal is opened and first read. */
const OPENING_MS = 3_000;

export function isKnown(dir: string): boolean {
  return existsSync(join(dir, KNOWN_FILE));
}

/** Durable before it resolves. */
export async function makeKnown(dir: string): Promise<void> {
  if (isKnown(dir)) return;
  const file = await open(join(dir, KNOWN_FILE), 'w', 0o600);
  try {
    await file.writeFile('A gateway has its journal here. If journal.lmdb is gone, restore it: npm run restore.\n');
    await file.sync();
  } finally {
    await file.close();
  }
}

export function hasDiedOpening(dir: string): boolean {
  return existsSync(join(dir, OPENING_FILE));
}

/** Leaves the trace for the first seconds. @returns removes it at once; can be called twice */
export function markOpening(dir: string): () => void {
  const path = join(dir, OPENING_FILE);
  writeFileSync(path, `${process.pid}\n`, { mode: 0o600 });
  const remove = () => rmSync(path, { force: true });
  const cancel = systemClock.after(OPENING_MS, remove);
  return () => {
    cancel();
    remove();
  };
}
