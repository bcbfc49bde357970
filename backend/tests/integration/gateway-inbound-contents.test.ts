import { beforeAll, describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { sealedAnswer, sealedEdit, sealedReaction, withSecret, type Contact } from '../../src/simulator/index.js';
import { aDeletion, anEdit, aReaction, aReply, CONTENTS } from '../support/contents.js';
import { CONTENT_FIELDS, CORPUS } from '../support/corpus.js';
import { aGateway, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
let shop: PairedConnection;
let ana: Contact;

beforeAll(async () => {
  shop = await gateway.aPairedConnection('conteudos');
  ana = gateway.aCustomer({ name: 'Ana' });
});

const rowOf = (id: string, ready?: (row: Record<string, unknown>) => unknown) =>
  gateway.crm.mensagem(shop.id, id, ready);

test.each(CONTENTS)('%s becomes its row', async (_kind, content, row) => {
  const sent = ana.send(shop.phone, content);
  await sent.receipted;
  expect(await rowOf(sent.id)).toMatchObject({
    remetente: 'CLIENTE',
    status: 'RECEBIDA',
    lida: false,
    chat_jid: ana.pnJid,
    timestamp: expect.any(String),
    ...row,
  });
});

test('all of it is one atendimento of one contato, with its name, number and count of unread messages', async () => {
  const mensagens = await gateway.crm.mensagens(shop.id);
  const [atendimento, ...others] = await gateway.crm.atendimentos(shop.id);
  expect(others).toEqual([]);
  expect(atendimento).toMatchObject({
    status: 'AGUARDANDO',
    numero_cliente: ana.number,
    nome_cliente: 'Ana',
    canal: 'whatsapp',
    nao_lidas: mensagens.length,
  });
  expect(new Set(mensagens.map((row) => row['atendimento_id']))).toEqual(new Set([atendimento!['id']]));
});

describe('what changes another message', () => {
  test('a reply names the message that it answers', async () => {
    const first = ana.send(shop.phone, 'pergunta');
    const reply = ana.send(shop.phone, aReply('resposta', { id: first.id, participant: ana.pnJid, text: 'pergunta' }));
    expect(await rowOf(reply.id)).toMatchObject({ conteudo: 'resposta', resposta_a: first.id });
  });

  test('a reaction appears on its message, changes and goes away again; it is no row', async () => {
    const first = ana.send(shop.phone, 'reaja');
    const target = { id: first.id, jid: shop.phone.pnJid };
    const reaction = ana.send(shop.phone, aReaction(target, '👍'));
    const reacted = await rowOf(first.id, (row) => (row['reacoes'] as unknown[] | null)?.length);
    expect(JSON.stringify(reacted['reacoes'])).toContain('👍');
    ana.send(shop.phone, aReaction(target, '❤️'));
    await rowOf(first.id, (row) => JSON.stringify(row['reacoes']).includes('❤️'));
    ana.send(shop.phone, aReaction(target, ''));
    await rowOf(first.id, (row) => !(row['reacoes'] as unknown[] | null)?.length);
    expect(await gateway.crm.mensagens(shop.id, { whatsapp_id: reaction.id })).toEqual([]);
  });

  test('an edit replaces the text and keeps what was said before', async () => {
    const first = ana.send(shop.phone, 'as 10h');
    await first.receipted;
    ana.send(shop.phone, anEdit(first.id, 'às 11h'));
    const edited = await rowOf(first.id, (row) => row['editada_em']);
    expect(edited['conteudo']).toBe('às 11h');
    expect(JSON.stringify(edited['dados'])).toContain('as 10h');
  });

  test('a deletion leaves the row, marked', async () => {
    const first = ana.send(shop.phone, 'segredo');
    await first.receipted;
    ana.send(shop.phone, aDeletion(first.id));
    const deleted = await rowOf(first.id, (row) => row['apagada_em']);
    expect(deleted['conteudo']).toBe('Mensagem apagada');
  });

  test('nobody can edit or delete what somebody else wrote', async () => {
    const beto = gateway.aCustomer({ name: 'Beto' });
    const first = ana.send(shop.phone, 'minha frase');
    await first.receipted;
    beto.send(shop.phone, anEdit(first.id, 'frase alheia'));
    beto.send(shop.phone, aDeletion(first.id));
    const last = beto.send(shop.phone, 'fim');
    await rowOf(last.id);
    expect(await rowOf(first.id)).toMatchObject({ conteudo: 'minha frase', editada_em: null, apagada_em: null });
  });
});

describe('what is sealed with the secret of the message that it changes', () => {
  const dados = (row: Record<string, unknown>) => row['dados'] as Record<string, unknown>;
  const isSettled = (row: Record<string, unknown>) => !dados(row)['cifradosPendentes'];

  test('an edit is opened like a plain one: the new text on the row, every old one kept, the seal forgotten', async () => {
    const first = ana.send(shop.phone, withSecret('as 10h'));
    await first.receipted;
    for (const words of ['às 11h', 'às 12h']) {
      ana.send(shop.phone, ana.sealedEdit(first.id, words));
      await rowOf(first.id, (row) => row['conteudo'] === words && isSettled(row));
    }
    const edited = await rowOf(first.id);
    expect(edited).toMatchObject({
      editada_em: expect.any(String),
      dados: { conteudo_original: 'as 10h', versoes: [{ conteudo: 'as 10h' }, { conteudo: 'às 11h' }] },
    });
    expect(Object.keys(dados(edited)).filter((key) => key.startsWith('edicaoCifrada'))).toEqual([]);
  });

  test('whichever of their addresses they sealed it for, in a group, too; ours from the phone as well', async () => {
    const first = ana.send(shop.phone, withSecret('um'));
    await first.receipted;
    ana.send(shop.phone, ana.sealedEdit(first.id, 'dois', ana.lidJid));
    await rowOf(first.id, (row) => row['conteudo'] === 'dois');
    const group = gateway.simulator.createGroup({ subject: 'Equipe', members: [ana, shop.phone] });
    const inGroup = ana.sendToGroup(group, withSecret('grupo'));
    await inGroup.receipted;
    ana.sendToGroup(group, ana.sealedEdit(inGroup.id, 'o grupo', group.addressOf(ana)));
    await rowOf(inGroup.id, (row) => row['conteudo'] === 'o grupo');
    const { body } = await gateway.send(shop.id, { to: ana.number, content: 'nosso' });
    const { whatsappId: id } = body.message;
    const { message } = await ana.nextMessage((received) => received.id === id);
    const original = { id, secret: message.messageContextInfo!.messageSecret!, author: shop.phone.lidJid };
    shop.phone.sendFromPhone(ana, sealedEdit(original, shop.phone.lidJid, 'o nosso'));
    await rowOf(id, (row) => row['conteudo'] === 'o nosso');
  });

  test('an edit that comes before its message, or before its content, waits for it', async () => {
    const early = withSecret('cedo');
    const secret = early.messageContextInfo!.messageSecret!;
    ana.send(shop.phone, sealedEdit({ id: 'CEDO', secret, author: ana.pnJid }, ana.pnJid, 'tarde'));
    await rowOf(ana.send(shop.phone, 'marco').id);
    ana.send(shop.phone, early, { id: 'CEDO' });
    await rowOf('CEDO', (row) => row['conteudo'] === 'tarde');
  });

  test('one that cannot be opened is said in the row, and holds nothing up', async () => {
    const first = ana.send(shop.phone, withSecret('fica'));
    await first.receipted;
    const forged = { id: first.id, secret: new Uint8Array(32), author: ana.pnJid };
    const edit = ana.send(shop.phone, sealedEdit(forged, ana.pnJid, 'não'));
    const row = await rowOf(first.id, (found) => dados(found)['edicaoIlegivelEm']);
    expect(row).toMatchObject({
      conteudo: 'fica',
      dados: { [`edicaoCifrada:${edit.id}`]: { ilegivel: 'naoAbre', encPayload: expect.any(String) } },
    });
    const plain = ana.send(shop.phone, 'sem segredo');
    await plain.receipted;
    ana.send(shop.phone, sealedEdit({ ...forged, id: plain.id }, ana.pnJid, 'não'));
    await rowOf(plain.id, (found) => dados(found)?.['edicaoIlegivelEm']);
  });

  test('nobody edits what somebody else wrote, though they know its secret', async () => {
    const beto = gateway.aCustomer({ name: 'Beto' });
    const group = gateway.simulator.createGroup({ subject: 'Dois', members: [ana, beto, shop.phone] });
    const content = withSecret('minha frase');
    const first = ana.sendToGroup(group, content);
    await first.receipted;
    const original = { id: first.id, secret: content.messageContextInfo!.messageSecret!, author: group.addressOf(ana) };
    const forged = sealedEdit(original, group.addressOf(beto), 'frase alheia');
    const claim = { id: first.id, fromMe: false, participant: group.addressOf(ana) };
    forged.secretEncryptedMessage!.targetMessageKey = claim;
    beto.sendToGroup(group, forged);
    await rowOf(beto.sendToGroup(group, 'fim').id);
    expect(await rowOf(first.id)).toMatchObject({ conteudo: 'minha frase', editada_em: null });
  });

  test('a reaction and an answer to an event are opened, too', async () => {
    const { body } = await gateway.send(shop.id, { to: ana.number, content: 'reaja' });
    const { whatsappId: id } = body.message;
    const { message } = await ana.nextMessage((received) => received.id === id);
    const original = { id, secret: message.messageContextInfo!.messageSecret!, author: shop.phone.pnJid };
    const key = { id, remoteJid: shop.phone.pnJid, fromMe: false };
    ana.send(shop.phone, sealedReaction(original, key, ana.pnJid, '🎉'));
    await rowOf(id, (row) => JSON.stringify(row['reacoes']).includes('🎉'));
    ana.send(shop.phone, sealedReaction(original, key, ana.pnJid, ''));
    await rowOf(id, (row) => row['reacoes'] === null);

    const invitation = withSecret({ eventMessage: { name: 'Reunião' } });
    const event = shop.phone.sendFromPhone(ana, invitation);
    await event.receipted;
    const secret = invitation.messageContextInfo!.messageSecret!;
    const ours = { id: event.id, secret, author: shop.phone.lidJid };
    const { GOING } = proto.Message.EventResponseMessage.EventResponseType;
    ana.send(shop.phone, sealedAnswer(ours, { ...key, id: event.id }, ana.pnJid, GOING));
    const row = await rowOf(event.id, (found) => JSON.stringify(dados(found)).includes('respostas'));
    expect(row).toMatchObject({
      dados: { evento: { nome: 'Reunião', respostas: { [ana.number]: { resposta: 'VAI' } } } },
    });
  });
});

test('the API shows the same messages, newest page by page', async () => {
  const [atendimento] = await gateway.crm.atendimentos(shop.id, { numero_cliente: ana.number });
  const path = `/api/whatsapp-integration/messages/${String(atendimento!['id'])}?limit=7`;
  const seen: string[] = [];
  let cursor: string | null = null;
  await until('the last page', async () => {
    const page: { body: { data: { id: string }[]; nextCursor: string | null } } = await gateway.http.get(
      cursor ? `${path}&cursor=${encodeURIComponent(cursor)}` : path,
    );
    seen.push(...page.body.data.map(({ id }) => id));
    cursor = page.body.nextCursor;
    return cursor === null;
  });
  const rows = await gateway.crm.mensagens(shop.id, { atendimento_id: atendimento!['id'] });
  expect(seen).toHaveLength(rows.length);
  expect(new Set(seen)).toEqual(new Set(rows.map((row) => row['id'])));
});

describe('every content field of the pinned Baileys, sent by a customer', () => {
  /** Of its own, so that what is deleted here is nobody else's. */
  const bia = () => gateway.aCustomer({ name: 'Bia' });
  const makesRow = (field: (typeof CONTENT_FIELDS)[number]) => CORPUS[field][1] !== null;

  test('that people see (84 of 95) is one row, readable', async () => {
    const customer = bia();
    const fields = CONTENT_FIELDS.filter(makesRow);
    expect([CONTENT_FIELDS.length, fields.length]).toEqual([95, 84]);
    const sent = fields.map((field) => ({ field, id: customer.send(shop.phone, { [field]: CORPUS[field][0] }).id }));
    for (const { field, id } of sent) {
      const { conteudo } = await rowOf(id);
      const reads = CORPUS[field][1]!;
      expect([field, conteudo]).toEqual([field, reads instanceof RegExp ? expect.stringMatching(reads) : reads]);
      expect(String(conteudo)).not.toMatch(/^\s*$|^\s*[{[]|\[object|undefined|null/);
      expect(await gateway.crm.mensagens(shop.id, { whatsapp_id: id })).toHaveLength(1);
    }
  }, 120_000);

  test('that changes another message or speaks to devices (11) is no row, and holds nothing up', async () => {
    const customer = bia();
    await rowOf(customer.send(shop.phone, 'alvo', { id: 'ALVO' }).id);
    const fields = CONTENT_FIELDS.filter((field) => !makesRow(field));
    expect(fields).toHaveLength(11);
    // The deletion last: nothing changes a message that is gone.
    const ordered = fields.toSorted((a, b) => Number(a === 'protocolMessage') - Number(b === 'protocolMessage'));
    const ids = ordered.map((field) => customer.send(shop.phone, { [field]: CORPUS[field][0] }).id);
    await rowOf(customer.send(shop.phone, 'marco').id);
    await rowOf('ALVO', (row) => row['apagada_em']);
    for (const whatsapp_id of ids) expect(await gateway.crm.mensagens(shop.id, { whatsapp_id })).toEqual([]);
    expect(gateway.parts.journal.listDeadLetters(10)).toEqual([]);
  });
});

test('what votes, edits and files are sealed with stays in the rows: no list and no export shows it', async () => {
  const secrets = /"(messageSecret|mediaKey|encPayload|encIv|cifrado|cifradosPendentes|bruto)"/g;
  const found = (rows: unknown) => [...new Set(JSON.stringify(rows).match(secrets))].sort();
  const sealed = ['"bruto"', '"cifrado"', '"encIv"', '"encPayload"', '"mediaKey"', '"messageSecret"'];
  expect(found(await gateway.crm.mensagens(shop.id))).toEqual(sealed);
  const shown: unknown[] = [];
  for (const { id } of await gateway.crm.atendimentos(shop.id)) {
    const base = '/api/whatsapp-integration';
    const list = await gateway.http.get<{ data: unknown[] }>(`${base}/messages/${String(id)}?limit=200`);
    const file = await gateway.http.get(`${base}/atendimentos/${String(id)}/export?format=json`);
    shown.push(list.body.data, file.body);
  }
  expect(found(shown)).toEqual([]);
  expect(JSON.stringify(shown)).toMatch(/"edicaoIlegivelEm".*"fileSha256"|"fileSha256".*"edicaoIlegivelEm"/);
});
