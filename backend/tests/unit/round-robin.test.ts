import { expect, test } from '@jest/globals';
import { RoundRobin } from '../../src/integration/send-by-any.js';

const turns = (robin: RoundRobin, ids: string[], count: number) => Array.from({ length: count }, () => robin.next(ids));

test('clients take turns in the order of creation', () => {
  expect(turns(new RoundRobin(), ['a', 'b', 'c'], 7)).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a']);
});

test('who was left out comes first when it is there again, and nobody loses a turn', () => {
  const robin = new RoundRobin();
  expect(turns(robin, ['a', 'b', 'c'], 2)).toEqual(['a', 'b']);
  expect(turns(robin, ['a', 'b'], 2)).toEqual(['a', 'b']);
  expect(turns(robin, ['a', 'b', 'c'], 4)).toEqual(['c', 'a', 'b', 'c']);
});

test('owners who share no client do not disturb each other', () => {
  const robin = new RoundRobin();
  expect([robin.next(['a', 'b']), robin.next(['x', 'y']), robin.next(['a', 'b']), robin.next(['x', 'y'])]).toEqual([
    ...['a', 'x', 'b', 'y'],
  ]);
});

test('nobody there is no choice', () => {
  const robin = new RoundRobin();
  expect(robin.next([])).toBeNull();
  robin.next(['a']);
  robin.forget('a');
  expect(robin.next(['b', 'a'])).toBe('b');
});
