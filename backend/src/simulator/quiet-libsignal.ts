/** How libsignal's messages begin (libsignal 6.0: session_record.js, session_cipher.js, session_builder.js, queue_job.js). */
const LIBSIGNAL =
  /^(Closing (open )?session|Opening session|Removing old closed session|Session (already|error)|Failed to decrypt message with any|Decrypted message with closed session|Migrating session|WARNING: Expected pubkey)/;
const METHODS = ['info', 'warn', 'error'] as const;

let users = 0;
let restore: () => void = () => undefined;

/** Keeps libsignal from printing whole sessions, private keys included, to the console; what others print still comes
 *  through. Counts its users. @returns the undo, which works once. */
export function quietLibsignal(): () => void {
  if (users++ === 0) restore = filterConsole();
  let undone = false;
  return () => {
    if (undone) return;
    undone = true;
    if (--users === 0) restore();
  };
}

function filterConsole(): () => void {
  const target = globalThis.console;
  const undo = METHODS.map((method) => {
    const original = target[method].bind(target);
    target[method] = (...args: unknown[]) => {
      if (typeof args[0] !== 'string' || !LIBSIGNAL.test(args[0])) original(...args);
    };
    return () => {
      target[method] = original;
    };
  });
  return () => undo.forEach((each) => each());
}
