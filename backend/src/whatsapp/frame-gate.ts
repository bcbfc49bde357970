import type WebSocket from 'ws';
import { crashPoint } from '../lib/crash-points.js';

type Done = (error?: Error) => void;

export interface FrameGateDeps {
  /** Stores everything that a frame written now could tell of; null when it is. */
  store: () => Promise<void> | null;
  /** Whether whoever sends now holds others up (a transaction): it goes on as soon as its frame has its place. */
  holdsUp: () => boolean;
}

/**
 * Holds the frames of a socket back, in order, until the ratchets that encrypted them are on the disk.
 *
 * Baileys sends one message at a time for each account. If each encryption waited for its own flush, an account would
 * send no faster than one message a flush; here the next one is encrypted meanwhile, and their flushes are shared. Once
 * something could not be stored, no frame leaves any more: the socket is cut, and its messages go out with the next one.
 */
export class FrameGate {
  #held = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: FrameGateDeps) {}

  /** Before the socket's first frame. */
  guard(socket: Pick<WebSocket, 'send'>): void {
    // Baileys' WebSocketClient calls it with these two (lib/Socket/Client/websocket.js).
    const write = socket.send.bind(socket) as (frame: Buffer, done?: Done) => void;
    socket.send = (frame: Buffer, done?: unknown) => this.#send(write, frame, done as Done | undefined);
  }

  /** Resolves when all frames that were given so far are written; rejects when they never will be. */
  async written(): Promise<void> {
    await this.#last;
  }

  #send(write: (frame: Buffer, done?: Done) => void, frame: Buffer, done: Done | undefined): void {
    const unstored = this.deps.store();
    if (unstored === null && this.#held === 0) return write(frame, done);
    this.#held += 1;
    const detached = this.deps.holdsUp();
    this.#last = Promise.all([this.#last, unstored]).then(() => {
      this.#held -= 1;
      if (unstored) crashPoint('after:encrypt');
      write(frame, detached ? undefined : done);
    });
    this.#last.catch((error: Error) => {
      if (!detached) done?.(error);
    });
    if (detached) done?.();
  }
}
