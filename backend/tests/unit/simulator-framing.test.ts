import { expect, test } from '@jest/globals';
import { frame, FrameReader } from '../../src/simulator/framing.js';

const HEADER = Buffer.from([0x57, 0x41, 6, 3]);
const ROUTING = Buffer.concat([Buffer.from('ED'), Buffer.from([0, 1, 0, 0, 5]), Buffer.from('route')]);
const payloads = ['one', 'two', 'three'].map((text) => Buffer.from(text));

test.each([
  ['plain', HEADER],
  ['with routing', Buffer.concat([ROUTING, HEADER])],
])('frames come out whole, however the bytes are cut (%s intro)', (_, intro) => {
  const bytes = Buffer.concat([intro, ...payloads.map(frame)]);
  for (let size = 1; size <= bytes.length; size++) {
    const reader = new FrameReader();
    const frames: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) frames.push(...reader.push(bytes.subarray(at, at + size)));
    expect(frames.map(String)).toEqual(['one', 'two', 'three']);
  }
});

test('an empty frame is a frame', () => {
  expect(new FrameReader().push(Buffer.concat([HEADER, frame(Buffer.alloc(0))]))).toEqual([Buffer.alloc(0)]);
});
