import { createServer } from 'node:net';

/** Chooses the port to listen on where one is wanted. */
export type PickPort = (wanted: number) => Promise<number>;

/** With `PORT=0` any free one (0), else the wanted one where it is free. */
export function portPicker(env: NodeJS.ProcessEnv): PickPort {
  return env['PORT'] === '0' ? () => Promise.resolve(0) : freePort;
}

/** `wanted` when nobody listens there on loopback, else 0 (any free one). */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen(wanted, '127.0.0.1', () => probe.close(() => resolve(wanted)));
  });
}
