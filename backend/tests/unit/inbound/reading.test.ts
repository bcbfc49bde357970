import { describe, expect, test } from '@jest/globals';
import type { proto } from '@whiskeysockets/baileys';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import { rebuildMessage } from '../../../src/whatsapp/rebuild-message.js';
import {
  ANA,
  anOutgoing,
  aPart,
  aStanza,
  aStanzaOf,
  aText,
  BIA,
  decodeOne,
  decodeRow,
  GROUP,
  inGroup,
} from './entries.js';

describe('what a row says', () => {
  test('a reply names the quoted message and keeps enough of it to be read alone', async () => {
    const contextInfo = {
      stanzaId: 'ANTES',
      participant: BIA.lid,
      quotedMessage: { imageMessage: { caption: 'a foto' } },
    };
    const row = await decodeRow(aStanza({ extendedTextMessage: { text: 'linda', contextInfo } }));
    expect(row).toMatchObject({ conteudo: 'linda', resposta_a: 'ANTES', subtipo: null });
    expect(row.dados).toEqual({ citacao: { autor: BIA.lid, tipo: 'IMAGEM', conteudo: 'a foto' } });
  });

  test('mentions, forwards and expiry are facts of the row', async () => {
    const contextInfo = { mentionedJid: [BIA.lid], isForwarded: true, forwardingScore: 5, expiration: 604800 };
    const { dados } = await decodeRow(aStanza({ extendedTextMessage: { text: '@222222222222 veja', contextInfo } }));
    expect(dados).toEqual({
      mencoes: [BIA.lid],
      encaminhada: true,
      encaminhamentos: 5,
      efemera: true,
      expiraEmSegundos: 604800,
    });
  });

  test.each([
    ['our number', { mentionedJid: ['5511900000000@s.whatsapp.net'] }, true],
    ['our LID', { mentionedJid: ['900000000000@lid'] }, true],
    ['everybody', { nonJidMentions: 1 }, true],
    ['the group itself', { groupMentions: [{ groupJid: GROUP, groupSubject: 'Família' }] }, true],
    ['another group', { groupMentions: [{ groupJid: '120363000000000009@g.us' }] }, undefined],
    ['somebody else', { mentionedJid: [BIA.lid] }, undefined],
    ['nobody', {}, undefined],
  ])('a message that mentions %s says whether it means us', async (_whom, contextInfo, expected) => {
    const { dados } = await decodeRow(
      aStanza({ extendedTextMessage: { text: 'oi', contextInfo } }, { attrs: inGroup() }),
    );
    expect((dados ?? {})['mencionaNos']).toBe(expected);
  });

  test('who is known from the message itself is shown as number: its author, its chat, this number', async () => {
    const contextInfo = {
      stanzaId: 'ANTES',
      participant: ANA.lid,
      quotedMessage: {
        extendedTextMessage: { text: '@900000000000 olá', contextInfo: { mentionedJid: ['900000000000@lid'] } },
      },
      mentionedJid: ['900000000000@lid', BIA.pn, BIA.lid],
    };
    const text = '@900000000000 @5521922222222 @222222222222 @9000000000001';
    const row = await decodeRow(aStanza({ extendedTextMessage: { text, contextInfo } }, { attrs: inGroup() }));
    expect(row.conteudo).toBe('@5511900000000 @5521922222222 @222222222222 @9000000000001');
    expect(row.dados).toMatchObject({
      mencoes: ['5511900000000', '5521922222222', BIA.lid],
      citacao: { autor: '5511911111111', conteudo: '@5511900000000 olá' },
    });
  });

  test('an edit tells whom its new text mentions', async () => {
    const editedMessage = { extendedTextMessage: { text: '@222222222222', contextInfo: { mentionedJid: [BIA.lid] } } };
    const protocolMessage = { type: 14, key: { id: 'ANTES' }, editedMessage };
    expect(await decodeOne(aStanza({ protocolMessage }), 'edicao')).toMatchObject({ op: 'edicao', mencoes: [BIA.lid] });
  });

  test("an ad's referral is kept whole", async () => {
    const contextInfo = {
      externalAdReply: {
        title: 'Promo',
        sourceType: 'ad',
        sourceId: '123',
        sourceUrl: 'https://fb.me/x',
        ctwaClid: 'CLID',
      },
      entryPointConversionSource: 'ctwa_ad',
      conversionData: new Uint8Array([1, 2]),
    };
    const { dados } = await decodeRow(aStanza({ extendedTextMessage: { text: 'quero', contextInfo } }));
    expect(dados).toEqual({
      anuncio: {
        titulo: 'Promo',
        url: 'https://fb.me/x',
        sourceId: '123',
        sourceType: 'ad',
        ctwaClid: 'CLID',
        entrada: 'ctwa_ad',
        dadosConversao: 'AQI=',
      },
    });
  });

  test('a file has type, name, size and all that a later download needs', async () => {
    const document = {
      mimetype: 'application/pdf',
      fileName: 'nota.pdf',
      caption: 'a nota',
      fileLength: 123456,
      pageCount: 2,
      mediaKey: new Uint8Array([9]),
      directPath: '/v/t',
    };
    const entry = aStanza({ documentWithCaptionMessage: { message: { documentMessage: document } } });
    expect(await decodeRow(entry)).toMatchObject({
      tipo: 'DOCUMENTO',
      conteudo: 'a nota',
      midia_tipo: 'application/pdf',
      midia_nome: 'nota.pdf',
      midia_tamanho: 123456,
      dados: { paginas: 2, midia: { classe: 'document', directPath: '/v/t', mediaKey: 'CQ==' } },
    });
  });

  test.each<[string, proto.IMessage, string, string | null]>([
    ['voice', { audioMessage: { ptt: true } }, 'AUDIO', 'VOZ'],
    ['music', { audioMessage: {} }, 'AUDIO', null],
    ['gif', { videoMessage: { gifPlayback: true } }, 'VIDEO', 'GIF'],
    ['video note', { ptvMessage: {} }, 'VIDEO', 'RECADO_DE_VIDEO'],
    ['sticker', { stickerMessage: {} }, 'IMAGEM', 'FIGURINHA'],
    ['poll', { pollCreationMessageV3: { name: 'x' } }, 'TEXTO', 'ENQUETE'],
    ['button message with a picture', { buttonsMessage: { contentText: 'x', imageMessage: {} } }, 'IMAGEM', 'BOTOES'],
  ])('a %s has its own kind', async (_, message, tipo, subtipo) => {
    expect(await decodeRow(aStanza(message))).toMatchObject({ tipo, subtipo });
  });

  test('a size that no number holds is left out', async () => {
    const row = await decodeRow(aStanza({ imageMessage: { fileLength: 2 ** 60 } }));
    expect(row.midia_tamanho).toBeNull();
  });

  test('ephemeral and view-once contents are read and marked', async () => {
    const inner = { viewOnceMessageV2: { message: { imageMessage: { caption: 'uma vez' } } } };
    const row = await decodeRow(aStanza({ ephemeralMessage: { message: inner } }));
    expect(row).toMatchObject({ conteudo: 'uma vez', dados: { efemera: true, visualizacaoUnica: true } });
  });

  test("a poll's secret is kept for its votes", async () => {
    const message = {
      messageContextInfo: { messageSecret: new Uint8Array([7, 7]) },
      pollCreationMessageV3: { name: 'x', options: [{ optionName: 'a' }] },
    };
    expect((await decodeRow(aStanza(message))).dados).toMatchObject({
      messageSecret: 'Bwc=',
      enquete: { opcoes: ['a'] },
    });
  });

  test('NUL and lone surrogates become U+FFFD everywhere, and the row says so', async () => {
    const row = await decodeRow(
      aStanza({ documentMessage: { caption: 'a\u0000b', fileName: 'x\u0000' } }, { attrs: { notify: 'A\ud83d' } }),
    );
    expect(row).toMatchObject({ conteudo: 'a\ufffdb', midia_nome: 'x', dados: { textoAlterado: true } });
    expect(row.autor!.nome_perfil).toBe('A\ufffd');
    expect(JSON.stringify(row)).not.toMatch(/\\u0000|\\ud83d/);
  });

  test('the longest text of WhatsApp is whole, a longer one is cut and the row says so', async () => {
    const whole = await decodeRow(aText('á'.repeat(65_536)));
    expect(whole.conteudo).toHaveLength(65_536);
    expect(whole.dados).toBeNull();
    const cut = await decodeRow(aText('á'.repeat(65_537)));
    expect(cut.conteudo).toHaveLength(65_536);
    expect(cut.dados).toEqual({ textoCortado: true });
  });
});

