import { describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import { aPart, aStanza, aStanzaOf, type aText, fromOurPhone, inGroup } from './entries.js';

describe('whatever comes in', () => {
  const attrs = fc.oneof(
    fc.constant({}),
    fc.constant(inGroup()),
    fc.constant(fromOurPhone()),
    fc.constant(inGroup({ edit: '8' })),
  );

  /** Events that Postgres can store: plain JSON without what it refuses. */
  async function expectStorable(entry: ReturnType<typeof aText>): Promise<void> {
    for (const event of await decodeEntry(entry)) {
      const json = JSON.stringify(event);
      expect(json).not.toMatch(/\\u0000|\\ud[89a-f]/);
      expect(JSON.parse(json)).toMatchObject({ op: event.op, sessao: 'loja' });
      if (event.op === 'mensagem') expect(event.conteudo.trim()).not.toBe('');
    }
  }

  test('random bytes become storable rows or nothing, never an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), attrs, async (bytes, who) => {
        const part = aPart({});
        part.part.plaintext = bytes;
        await expectStorable(aStanzaOf([part], { attrs: who }));
      }),
      { numRuns: 2000 },
    );
  });

  const fields = Object.keys(proto.Message.prototype).filter((field) => field !== 'toJSON');
  const leaf = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.constant({ id: 'A', fromMe: true }),
    fc.constant({ message: { conversation: 'x' } }),
    fc.constant([{ optionName: 'a' }]),
    fc.constant({ stanzaId: 'Q', quotedMessage: { conversation: 'q' } }),
  );
  const NAMES = [
    'key',
    'message',
    'contextInfo',
    'caption',
    'text',
    'name',
    'title',
    'vcard',
    'options',
    'targetMessageKey',
    'type',
    'body',
    'header',
    'sections',
    'contacts',
    'fileLength',
    'editedMessage',
    'displayName',
  ];
  const content = fc.dictionary(fc.constantFrom(...NAMES), leaf, { maxKeys: 6 });

  test('random contents of random kinds too', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), content, attrs, async (field, value, who) => {
        let message: proto.IMessage;
        try {
          // Only what the protocol can carry is a case.
          message = proto.Message.fromObject({ [field]: field === 'conversation' ? JSON.stringify(value) : value });
          proto.Message.encode(message).finish();
        } catch {
          return;
        }
        await expectStorable(aStanza(message, { attrs: who }));
      }),
      { numRuns: 3000 },
    );
  });
});
