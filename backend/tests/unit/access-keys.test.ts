import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { fromRow, toRow } from '../../src/access/api-key-row.js';
import { idOfKeyText, isOneOf, makeKeyText, sha256Hex } from '../../src/access/key-text.js';
import { mergeKeys } from '../../src/access/merge-keys.js';
import type { ApiKeyRecord } from '../../src/journal/access-records.js';

const ID = randomUUID();

function aRecord(changes: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  return {
    ...{ id: ID, name: 'CRM', grants: ['read'], ownerId: ID, companyIds: [], connectionIds: null, ratePerMinute: null },
    ...{ secrets: [{ sha256: sha256Hex('x'), until: null }], createdAt: 1000, expiresAt: null, revokedAt: null },
    ...{ lastUsedAt: null, mirrored: true },
    ...changes,
  };
}

describe('the text of a key', () => {
  test('tells its id and is never the same twice', () => {
    const [a, b] = [makeKeyText(ID), makeKeyText(ID)];
    expect([idOfKeyText(a), idOfKeyText(b), a === b]).toEqual([ID, ID, false]);
    expect(a).toMatch(/^sntl_[0-9a-f]{32}_[\w-]{43}$/);
  });

  test.each(['', 'sntl_', `sntl_${ID}_x`, makeKeyText(ID).slice(0, -1), `${makeKeyText(ID)}x`, ` ${makeKeyText(ID)}`])(
    '%j is none',
    (text) => {
      expect(idOfKeyText(text)).toBeNull();
    },
  );

  test('of before a rotation counts until its time is over', () => {
    const secrets = [
      { sha256: sha256Hex('new'), until: null },
      { sha256: sha256Hex('old'), until: 100 },
    ];
    const accepted = (text: string, now: number) => isOneOf(text, secrets, now);
    expect([accepted('new', 99), accepted('old', 99), accepted('old', 100), accepted('x', 99)]).toEqual([
      ...[true, true, false, false],
    ]);
  });
});

describe('the journal and the table', () => {
  const news = { name: 'changed in the table' };
  test.each<[string, ApiKeyRecord[], ApiKeyRecord[], Partial<ApiKeyRecord>[]]>([
    ['a key of another gateway is taken over', [], [aRecord()], [{ id: ID, mirrored: true }]],
    ['nothing new changes nothing', [aRecord()], [aRecord()], []],
    ['a row that is gone changes nothing', [aRecord()], [], []],
    ['what changed in the table counts', [aRecord()], [aRecord(news)], [news]],
    ['unless it changed here since', [aRecord({ mirrored: false })], [aRecord(news)], []],
    [
      'a revocation in the table wins over a change here',
      [aRecord({ mirrored: false })],
      [aRecord({ revokedAt: 5 })],
      [{ name: 'CRM', revokedAt: 5, mirrored: false }],
    ],
    [
      'a revocation here is not undone by the table',
      [aRecord({ revokedAt: 5 })],
      [aRecord()],
      [{ revokedAt: 5, mirrored: false }],
    ],
    [
      'the first of two revocations counts',
      [aRecord({ revokedAt: 5 })],
      [aRecord({ revokedAt: 3 })],
      [{ revokedAt: 3 }],
    ],
    ['the latest use counts', [aRecord({ lastUsedAt: 5 })], [aRecord({ lastUsedAt: 9 })], [{ lastUsedAt: 9 }]],
  ])('%s', (_name, ours, rows, changed) => {
    const result = mergeKeys(ours, rows);
    expect(result).toHaveLength(changed.length);
    expect(result).toMatchObject(changed);
  });

  test('a record is the same after its way through a row', () => {
    const record = aRecord({
      ...{ companyIds: [randomUUID()], connectionIds: ['a', 'b'], ratePerMinute: 7, expiresAt: 9000, lastUsedAt: 5 },
      secrets: [
        { sha256: sha256Hex('x'), until: null },
        { sha256: sha256Hex('y'), until: 77 },
      ],
    });
    expect(fromRow(toRow(record))).toEqual(record);
  });

  test.each<Record<string, unknown>>([{ hash: 'x' }, { permissoes: ['root'] }, { owner_id: '1' }, { conexoes: 'all' }])(
    'a row with %j is no key',
    (columns) => {
      expect(fromRow({ ...toRow(aRecord()), ...columns })).toBeNull();
    },
  );
});