describe('what cannot be read', () => {
  test('a message whose keys are lost waits for its content', async () => {
    const entry = aText('x', { error: 'No session record' });
    expect(await decodeRow(entry)).toMatchObject({
      tipo: 'TEXTO',
      subtipo: 'INDECIFRAVEL',
      conteudo: 'Aguardando mensagem',
      dados: { erro: 'No session record' },
    });
  });

  test('its retry is the same message: the same id', async () => {
    const waiting = await decodeRow(aText('x', { error: 'Bad MAC' }));
    const readable = await decodeRow(aText('enfim', { encAttrs: { count: '1' } }));
    expect(readable).toMatchObject({ id: waiting.id, conteudo: 'enfim', subtipo: null });
  });

  test.each(['view_once', 'hosted_unavailable_fanout'])('a stanza without content (%s) is a row too', async (type) => {
    const entry = aStanzaOf([]);
    entry.node.content = [{ tag: 'unavailable', attrs: { type } }];
    const row = await decodeRow(entry);
    expect(row).toMatchObject({ subtipo: 'INDECIFRAVEL', dados: { indisponivel: type } });
    expect(row.conteudo).toMatch(type === 'view_once' ? /visualização única/ : /^Aguardando mensagem$/);
  });

  test.each<[string, Parameters<typeof aText>[1]]>([
    ['a failure that WhatsApp hides', { encAttrs: { 'decrypt-fail': 'hide' } }],
    ['a reaction', { attrs: { type: 'reaction' } }],
    ['an edit', { attrs: { edit: '1' } }],
  ])('%s leaves no row that nothing would ever replace', async (_, options) => {
    expect(await decodeEntry(aText('x', { ...options, error: 'Bad MAC' }))).toEqual([]);
  });

  const key = aPart({ senderKeyDistributionMessage: { groupId: GROUP } }, { type: 'pkmsg' });
  test("a group's first message is one row, whatever became of the key's own part", async () => {
    const text = aPart({ conversation: 'oi grupo' }, { type: 'skmsg' });
    const lostKey = aPart({}, { type: 'pkmsg', error: 'Key used already or never filled' });
    for (const first of [key, lostKey]) {
      expect(await decodeRow(aStanzaOf([first, text], { attrs: inGroup() }))).toMatchObject({ conteudo: 'oi grupo' });
    }
    const lostText = aPart({}, { type: 'skmsg', error: 'No session' });
    expect(await decodeRow(aStanzaOf([key, lostText], { attrs: inGroup() }))).toMatchObject({
      subtipo: 'INDECIFRAVEL',
    });
  });

  test('a key alone is no message', async () => {
    expect(await decodeEntry(aStanzaOf([key], { attrs: inGroup() }))).toEqual([]);
  });

  test('a content of a kind that does not exist yet is shown, with its bytes', async () => {
    // Field 2000, length-delimited: what the next version of WhatsApp may bring.
    const future = Buffer.from([0x82, 0x7d, 0x03, 0x61, 0x62, 0x63]);
    const part = aPart({});
    part.part.plaintext = new Uint8Array(Buffer.concat([future, Buffer.from([1])]));
    const row = await decodeRow(aStanzaOf([part]));
    expect(row).toMatchObject({
      tipo: 'TEXTO',
      subtipo: 'DESCONHECIDO',
      dados: { bruto: [future.toString('base64')] },
    });
  });

  test('plaintext that is no proto is shown with the error', async () => {
    const part = aPart({});
    part.part.plaintext = new Uint8Array([0xff, 0xff, 0xff, 1]);
    expect(await decodeRow(aStanzaOf([part]))).toMatchObject({ subtipo: 'INDECIFRAVEL' });
  });

  test('rebuilding touches nothing but the entry and can be repeated', async () => {
    const entry = aText('oi');
    const before = JSON.stringify(entry);
    expect(await rebuildMessage(entry)).toEqual(await rebuildMessage(entry));
    expect(JSON.stringify(entry)).toBe(before);
  });
});

