import { expect, test } from '@jest/globals';
import { SignalDevice } from '../../src/simulator/signal-device.js';
import { mergeSessions, onlyTheOneThatWorked, type SessionRecord } from '../../src/lib/signal-sessions.js';

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
