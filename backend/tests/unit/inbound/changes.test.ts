import { describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import { ANA, aStanza, BIA, decodeOne, decodeRow, fromOurPhone, inGroup, ME, T } from './entries.js';

const { Type } = proto.Message.ProtocolMessage;
const NOW = '2026-11-21T12:00:00.000Z';
const ours = '5511900000000@s.whatsapp.net';
const ana = { pn: ANA.pn, lid: ANA.lid };

describe('reactions', () => {
  const reaction = (key: proto.IMessageKey, text = '❤️') => ({
    reactionMessage: { key, text, senderTimestampMs: T * 1000 },
  });

  test.each<[string, proto.IMessageKey, Record<string, string>, object | null]>([
    ['on our message', { remoteJid: ours, fromMe: false, id: 'A' }, {}, null],
    ['on our message, addressed by LID', { remoteJid: '900000000000@lid', fromMe: false, id: 'A' }, {}, null],
    ['on her own', { remoteJid: ours, fromMe: true, id: 'A' }, {}, ana],
    ['in a group, on ours', { fromMe: false, id: 'A', participant: '900000000000@lid' }, inGroup(), null],
    ['in a group, on her own', { fromMe: true, id: 'A', participant: ANA.lid }, inGroup(), ana],
    ['in a group, on Bia’s', { fromMe: false, id: 'A', participant: BIA.lid }, inGroup(), { lid: BIA.lid, pn: null }],
  ])("a customer's %s", async (_, key, attrs, autor) => {
    const event = await decodeOne(aStanza(reaction(key), { attrs }), 'reacao');
    expect(event).toMatchObject({ emoji: '❤️', autor: ana, timestamp: NOW, alvo: { whatsapp_id: 'A' } });
    if (autor === null) expect(event.alvo.autor).toBeNull();
    else expect(event.alvo.autor).toMatchObject(autor);
  });

  test('ours from the phone, on hers and on our own', async () => {
    const hers = await decodeOne(aStanza(reaction({ fromMe: false, id: 'A' }), { attrs: fromOurPhone() }), 'reacao');
    const own = await decodeOne(aStanza(reaction({ fromMe: true, id: 'A' }), { attrs: fromOurPhone() }), 'reacao');
    expect(hers).toMatchObject({ autor: null, alvo: { autor: ana } });
    expect(own).toMatchObject({ autor: null, alvo: { autor: null } });
  });

  test('an empty one takes the reaction back', async () => {
    expect((await decodeOne(aStanza(reaction({ id: 'A' }, '')), 'reacao')).emoji).toBeNull();
  });

  test('one that names no message is shown as unknown instead of vanishing', async () => {
    expect(await decodeRow(aStanza({ reactionMessage: { text: 'x' } }))).toMatchObject({ subtipo: 'DESCONHECIDO' });
  });
});

describe('edits', () => {
  const edit = (key: proto.IMessageKey, editedMessage: proto.IMessage = { conversation: 'corrigido' }) => ({
    protocolMessage: { type: Type.MESSAGE_EDIT, key, editedMessage, timestampMs: (T + 60) * 1000 },
  });

  test.each<[string, proto.IMessage]>([
    ['direct', edit({ fromMe: true, id: 'A' })],
    ['wrapped', { editedMessage: { message: edit({ fromMe: true, id: 'A' }) } }],
  ])('%s: the author’s own message gets the new text at the time of the edit', async (_, message) => {
    expect(await decodeOne(aStanza(message, { attrs: { edit: '1' } }), 'edicao')).toMatchObject({
      alvo: { whatsapp_id: 'A', autor: ana, chat: ana },
      conteudo: 'corrigido',
      editada_em: '2026-11-21T12:01:00.000Z',
    });
  });

  test('a caption is edited like a text', async () => {
    const message = edit({ fromMe: true, id: 'A' }, { imageMessage: { caption: 'nova legenda' } });
    expect((await decodeOne(aStanza(message), 'edicao')).conteudo).toBe('nova legenda');
  });

  test('nobody can edit what somebody else wrote', async () => {
    for (const attrs of [{}, inGroup()]) {
      const forged = edit({ fromMe: false, id: 'A', participant: ours, remoteJid: ours });
      expect((await decodeOne(aStanza(forged, { attrs }), 'edicao')).alvo.autor).toMatchObject(ana);
    }
  });

  test('an encrypted edit is kept beside its target until somebody can open it', async () => {
    const message = {
      secretEncryptedMessage: {
        targetMessageKey: { fromMe: true, id: 'A' },
        encPayload: new Uint8Array([1]),
        secretEncType: 2,
      },
    };
    const event = await decodeOne(aStanza(message), 'dados');
    expect(event).toMatchObject({ alvo: { whatsapp_id: 'A', autor: ana } });
    expect(event.dados).toMatchObject({ 'edicaoCifrada:3EB0AAAA': { encPayload: 'AQ==', classe: 2 } });
    expect(event.dados['cifradosPendentes']).toBe(true);
  });

  test('a sealed edit of the longest text is kept whole, in pieces that the database takes', async () => {
    const encPayload = new Uint8Array(200_000).fill(7);
    const message = { secretEncryptedMessage: { targetMessageKey: { id: 'A' }, encPayload, secretEncType: 2 } };
    const event = await decodeOne(aStanza(message), 'dados');
    const sealed = event.dados['edicaoCifrada:3EB0AAAA'] as { encPayload: string[] };
    expect(Buffer.from(sealed.encPayload.join(''), 'base64')).toEqual(Buffer.from(encPayload));
  });

  test('an opened seal that holds no edit is said in the row, and changes nothing', async () => {
    const chat = { tipo: 'pessoa' as const, jid: ANA.pn, pn: ANA.pn, lid: ANA.lid };
    const plaintext = proto.Message.encode({ senderKeyDistributionMessage: {} }).finish();
    const event = await decodeOne(
      {
        ...{ kind: 'opened', seq: 1, connectionId: 'loja', at: 0, key: 'edicaoCifrada:B', em: NOW, error: null },
        ...{ target: { chat, author: chat, whatsappId: 'A' }, author: chat, plaintext },
      },
      'dados',
    );
    expect(event.dados).toEqual({ 'edicaoCifrada:B': { ilegivel: 'conteudoDesconhecido' }, edicaoIlegivelEm: NOW });
  });
});

describe('deletions', () => {
  const revoke = (key: proto.IMessageKey) => ({ protocolMessage: { type: Type.REVOKE, key } });

  test.each([{}, inGroup()])('the author’s own message %j', async (attrs) => {
    const entry = aStanza(revoke({ fromMe: true, id: 'A' }), { attrs: { ...attrs, edit: '7' } });
    expect(await decodeOne(entry, 'apagamento')).toMatchObject({
      alvo: { whatsapp_id: 'A', autor: ana },
      apagada_em: NOW,
    });
  });

  test('from our own phone', async () => {
    const entry = aStanza(revoke({ fromMe: true, id: 'A' }), { attrs: fromOurPhone({ edit: '7' }) });
    expect(await decodeOne(entry, 'apagamento')).toMatchObject({ alvo: { autor: null, chat: ana } });
  });

  test.each([
    [BIA.lid, { lid: BIA.lid }],
    [ME.id, null],
    [ANA.pn, ana],
  ])("a group's admin deletes what %s wrote", async (participant, autor) => {
    const entry = aStanza(revoke({ fromMe: false, id: 'A', participant }), { attrs: inGroup({ edit: '8' }) });
    const event = await decodeOne(entry, 'apagamento');
    if (autor === null) expect(event.alvo.autor).toBeNull();
    else expect(event.alvo.autor).toMatchObject(autor);
  });

  test('nobody else can delete what somebody else wrote', async () => {
    for (const attrs of [{}, inGroup(), inGroup({ edit: '7' })]) {
      const forged = aStanza(revoke({ fromMe: false, id: 'A', participant: ours, remoteJid: ours }), { attrs });
      expect((await decodeOne(forged, 'apagamento')).alvo.autor).toMatchObject(ana);
    }
  });
});

describe('votes, pins and other marks', () => {
  const sealed = { encPayload: new Uint8Array([1, 2]), encIv: new Uint8Array([3]) };

  test('a vote is kept beside its poll under a key of its own', async () => {
    const vote = {
      pollUpdateMessage: { pollCreationMessageKey: { fromMe: false, id: 'P', remoteJid: ours }, vote: sealed },
    };
    const event = await decodeOne(aStanza(vote, { attrs: { id: 'V1' } }), 'dados');
    expect(event).toMatchObject({ alvo: { whatsapp_id: 'P', autor: null } });
    const vote1 = { autor: ANA.pn, em: NOW, encPayload: 'AQI=', encIv: 'Aw==' };
    expect(event.dados).toEqual({ 'voto:V1': vote1, votosPendentes: true });
  });

  test.each([
    [{ pinInChatMessage: { key: { fromMe: true, id: 'A' }, type: 1 } }, { fixada: true }],
    [{ pinInChatMessage: { key: { fromMe: true, id: 'A' }, type: 2 } }, { fixada: false }],
    [{ keepInChatMessage: { key: { fromMe: true, id: 'A' }, keepType: 1 } }, { guardada: true }],
  ])('%j marks its target', async (message, dados) => {
    expect(await decodeOne(aStanza(message), 'dados')).toMatchObject({ alvo: { whatsapp_id: 'A' }, dados });
  });
});

describe('talk between devices', () => {
  const silent = Object.values(Type).filter(
    (type): type is proto.Message.ProtocolMessage.Type =>
      typeof type === 'number' && type !== Type.REVOKE && type !== Type.MESSAGE_EDIT,
  );

  test.each(silent)('protocol message %d makes no row', async (type) => {
    expect(await decodeEntry(aStanza({ protocolMessage: { type, key: { id: 'A' } } }))).toEqual([]);
  });

  test('what our phone says as a peer makes no row', async () => {
    const entry = aStanza({ conversation: 'x' }, { attrs: fromOurPhone({ category: 'peer' }) });
    expect(await decodeEntry(entry)).toEqual([]);
  });

  const resent = (info: proto.IWebMessageInfo) => ({
    protocolMessage: {
      type: Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: {
        peerDataOperationResult: [
          {
            placeholderMessageResendResponse: {
              webMessageInfoBytes: proto.WebMessageInfo.encode(info).finish(),
            },
          },
        ],
      },
    },
  });
  const lead = {
    key: { remoteJid: ANA.lid, fromMe: false, id: 'LEAD' },
    message: { conversation: 'vim pelo anúncio' },
    messageTimestamp: T - 10,
    pushName: 'Ana',
  };

  test('a content that our phone hands in later becomes the row of the message that could not be read', async () => {
    const entry = aStanza(resent(lead), { attrs: fromOurPhone({ category: 'peer', recipient: '' }) });
    expect(await decodeRow(entry)).toMatchObject({
      whatsapp_id: 'LEAD',
      conteudo: 'vim pelo anúncio',
      timestamp: '2026-11-21T11:59:50.000Z',
      remetente: 'CLIENTE',
      chat: { lid: ANA.lid, nome_perfil: 'Ana' },
      autor: { lid: ANA.lid },
    });
  });

  test('nobody else can hand in contents for others', async () => {
    expect(await decodeEntry(aStanza(resent(lead), { attrs: { category: 'peer' } }))).toEqual([]);
    expect(await decodeEntry(aStanza(resent(lead)))).toEqual([]);
  });
});