describe('our own sends', () => {
  test('an accepted message is a waiting row under the id that the caller was told', async () => {
    const row = await decodeRow(anOutgoing({ extendedTextMessage: { text: 'olá', contextInfo: { stanzaId: 'Q' } } }));
    expect(row).toMatchObject({
      id: '11111111-2222-4333-8444-555555555555',
      status: 'PENDENTE',
      remetente: 'ATENDENTE',
      autor: null,
      conteudo: 'olá',
      resposta_a: 'Q',
      chat: { tipo: 'pessoa', pn: ANA.pn },
    });
  });

  test("the robot's message to a group", async () => {
    const entry = anOutgoing({ conversation: 'oi' }, { chatJid: GROUP, pn: null, remetente: 'SISTEMA' });
    expect(await decodeRow(entry)).toMatchObject({ remetente: 'SISTEMA', chat: { tipo: 'grupo', jid: GROUP } });
  });

  test.each([
    [null, { status: 'ENVIADA', erro: null }],
    ['NOT_ON_WHATSAPP', { status: 'ERRO', erro: 'NOT_ON_WHATSAPP' }],
  ])('the outcome %j', async (error, expected) => {
    const { seq, connectionId, at, whatsappId, chatJid, pn, lid } = anOutgoing({ conversation: 'x' });
    const outcome = {
      kind: 'outcome' as const,
      seq,
      connectionId,
      at,
      whatsappId,
      chatJid,
      pn,
      lid,
      error,
      serverTime: 1795262400000,
    };
    expect(await decodeOne(outcome, 'status')).toMatchObject({
      ...expected,
      whatsapp_id: 'OUT1',
      timestamp: '2026-11-21T12:00:00.000Z',
    });
  });
});

describe('other entries', () => {
  const base = { seq: 1, connectionId: 'loja', at: 0 };

  test('a change of the connection keeps to the columns of its table', async () => {
    const changes = { estado: 'ready', status: 'connected', motivo: null, hacker: 'x' };
    const event = await decodeOne({ ...base, kind: 'session', changes }, 'sessao');
    expect(event).toEqual({
      op: 'sessao',
      sessao: 'loja',
      ordem: base.seq,
      estado: 'ready',
      status: 'connected',
      motivo: null,
    });
  });

  test('names and addresses lose their devices', async () => {
    const contact = {
      ...base,
      kind: 'contact' as const,
      tipo: 'pessoa' as const,
      jid: '111111111111:2@lid',
      pn: '5511911111111:2@s.whatsapp.net',
      lid: ANA.lid,
      nomePerfil: 'Ana',
    };
    expect((await decodeOne(contact, 'contato')).contato).toEqual({
      tipo: 'pessoa',
      jid: ANA.lid,
      pn: ANA.pn,
      lid: ANA.lid,
      nome_perfil: 'Ana',
    });
  });
});
