import type { Socket } from 'socket.io';
import type { Clock } from '../../lib/clock.js';

/** One client's connection, below its sockets: one WebSocket, or the requests of long polling. */
export type Connection = Socket['conn'];

/** What may wait for one client in this process: as much again may be in the hands of its socket. */
const MOST_WAITING_BYTES = 1024 * 1024;
const MOST_WAITING = 2_000;
/** Clients have nothing to say here; a chatty library may say a little. */
const MOST_HEARD_PER_WINDOW = 100;
const WINDOW_MS = 10_000;
/** So long a client has to take a page of what it missed, or the news that it is dropped. */
const DRAIN_DEADLINE_MS = 30_000;
const FAREWELL_MS = 5_000;

export interface GuardedBy {
  clock: Clock;
  /** A message was written for it. */
  wrote: () => void;
  /** It takes too slowly, or talks too much: called once. */
  bad: (code: 'TOO_SLOW' | 'TOO_MANY_MESSAGES') => void;
}

/** Watches one connection: what waits for a client is bounded, whatever the client does. */
export function guardConnection(connection: Connection, { clock, wrote, bad }: GuardedBy): void {
  let waitingBytes = 0;
  let heard = 0;
  let windowEnds = 0;
  let isBad = false;
  const once = (code: 'TOO_SLOW' | 'TOO_MANY_MESSAGES') => {
    if (isBad) return;
    isBad = true;
    // Not inside of the library's write.
    setImmediate(() => bad(code));
  };
  connection.on('packetCreate', ({ type, data }: { type: string; data?: string }) => {
    waitingBytes += data?.length ?? 0;
    if (type === 'message') wrote();
    if (waitingBytes > MOST_WAITING_BYTES || waitingOf(connection) > MOST_WAITING) once('TOO_SLOW');
  });
  connection.on('flush', () => (waitingBytes = 0));
  connection.on('packet', ({ type }: { type: string }) => {
    if (type !== 'message') return;
    const now = clock.now();
    if (now >= windowEnds) [heard, windowEnds] = [0, now + WINDOW_MS];
    heard += 1;
    if (heard > MOST_HEARD_PER_WINDOW) once('TOO_MANY_MESSAGES');
  });
}

/** Resolves when nothing waits for this client any more, or it is gone. Rejects when it does not take what it is sent. */
export async function drained(connection: Connection, clock: Clock): Promise<void> {
  const deadline = clock.now() + DRAIN_DEADLINE_MS;
  while (connection.readyState === 'open' && !(waitingOf(connection) === 0 && connection.transport.writable)) {
    const left = deadline - clock.now();
    if (left <= 0) throw new Error('the client does not take what it is sent');
    await nextMove(connection, clock, left);
  }
}

/** Closes it once what waits is written; cut after 5 s, however deaf the client is. */
export function closeSoon(connection: Connection, clock: Clock): void {
  const cancel = clock.after(FAREWELL_MS, () => cut(connection));
  void ended(connection).then(cancel);
  connection.close();
}

/** At once. A WebSocket that nobody reads would wait half a minute for the other side's goodbye. */
export function cut(connection: Connection): void {
  webSocketOf(connection)?.terminate();
  connection.close(true);
}

/** Resolves when nothing of it is left, the TCP connection included. Call it while it is open. */
export function ended(connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    connection.once('close', () => {
      const socket = webSocketOf(connection);
      if (!socket || socket.readyState === CLOSED) resolve();
      else socket.once('close', () => resolve());
    });
  });
}

/** `readyState` of a `ws` socket. */
const CLOSED = 3;

interface RawSocket {
  readonly readyState: number;
  terminate(): void;
  once(event: 'close', listener: () => void): void;
}

/** null while it works by long polling. */
function webSocketOf({ transport }: Connection): RawSocket | null {
  return transport.name === 'websocket' ? (transport as unknown as { socket: RawSocket }).socket : null;
}

function waitingOf(connection: Connection): number {
  return (connection as unknown as { writeBuffer: unknown[] }).writeBuffer.length;
}

/** Written, closed, moved to another transport, or too late. */
function nextMove(connection: Connection, clock: Clock, ms: number): Promise<void> {
  const { transport } = connection;
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      transport.off('ready', done);
      connection.off('close', done);
      connection.off('upgrade', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    transport.on('ready', done);
    connection.on('close', done);
    connection.on('upgrade', done);
  });
}
