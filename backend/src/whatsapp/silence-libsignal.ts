/**
 * libsignal prints whole session records, private keys included, with console.info, warn and error
 * (node_modules/libsignal/src/session_record.js, session_cipher.js). Those lines must reach no log.
 */
const PRINTED_BY_LIBSIGNAL = [
  'Closing session:',
  'Opening session:',
  'Removing old closed session:',
  'Session already closed',
  'Session already open',
  'Migrating session to:',
  'Closing open session in favor of incoming prekey bundle',
  'Decrypted message with closed session.',
  'Failed to decrypt message with any known session...',
  'Session error:',
  'V1 session storage migration error',
  'WARNING: Expected pubkey of length 33',
  'Unhandled bucket type',
];

type ConsoleMethod = 'info' | 'warn' | 'error';

/** Filters the process' console; @returns the function that puts the console back as it was. */
export function silenceLibsignal(target: Pick<Console, ConsoleMethod> = console): () => void {
  const methods: ConsoleMethod[] = ['info', 'warn', 'error'];
  const originals = methods.map((method) => target[method]);
  methods.forEach((method, index) => {
    target[method] = (...args: unknown[]) => {
      const [first] = args;
      if (typeof first === 'string' && PRINTED_BY_LIBSIGNAL.some((text) => first.startsWith(text))) return;
      originals[index]!.apply(target, args);
    };
  });
  return () => methods.forEach((method, index) => (target[method] = originals[index]!));
}
