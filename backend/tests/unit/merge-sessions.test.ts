import { expect, test } from '@jest/globals';
import { mergeSessions, type SessionRecord } from '../../src/whatsapp/merge-sessions.js';

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
