import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { csvCell } from '../../src/integration/export-atendimento.js';

test.each([
  ...['=1+1', '+55', '-2', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1+1'],
  ...[
    ' =1+1',
    '   @SUM(A1)',
    '\u00a0=1',
    '\u3000＝1',
    '\u200b=1',
    '\ufeff=1',
    '\u2060+1',
    '\u202e=1',
    '\0=1',
    ' \t\n =1',
  ],
])('%j is no formula any more', (text) => {
  expect(csvCell(text).replace(/^"/, '')).toMatch(/^'/);
});

test.each([
  ['olá', 'olá'],
  ['a,b', '"a,b"'],
  ['diz "oi"', '"diz ""oi"""'],
  ['duas\nlinhas', '"duas\nlinhas"'],
  [null, ''],
  [undefined, ''],
  [7, '7'],
  [{ a: 1 }, '"{""a"":1}"'],
])('%j is written as %j', (value, cell) => {
  expect(csvCell(value)).toBe(cell);
});

test('whatever a customer writes, one cell is read back, and it is what was written', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      const [first, second, ...more] = cells(`${csvCell(text)},x`);
      expect([text, `'${text}`]).toContain(first);
      expect([second, more]).toEqual(['x', []]);
    }),
  );
});

/** One line as RFC 4180 reads it: a quoted cell ends at a quote that is not doubled, another at a comma. */
function cells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/gu)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}
