import { describe, expect, test } from '@jest/globals';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import { DEFAULT_DECODE_OPTIONS, decodeOptions } from '../../../src/inbound/decode-options.js';
import { UndecodableEntry } from '../../../src/inbound/stanza-addresses.js';
import { ANA, aText, anOutgoing, BIA, decodeRow, fromOurPhone, GROUP, inGroup, ME } from './entries.js';

const ana = (jid: string) => ({ tipo: 'pessoa', jid, pn: ANA.pn, lid: ANA.lid, nome_perfil: 'Ana' });
const grupo = { tipo: 'grupo', jid: GROUP, pn: null, lid: null };

test.each(['', ' ', '\u200b\u200d', '\u3164'])('a name of which nothing can be seen (%j) is none', async (notify) => {
  const row = await decodeRow(aText('oi', { attrs: { notify } }));
  expect(row.chat).not.toHaveProperty('nome_perfil');
});

test.each([
  [
    'this number without its device',
    { remetenteJid: '5511900000000:5@s.whatsapp.net' },
    '5511900000000@s.whatsapp.net',
  ],
  ['nothing in entries of before', {}, ''],
])('the sender of what we send is %s', async (_, changes, sender) => {
  const row = await decodeRow(anOutgoing({ conversation: 'oi' }, changes));
  expect(row.remetente_jid).toBe(sender);
});

describe('who wrote a message, and where', () => {
  test.each<[string, Record<string, string>, unknown]>([
    ['addressed by number', { from: ANA.pn, sender_lid: ANA.lid }, ana(ANA.pn)],
    ['addressed by LID', { from: ANA.lid, sender_pn: ANA.pn, sender_lid: '', addressing_mode: 'lid' }, ana(ANA.lid)],
    ['from another of her devices', { from: '5511911111111:3@s.whatsapp.net' }, ana(ANA.pn)],
    ['from a hosted device', { from: '5511911111111:99@hosted' }, ana(ANA.pn)],
    ['from a hosted LID', { from: '111111111111:99@hosted.lid', sender_pn: ANA.pn, sender_lid: '' }, ana(ANA.lid)],
    ['with only the LID known', { from: ANA.lid, sender_lid: '' }, { ...ana(ANA.lid), pn: null }],
    ['with only the number known', { from: ANA.pn, sender_lid: '' }, { ...ana(ANA.pn), lid: null }],
  ])('a customer %s is one chat and its author', async (_, attrs, expected) => {
    const row = await decodeRow(aText('oi', { attrs }));
    expect(row.chat).toEqual(expected);
    expect(row.autor).toEqual(expected);
    expect(row).toMatchObject({ remetente: 'CLIENTE', status: 'RECEBIDA', remetente_jid: attrs.from });
  });

  test('in a group the chat is the group and the author the participant, with both addresses', async () => {
    const row = await decodeRow(aText('oi', { attrs: inGroup(), type: 'skmsg' }));
    expect(row).toMatchObject({ chat: grupo, autor: ana(ANA.lid), remetente: 'CLIENTE', remetente_jid: ANA.lid });
  });

  test.each<[string, Record<string, string>]>([
    ['by number', fromOurPhone()],
    ['by LID', fromOurPhone({ from: '900000000000@lid', recipient: ANA.lid, recipient_lid: '', recipient_pn: ANA.pn })],
    ['by LID, peer attributes', fromOurPhone({ recipient: ANA.lid, recipient_lid: '', peer_recipient_pn: ANA.pn })],
  ])('what our own phone wrote (%s) is ours, sent, in the chat of the recipient', async (_, attrs) => {
    const row = await decodeRow(aText('oi', { attrs }));
    expect(row).toMatchObject({ autor: null, remetente: 'ATENDENTE', status: 'ENVIADA' });
    expect(row.chat).toEqual({ tipo: 'pessoa', jid: attrs.recipient, pn: ANA.pn, lid: ANA.lid });
  });

  test.each([{ participant: '5511900000000:7@s.whatsapp.net' }, { participant: '900000000000:7@lid' }])(
    'what our own phone wrote in a group (%j) is ours',
    async (attrs) => {
      const row = await decodeRow(aText('oi', { attrs: inGroup(attrs), type: 'skmsg' }));
      expect(row).toMatchObject({ chat: grupo, autor: null, remetente: 'ATENDENTE', status: 'ENVIADA' });
    },
  );

  test('what our own phone wrote to a group, named as its recipient, is in that group', async () => {
    const row = await decodeRow(aText('oi', { attrs: fromOurPhone({ recipient: GROUP }) }));
    expect(row).toMatchObject({ chat: grupo, autor: null });
  });

  test('a note to oneself is in the chat with oneself', async () => {
    const row = await decodeRow(
      aText('lembrete', { attrs: fromOurPhone({ recipient: '5511900000000@s.whatsapp.net' }) }),
    );
    expect(row.chat).toEqual({
      tipo: 'eu',
      jid: '5511900000000@s.whatsapp.net',
      pn: '5511900000000@s.whatsapp.net',
      lid: '900000000000@lid',
    });
  });

  test("a customer's broadcast list is a private chat with the customer", async () => {
    const attrs = { from: '1612345678@broadcast', participant: ANA.pn, participant_lid: ANA.lid };
    const row = await decodeRow(aText('promo', { attrs }));
    expect(row).toMatchObject({ chat: ana(ANA.pn), autor: ana(ANA.pn), dados: { listaDeTransmissao: true } });
  });

  test('a number without a known LID of its own still knows its phone', async () => {
    const row = await decodeRow(aText('oi', { attrs: fromOurPhone(), me: { id: ME.id, lid: null } }));
    expect(row.autor).toBeNull();
  });
});

