import { describe, expect, test } from '@jest/globals';
import type { Field } from '../../../src/inbound/content/handler.js';
import { CONTENT_TABLE } from '../../../src/inbound/content/table.js';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import { CONTENT_FIELDS, CORPUS } from '../../support/corpus.js';
import { aStanza, decodeRow } from './entries.js';

const FIELDS = Object.keys(CORPUS) as Field[];

describe('every content field of proto.Message', () => {
  test('the corpus and the table have exactly the fields of the pinned Baileys', () => {
    expect(CONTENT_FIELDS).toHaveLength(95);
    expect(FIELDS.toSorted()).toEqual(CONTENT_FIELDS.toSorted());
    expect(Object.keys(CONTENT_TABLE).toSorted()).toEqual(CONTENT_FIELDS.toSorted());
  });

  test.each(FIELDS.filter((field) => CORPUS[field][1] !== null))('%s reads well', async (field) => {
    const [value, reads] = CORPUS[field];
    const row = await decodeRow(aStanza({ [field]: value }));
    if (reads instanceof RegExp) expect(row.conteudo).toMatch(reads);
    else expect(row.conteudo).toBe(reads);
    expect(row.conteudo.trim()).not.toBe('');
    if (field !== 'messageContextInfo') expect(row.subtipo).not.toBe('DESCONHECIDO');
  });

  test.each(FIELDS.filter((field) => CORPUS[field][1] === null))('%s makes no row', async (field) => {
    const events = await decodeEntry(aStanza({ [field]: CORPUS[field][0] }));
    expect(events.map(({ op }) => op)).not.toContain('mensagem');
  });

  test.each(FIELDS)('%s without any of its own fields harms nothing', async (field) => {
    const value = field === 'conversation' ? '' : {};
    const events = await decodeEntry(aStanza({ [field]: value }));
    for (const event of events) {
      expect(event.op).toBe('mensagem');
      expect((event as { conteudo: string }).conteudo.trim()).not.toBe('');
      expect((event as { dados: unknown }).dados ?? {}).not.toHaveProperty('erroDecodificacao');
    }
  });
});
