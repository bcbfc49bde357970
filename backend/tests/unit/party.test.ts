import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isPartyText, PARTY_NAMESPACE, partyOf, textOf, textsOf } from '../../src/lib/party.js';
import { uuidV5 } from '../../src/lib/uuid-v5.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('an owner, company or user that is named by a text', () => {
  test('has one UUID for good, made as RFC 9562 says', () => {
    const dns = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex');
    expect(uuidV5(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
    // These rows are in databases: the namespace can never change.
    expect(PARTY_NAMESPACE).toBe('38a1a39c-7f5c-4cfd-8745-04f901be84d5');
    expect(partyOf('user-uuid-here')).toEqual({ id: '10027fa2-51cc-5e0e-aac7-08793d15a010', text: 'user-uuid-here' });
  });

  test('two different texts never meet, in whatever they differ', () => {
    const texts = [
      '1',
      '01',
      '1.0',
      'ana',
      'Ana',
      'ANA',
      'a na',
      'ána',
      'ana@x.com',
      '{ana}',
      'urn:uuid:ana',
      'user_1',
    ];
    const ids = texts.map((text) => partyOf(text).id);
    expect(new Set(ids).size).toBe(texts.length);
    for (const id of ids) expect(id).toMatch(UUID);
    const same = (a: string, b: string) => a.trim().normalize('NFC') === b.trim().normalize('NFC');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        fc.pre(isPartyText(a) && isPartyText(b) && !same(a, b));
        expect(partyOf(a).id).not.toBe(partyOf(b).id);
      }),
    );
  });

  test('blanks around it and the spelling of accents do not make another one', () => {
    expect(partyOf('  joão\n')).toEqual(partyOf('joa\u0303o'));
    expect(partyOf('  joão\n').text).toBe('joão');
  });

  test('a UUID is itself, in capitals too, and has no text', () => {
    const id = 'a1b2c3d4-0000-4000-8000-00000000000f';
    expect(partyOf(` ${id.toUpperCase()} `)).toEqual({ id, text: null });
    expect(textsOf(partyOf(id), null, undefined)).toBeUndefined();
    const user = partyOf('123');
    expect(textOf(textsOf(user, partyOf(id)), user.id)).toBe('123');
  });

  test.each(['', '   ', '\n', 'a\0b', '\ud800', 'x'.repeat(201)])('%j names nobody', (text) => {
    expect(isPartyText(text)).toBe(false);
  });
});
