import { describe, expect, test } from '@jest/globals';
import type { proto } from '@whiskeysockets/baileys';
import { CAPS, type Capped } from '../../../src/inbound/content/caps.js';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import { ANA, AT, aStanza, decodeRow, GROUP, inGroup, ME } from './entries.js';

const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
const CARD = { displayName: 'Bia', vcard: 'FN:Bia\nTEL;waid=5521922222222:+55' };

/** Each list that is capped, in a message that has `count` of its items. */
const LISTS: Record<Exclude<Capped, 'participantes'>, (count: number) => proto.IMessage> = {
  contatos: (count) => ({ contactsArrayMessage: { contacts: many(count, CARD) } }),
  numeros: (count) => ({ contactMessage: { vcard: many(count, 'TEL;waid=5521922222222:+55').join('\n') } }),
  emails: (count) => ({ contactMessage: { vcard: many(count, 'EMAIL:bia@x.br').join('\n') } }),
  botoes: (count) => ({ buttonsMessage: { contentText: 'x', buttons: many(count, { buttonId: 'a' }) } }),
  opcoes: (count) => ({ listMessage: { sections: many(2, { rows: many(count / 2, { rowId: 'a', title: 'b' }) }) } }),
  produtos: (count) => ({
    listMessage: { productListInfo: { productSections: [{ products: many(count, { productId: 'p' }) }] } },
  }),
  cartoes: (count) => ({ interactiveMessage: { carouselMessage: { cards: many(count, { body: { text: 'c' } }) } } }),
  opcoesEnquete: (count) => ({ pollCreationMessageV3: { name: 'Qual?', options: many(count, { optionName: 'a' }) } }),
  mencoes: (count) => ({ extendedTextMessage: { text: 'oi', contextInfo: { mentionedJid: many(count, ANA.pn) } } }),
  mencoesGrupo: (count) => ({
    extendedTextMessage: { text: 'oi', contextInfo: { groupMentions: many(count, { groupJid: GROUP }) } },
  }),
  campos: (count) => ({ highlyStructuredMessage: { elementName: 'aviso', params: many(count, 'x') } }),
  partes: (count) => ({ richResponseMessage: { submessages: many(count, { messageText: 'x' }) } }),
};

const count = (value: unknown, key: string): number => JSON.stringify(value).split(`"${key}"`).length - 1;

describe('a message with more of something than anybody reads', () => {
  test.each(Object.entries(LISTS))(
    '%s: the first ones are kept, and the row says how many there were',
    async (name, make) => {
      const cap = CAPS[name as Capped];
      const row = await decodeRow(aStanza(make(cap + 100)));
      expect(row.dados).toMatchObject({ cortes: { [name]: { mantidos: cap, total: cap + 100 } } });
      expect(JSON.stringify(row).length).toBeLessThan(200_000);
    },
  );

  test.each(Object.entries(LISTS))('%s: as many as allowed are all kept, and nothing is said', async (name, make) => {
    const row = await decodeRow(aStanza(make(CAPS[name as Capped])));
    expect(row.dados ?? {}).not.toHaveProperty('cortes');
  });

  test('other fields of the kind are capped by the same table', async () => {
    const cases: [Capped, proto.IMessage][] = [
      [
        'botoes',
        { templateMessage: { hydratedTemplate: { hydratedButtons: many(500, { quickReplyButton: { id: 'a' } }) } } },
      ],
      ['botoes', { interactiveMessage: { nativeFlowMessage: { buttons: many(500, { name: 'a' }) } } }],
      ['opcoesEnquete', { pollResultSnapshotMessage: { pollVotes: many(500, { optionName: 'a' }) } }],
      ['participantes', { callLogMesssage: { participants: many(5_000, { jid: ANA.pn }) } }],
      ['campos', { templateMessage: { fourRowTemplate: { content: { params: many(500, 'a') } } } }],
    ];
    for (const [name, message] of cases) {
      expect((await decodeRow(aStanza(message))).dados).toMatchObject({ cortes: { [name]: { mantidos: CAPS[name] } } });
    }
  });

  test('cuts of a content and of its context are told together', async () => {
    const contextInfo = { mentionedJid: many(CAPS.mencoes + 1, ANA.pn) };
    const row = await decodeRow(aStanza({ contactsArrayMessage: { contacts: many(300, CARD), contextInfo } }));
    expect(Object.keys((row.dados as { cortes: object }).cortes).toSorted()).toEqual(['contatos', 'mencoes']);
  });

  test('a quoted message is capped like any other', async () => {
    const contextInfo = { stanzaId: 'Q', quotedMessage: LISTS.contatos(65_000) };
    const row = await decodeRow(aStanza({ extendedTextMessage: { text: 'oi', contextInfo } }));
    expect(JSON.stringify(row).length).toBeLessThan(5_000);
    expect(row.dados).toMatchObject({ citacao: { cortes: { contatos: { total: 65_000 } } } });
  });

  test('cards that are large together lose their original text, and say so; the numbers stay', async () => {
    const photo = `FN:Bia\nTEL;waid=5521922222222:+55\nPHOTO;ENCODING=b:${'A'.repeat(15_000)}`;
    const row = await decodeRow(aStanza({ contactsArrayMessage: { contacts: many(100, { vcard: photo }) } }));
    expect(JSON.stringify(row).length).toBeLessThan(200_000);
    expect(count(row.dados, 'numeros')).toBe(100);
    expect(count(row.dados, 'cartaoOmitido')).toBeGreaterThan(80);
  });

  test('members of a changed group', async () => {
    const participants = many(5_000, { tag: 'participant', attrs: { jid: ANA.lid } });
    const content = [{ tag: 'add', attrs: {}, content: participants }];
    const node = { tag: 'notification', attrs: { ...inGroup(), id: 'N', type: 'w:gp2' }, content };
    const row = await decodeRow({ kind: 'notification', seq: 3, connectionId: 'loja', at: AT, me: ME, node });
    expect(row.dados).toMatchObject({ cortes: { participantes: { mantidos: CAPS.participantes, total: 5_000 } } });
    expect(row.conteudo).toContain('e mais 4995');
  });

  test('a reaction is an emoji, not a book', async () => {
    const key = { id: 'A', remoteJid: ANA.pn, fromMe: true };
    const [event] = await decodeEntry(aStanza({ reactionMessage: { key, text: '👍'.repeat(10_000) } }));
    expect(event).toMatchObject({ op: 'reacao', emoji: '👍'.repeat(32) });
  });
});
