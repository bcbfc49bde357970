/**
 * Places at which a crash hurts most, in the order in which a message passes them. The crash ring
 * (`npm run test:crash`) kills the daemon at each of them and then looks for what is missing or doubled.
 */
export const CRASH_POINTS = [
  /** A message is decrypted, its ratchet advanced in memory; nothing of it is on the disk. */
  'after:decrypt',
  /** Ratchet and log entry are on the disk; WhatsApp has no receipt yet. */
  'after:journal',
  /** The receipt is written; Baileys' own work for the message (app-state keys, history, …) has not begun. */
  'after:receipt',
  /** New prekeys are on the disk, and the server has spoken since: it has them, or is about to. */
  'after:prekeys',
  /** An event of an Evolution server is on the disk; the server has not been told so. */
  'after:webhook',
  /** The projector has taken entries from the log and has not written them. */
  'after:claim',
  /** An entry with {@link POISON} in its plaintext is being read: each process dies of it that does, as of a bug in a reader. */
  'on:poison',
  /** A message of ours is encrypted, its ratchet on the disk; nothing of it is written to the socket. */
  'after:encrypt',
  /** A message of ours is written to the socket; its ack is not here. */
  'after:send',
  /** The rows are committed in Postgres; the journal still has the entries. */
  'before:complete',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

/** Die the `nth` time (from 1) that the process comes by `point`. */
export interface CrashPlan {
  point: CrashPoint;
  nth: number;
}

/** Process-wide, because a process dies as a whole; null in every process but the crash ring's. */
let armed: { point: CrashPoint; left: number } | null = null;

/** Called once by main.ts, with the setting `CRASH_AT`, which production refuses. null disarms. */
export function armCrashPoint(plan: CrashPlan | null): void {
  armed = plan && { point: plan.point, left: plan.nth };
}

/** What a message must say to be deadly where `on:poison` is armed. */
export const POISON = 'sentinela:poison';

/** Dies of a poisoned message; costs nothing where that is not armed. */
export function poisonPoint(parts: readonly { plaintext: Uint8Array | null }[]): void {
  if (!isArmed('on:poison')) return;
  const isPoisoned = parts.some(({ plaintext }) => plaintext !== null && Buffer.from(plaintext).includes(POISON));
  if (isPoisoned) crashPoint('on:poison');
}

/** Whether this process is to die at `point`; for places where the call itself would cost something. */
export function isArmed(point: CrashPoint): boolean {
  return armed?.point === point;
}

/** Marks the place. When it is the armed one for the nth time, the process ends as if the power had failed: no handler runs. */
export function crashPoint(point: CrashPoint): void {
  if (armed === null || armed.point !== point || --armed.left > 0) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal arrives with the next system call at the latest; nothing may happen until then.
  for (;;);
}