describe('what a connection leaves out', () => {
  const status = { from: 'status@broadcast', participant: ANA.pn };
  const canal = { from: '120363000000000009@newsletter' };

  test.each([
    ['status broadcasts', status, { ignorarStatus: false }],
    ['channels', canal, { ignorarCanais: false }],
  ])('%s, unless asked for', async (_, attrs, settings) => {
    expect(await decodeEntry(aText('oi', { attrs }))).toEqual([]);
    expect(await decodeEntry(aText('oi', { attrs }), decodeOptions(settings))).toHaveLength(1);
  });

  test('groups, when asked to', async () => {
    const entry = aText('oi', { attrs: inGroup(), type: 'skmsg' });
    expect(await decodeEntry(entry, decodeOptions({ ignorarGrupos: true }))).toEqual([]);
  });

  test('settings that are no booleans count as not set', () => {
    expect(decodeOptions({ ignorarGrupos: 'sim', ignorarStatus: 0 })).toEqual(DEFAULT_DECODE_OPTIONS);
    expect(decodeOptions(null)).toEqual(DEFAULT_DECODE_OPTIONS);
  });
});

describe("a row's id and time", () => {
  test('the same entry gives the same id, another author, chat or connection another one', async () => {
    const row = await decodeRow(aText('oi'));
    const same = await decodeRow(aText('oi'));
    expect(row.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(same.id).toBe(row.id);
    const others = await Promise.all([
      decodeRow(aText('oi', { attrs: { id: 'OUTRA' } })),
      decodeRow(aText('oi', { attrs: { from: BIA.pn, sender_lid: BIA.lid } })),
      decodeRow(aText('oi', { attrs: inGroup() })),
      decodeRow(aText('oi', { attrs: fromOurPhone() })),
      decodeRow({ ...aText('oi'), connectionId: 'outra' }),
    ]);
    expect(new Set([row, ...others].map(({ id }) => id)).size).toBe(6);
  });

  test.each([
    ['1795262400', '2026-11-21T12:00:00.000Z'],
    ['', '2026-11-21T12:00:05.000Z'],
    ['ontem', '2026-11-21T12:00:05.000Z'],
    ['-1', '2026-11-21T12:00:05.000Z'],
    ['999999999999999999999', '2026-11-21T12:00:05.000Z'],
  ])('t=%j is %s: what is no time is the time of journaling', async (t, timestamp) => {
    expect((await decodeRow(aText('oi', { attrs: { t } }))).timestamp).toBe(timestamp);
  });

  test.each([{ from: '' }, { id: '' }])('a stanza with %j can become no row and says so', async (attrs) => {
    await expect(decodeEntry(aText('oi', { attrs }))).rejects.toBeInstanceOf(UndecodableEntry);
  });

  test('a stanza that Baileys refuses is shown, with what it said kept', async () => {
    const row = await decodeRow(aText('oi', { attrs: { from: 'x@bot' } }));
    expect(row).toMatchObject({ subtipo: 'DESCONHECIDO', dados: { erroDecodificacao: 'Unknown message type' } });
    expect(Buffer.from((row.dados!.bruto as string[])[0]!, 'base64').toString()).toContain('oi');
  });
});
