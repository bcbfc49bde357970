import { beforeEach, expect, test } from '@jest/globals';
import type WebSocket from 'ws';
import { type Deferred, deferred } from '../../src/lib/deferred.js';
import { FrameGate } from '../../src/whatsapp/frame-gate.js';

let unstored: Deferred<void> | null;
let holdsUp: boolean;
let gate: FrameGate;
let socket: Pick<WebSocket, 'send'>;
const steps: string[] = [];
const send = (frame: string) =>
  socket.send(frame, (error?: Error) => void steps.push(error ? `${frame} refused` : `${frame} done`));

beforeEach(() => {
  [unstored, holdsUp] = [null, false];
  steps.length = 0;
  gate = new FrameGate({ store: () => unstored?.promise ?? null, holdsUp: () => holdsUp });
  const written = (frame: string, done?: () => void) => {
    steps.push(`${frame} written`);
    done?.();
  };
  socket = { send: written } as unknown as Pick<WebSocket, 'send'>;
  gate.guard(socket);
});

test('a frame that tells of nothing unstored is written at once', () => {
  send('a');
  expect(steps).toEqual(['a written', 'a done']);
});

test('a frame waits for what is unstored when it is given, and all later ones for it', async () => {
  const ratchet = (unstored = deferred());
  send('a');
  unstored = null;
  send('b');
  expect(steps).toEqual([]);
  ratchet.resolve();
  await gate.written();
  expect(steps).toEqual(['a written', 'a done', 'b written', 'b done']);
  send('c');
  expect(steps.slice(4)).toEqual(['c written', 'c done']);
});

test('who holds others up goes on while its frame waits', async () => {
  const ratchet = (unstored = deferred());
  holdsUp = true;
  send('a');
  expect(steps).toEqual(['a done']);
  ratchet.resolve();
  await gate.written();
  expect(steps).toEqual(['a done', 'a written']);
});

test('once something could not be stored, no frame leaves any more', async () => {
  const ratchet = (unstored = deferred());
  send('a');
  unstored = null;
  ratchet.reject(new Error('disk full'));
  await expect(gate.written()).rejects.toThrow('disk full');
  send('b');
  await expect(gate.written()).rejects.toThrow('disk full');
  expect(steps).toEqual(['a refused', 'b refused']);
});
