import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cutText, MAX_TEXT_CHARS, shortLine, storable, storableText } from '../../src/lib/text.js';

const fresh = () => ({ altered: false, cut: false, chars: 0 });

describe('text that Postgres can store', () => {
  test.each([
    ['NUL', 'a\u0000b', 'a\ufffdb'],
    ['a lone high surrogate', 'a\ud83d', 'a\ufffd'],
    ['a lone low surrogate', '\ude00b', '\ufffdb'],
    ['two high ones and a low one', '\ud83d\ud83d\ude00', '\ufffd😀'],
  ])('%s becomes U+FFFD', (_, text, expected) => {
    expect(storableText(text)).toBe(expected);
  });

  test.each(['', 'olá 😀', 'שלום \u202e مرحبا', '\u0001\u001f\n\t', '👩‍👩‍👧‍👦'])('%j stays as it is', (text) => {
    expect(storableText(text)).toBe(text);
  });

  test('whatever comes in, what goes out is well formed and has no NUL', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.integer({ min: 0, max: 0xffff })), (text, units) => {
        for (const clean of [storableText(text), storableText(String.fromCharCode(...units))]) {
          expect(clean).not.toContain('\u0000');
          expect(Buffer.from(clean, 'utf8').toString('utf8')).toBe(clean);
        }
      }),
    );
  });

  test('strings and keys are repaired however deep they are, and it is reported', () => {
    const report = fresh();
    const value = { ok: 1, lista: ['x', { 'k\u0000': 'v\ud800' }], nada: null };
    expect(storable(value, report)).toEqual({ ok: 1, lista: ['x', { 'k\ufffd': 'v\ufffd' }], nada: null });
    expect(report).toMatchObject({ altered: true, cut: false });
  });

  test('a value that needs no repair is not copied', () => {
    const report = fresh();
    const value = { a: ['x'], b: { c: 'd' } };
    expect(storable(value, report)).toBe(value);
    expect(report).toMatchObject({ altered: false, cut: false });
  });

  test("WhatsApp's longest text stays whole, a longer one is cut and reported", () => {
    const report = fresh();
    expect(storable('x'.repeat(MAX_TEXT_CHARS), report)).toHaveLength(MAX_TEXT_CHARS);
    expect(report.cut).toBe(false);
    expect(storable('x'.repeat(MAX_TEXT_CHARS + 1), report)).toHaveLength(MAX_TEXT_CHARS);
    expect(report.cut).toBe(true);
  });

  test('a cut never leaves half a character', () => {
    expect(cutText('a😀', 2)).toBe('a');
    expect(shortLine(`${'b'.repeat(8)}😀c`, 10)).toBe(`${'b'.repeat(8)}…`);
    expect(shortLine('uma\n  linha ')).toBe('uma linha');
  });
});
