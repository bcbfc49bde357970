import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { quietLibsignal } from '../../src/simulator/quiet-libsignal.js';
import { SignalDevice } from '../../src/simulator/signal-device.js';
import { mergeSessions, onlyTheOneThatWorked, type SessionRecord } from '../../src/lib/signal-sessions.js';

let loud: () => void;
beforeAll(() => void (loud = quietLibsignal()));
afterAll(() => loud());

const record = (sessions: Record<string, [closed: number, used: number]>): SessionRecord => ({
  version: 'v1',
  _sessions: Object.fromEntries(
    Object.entries(sessions).map(([key, [closed, used]]) => [key, { indexInfo: { closed, used } }]),
  ),
});
const state = ({ _sessions }: SessionRecord) =>
  Object.fromEntries(Object.entries(_sessions).map(([key, { indexInfo }]) => [key, indexInfo.closed]));

test('all sessions stay readable, and the open one that worked last stays open', () => {
  const lid = record({ a: [5, 5], b: [-1, 10] });
  const number = record({ c: [3, 3], d: [-1, 20] });
  expect(state(mergeSessions(lid, number))).toEqual({ a: 5, b: 20, c: 3, d: -1 });
  expect(state(mergeSessions(number, lid))).toEqual({ a: 5, b: 20, c: 3, d: -1 });
});

test('a record without an open session takes the open one of the other', () => {
  expect(state(mergeSessions(record({ a: [5, 5] }), record({ b: [-1, 1] })))).toEqual({ a: 5, b: -1 });
});

test('two records without an open session have none together', () => {
  expect(state(mergeSessions(record({ a: [5, 5] }), record({ b: [6, 6] })))).toEqual({ a: 5, b: 6 });
});

test('of the sessions that a message was tried on only the one that worked is changed', () => {
  const before = record({ old: [9, 10], fresh: [-1, 20], older: [5, 5] });
  const after = record({ old: [9, 30], fresh: [-1, 21], older: [5, 5] });
  expect(onlyTheOneThatWorked(before, after)).toEqual(record({ old: [9, 30], fresh: [-1, 20], older: [5, 5] }));
});

test('the session that is tried first and works is taken over', () => {
  const before = record({ a: [-1, 20], b: [9, 10] });
  const after = record({ a: [-1, 21], b: [9, 10] });
  expect(onlyTheOneThatWorked(before, after)).toEqual(after);
});

test('a full record loses its oldest session, and nothing else', () => {
  const before = record({ old: [5, 5], worked: [9, 10], spoilt: [-1, 20] });
  const after = record({ worked: [9, 30], spoilt: [-1, 21] });
  expect(onlyTheOneThatWorked(before, after)).toEqual(record({ worked: [9, 30], spoilt: [-1, 20] }));
});

test('a message that opens a session is no try: what it closes is closed', () => {
  const after = record({ a: [30, 20], b: [-1, 30] });
  expect(onlyTheOneThatWorked(record({ a: [-1, 20] }), after)).toEqual(after);
});

test('a message that crosses a new session of ours does not spoil it', async () => {
  const [ours, hers] = [new SignalDevice(), new SignalDevice()];
  const [us, her] = ['1@lid', '2@lid'];
  const write = async (text: string) => {
    const sealed = await ours.encrypt(her, { conversation: text });
    return () => hers.decrypt(us, sealed.type, sealed.bytes);
  };
  const answer = async (text: string) => {
    const sealed = await hers.encrypt(us, { conversation: text });
    return () => ours.decrypt(her, sealed.type, sealed.bytes);
  };
  await ours.openSession(her, hers.takeBundle());
  await (
    await write('oi')
  )();
  await (
    await answer('olá')
  )();
  await ours.openSession(her, hers.takeBundle());
  const [first, crossing] = [await write('na nova'), await answer('na antiga')];
  expect((await crossing()).conversation).toBe('na antiga');
  const second = await write('também na nova');
  expect((await first()).conversation).toBe('na nova');
  expect((await second()).conversation).toBe('também na nova');
});

test('two devices that open session after session, with messages crossing, understand each other', async () => {
  const [ours, hers] = [new SignalDevice(), new SignalDevice()];
  const [us, her] = ['1@lid', '2@lid'];
  const toHer: (() => Promise<unknown>)[] = [];
  const toUs: typeof toHer = [];
  const write = async (from: SignalDevice, to: SignalDevice, me: string, you: string) => {
    const { type, bytes } = await from.encrypt(you, { conversation: 'oi' });
    return () => to.decrypt(me, type, bytes);
  };
  await ours.openSession(her, hers.takeBundle());
  let seed = 1;
  // More than the 40 sessions that a record holds.
  for (let step = 0; step < 1200; step += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const chance = seed / 2_147_483_648;
    if (chance < 0.05) await ours.openSession(her, hers.takeBundle());
    else if (chance < 0.07 && hers.hasSession(us)) await hers.openSession(us, ours.takeBundle());
    else if (chance < 0.3) toHer.push(await write(ours, hers, us, her));
    else if (chance < 0.55 && hers.hasSession(us)) toUs.push(await write(hers, ours, her, us));
    else await (chance < 0.78 ? toHer : toUs).shift()?.();
  }
  expect(toHer.length + toUs.length).toBeLessThan(1200);
});
