import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { afterFilter, decodeCursor, encodeCursor } from '../../src/supabase/cursor.js';
import { normalizeTimes } from '../../src/supabase/rows.js';

const ID = '00000000-0000-4000-8000-000000000001';

test('a cursor gives back the keys of the last row', () => {
  const keys = ['2026-11-21T10:00:00.123456+00:00', 42, ID];
  expect(decodeCursor(encodeCursor(keys), ['time', 'integer', 'uuid'])).toEqual(keys.map(String));
});

test('whatever a client invents is a bad request and never reaches a query', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 4 })), (invented) => {
      const cursor = typeof invented === 'string' ? invented : encodeCursor(invented);
      expect(() => decodeCursor(cursor, ['time', 'uuid'])).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
    }),
  );
});

test('the filter asks for what comes after, key by key', () => {
  expect(afterFilter(['a', 'b'], ['1', '2'], 'asc')).toBe('a.gt."1",and(a.eq."1",b.gt."2")');
  expect(afterFilter(['a'], ['1'], 'desc')).toBe('a.lt."1"');
});

test('times are ISO 8601 in UTC, texts that look like times stay', () => {
  const row = { timestamp: '2026-11-21 10:00:00+00', conteudo: '2026-11-21 10:00:00+00', data_fim: null };
  expect(normalizeTimes(row)).toEqual({ ...row, timestamp: '2026-11-21T10:00:00.000Z' });
});
