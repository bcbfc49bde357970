import { expect, test } from '@jest/globals';
import { aGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();

test('the two addresses of one person, number and LID, are one contato and one atendimento', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await ana.send(phone, 'pelo número').receipted;
  ana.addressing = 'lid';
  await ana.send(phone, 'pelo LID').receipted;
  const rows = await until('both', async () => {
    const found = await gateway.crm.mensagens(id);
    return found.length === 2 && found;
  });
  expect(new Set(rows.map((row) => row['contato_id'])).size).toBe(1);
  const atendimentos = await gateway.crm.atendimentos(id);
  expect(atendimentos).toMatchObject([{ numero_cliente: ana.number, nao_lidas: 2 }]);
  expect(await gateway.crm.contatos(id, { tipo: 'pessoa' })).toMatchObject([{ pn: ana.pnJid, lid: ana.lidJid }]);
});

test('two contatos that turn out to be one person are merged, and the routes follow', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const bia = gateway.aCustomer({ hasLidMapping: false });
  const merged: { de: string; para: string }[] = [];
  const off = gateway.parts.events.on('atendimentoMerged', (event) => merged.push(event));
  await bia.send(phone, 'pelo número').receipted;
  bia.addressing = 'lid';
  await bia.send(phone, 'pelo LID').receipted;
  const two = await until('two atendimentos', async () => {
    const found = await gateway.crm.atendimentos(id);
    return found.length === 2 && found;
  });
  expect(two.map((row) => row['numero_cliente'])).toContain(`${bia.lid}@lid`);
  bia.hasLidMapping = true;
  await bia.send(phone, 'agora se sabe').receipted;
  await until('the merge', () => merged.length > 0);
  off();
  const open = await gateway.crm.atendimentos(id, { unido_a: null });
  expect(open).toMatchObject([{ numero_cliente: bia.number, status: 'AGUARDANDO', nao_lidas: 3 }]);
  const [gone] = (await gateway.crm.atendimentos(id)).filter((row) => row['unido_a'] !== null);
  expect(gone).toMatchObject({ status: 'CANCELADO', unido_a: open[0]!['id'] });
  expect(merged[0]).toMatchObject({ de: gone!['id'], para: open[0]!['id'] });
  const rows = await gateway.crm.mensagens(id);
  expect(rows.map((row) => row['atendimento_id'])).toEqual([1, 2, 3].map(() => open[0]!['id']));
  const page = await gateway.http.get<{ data: unknown[] }>(`/api/whatsapp-integration/messages/${String(gone!['id'])}`);
  expect(page.body.data).toHaveLength(3);
});

test('an answer to somebody who writes under a LID lands in the same atendimento', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer({ addressing: 'lid' });
  await ana.send(phone, 'oi').receipted;
  const answered = await gateway.send(id, { to: ana.number, content: 'olá' });
  expect(answered.status).toBe(201);
  expect((await ana.nextMessage()).text).toBe('olá');
  const rows = await until('both', async () => {
    const found = await gateway.crm.mensagens(id);
    return found.length === 2 && found;
  });
  expect(new Set(rows.map((row) => row['atendimento_id'])).size).toBe(1);
  expect(await gateway.crm.atendimentos(id)).toMatchObject([{ status: 'EM_ATENDIMENTO', nao_lidas: 1 }]);
});

test.each(['lid', 'pn'] as const)(
  'a group (%s) is one contato and one atendimento, with its authors',
  async (addressing) => {
    const { id, phone } = await gateway.aPairedConnection();
    const [ana, beto] = [gateway.aCustomer({ name: 'Ana' }), gateway.aCustomer({ name: 'Beto' })];
    const group = gateway.simulator.createGroup({ subject: 'Família', members: [phone, ana, beto], addressing });
    await ana.sendToGroup(group, 'oi, gente').receipted;
    await beto.sendToGroup(group, 'oi, Ana').receipted;
    await phone.sendFromPhone(group, 'oi, todos').receipted;
    const sent = await gateway.send(id, { to: group.jid, content: 'oi do sistema' });
    expect(sent.status).toBe(201);
    await ana.nextMessage((message) => message.text === 'oi do sistema');
    const rows = await until('all', async () => {
      const found = await gateway.crm.mensagens(id);
      return found.length === 4 && found;
    });
    expect(rows.map((row) => row['remetente'])).toEqual(['CLIENTE', 'CLIENTE', 'ATENDENTE', 'ATENDENTE']);
    expect(new Set(rows.slice(0, 2).map((row) => row['autor_id'])).size).toBe(2);
    expect(rows[2]!['autor_id']).toBe(rows[3]!['autor_id']);
    const atendimentos = await gateway.crm.atendimentos(id);
    expect(atendimentos).toMatchObject([
      { canal: 'whatsapp_grupo', numero_cliente: group.jid, status: 'EM_ATENDIMENTO' },
    ]);
    await until('its subject', async () => {
      const [contato] = await gateway.crm.contatos(id, { tipo: 'grupo' });
      return contato?.['nome'] === 'Família';
    });
  },
);

test("what is written on the phone itself is the agent's, in the customer's atendimento", async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await ana.send(phone, 'alguém aí?').receipted;
  const own = phone.sendFromPhone(ana, 'sim, do celular');
  await own.receipted;
  expect(await gateway.crm.mensagem(id, own.id)).toMatchObject({ remetente: 'ATENDENTE', conteudo: 'sim, do celular' });
  expect(await gateway.crm.atendimentos(id)).toMatchObject([{ status: 'EM_ATENDIMENTO', numero_cliente: ana.number }]);
  const [me] = await gateway.crm.contatos(id, { tipo: 'eu' });
  expect(await gateway.crm.mensagem(id, own.id)).toMatchObject({ autor_id: me!['id'] });
});

test('status broadcasts are left out, and receipted all the same', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  const own = phone.sendFromPhone('status@broadcast', 'meu status');
  await own.receipted;
  const text = ana.send(phone, 'depois do status');
  await gateway.crm.mensagem(id, text.id);
  expect(await gateway.crm.mensagens(id)).toHaveLength(1);
});

test('a finished atendimento stays finished: the next message opens another', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await ana.send(phone, 'primeira vez').receipted;
  const [first] = await until('the first', async () => {
    const found = await gateway.crm.atendimentos(id);
    return found.length === 1 && found;
  });
  await gateway.crm.update('whatsapp_atendimentos', first!['id'], { status: 'FINALIZADO' });
  const again = ana.send(phone, 'segunda vez');
  const more = ana.send(phone, 'e mais');
  await gateway.crm.mensagem(id, more.id);
  expect(await gateway.crm.atendimentos(id)).toMatchObject([
    { status: 'FINALIZADO' },
    { status: 'AGUARDANDO', nao_lidas: 2 },
  ]);
  expect((await gateway.crm.mensagem(id, again.id))['atendimento_id']).not.toBe(first!['id']);
  const active = await gateway.http.get<{ data: { id: string; session_id: string }[] }>(
    '/api/whatsapp-integration/atendimentos/active?limit=200',
  );
  const session = await gateway.crm.session(id);
  expect(active.body.data.filter((row) => row.session_id === session['id'])).toHaveLength(1);
});

test('a connection that leaves groups out has no rows of them, and the groups are receipted all the same', async () => {
  const { id, phone } = await gateway.aPairedConnection(undefined, { settings: { ignorarGrupos: true } });
  const ana = gateway.aCustomer();
  const group = gateway.simulator.createGroup({ subject: 'Condomínio', members: [phone, ana] });
  await ana.sendToGroup(group, 'no grupo').receipted;
  const direct = ana.send(phone, 'em particular');
  await gateway.crm.mensagem(id, direct.id);
  expect(await gateway.crm.mensagens(id)).toHaveLength(1);
});

test('a mention by LID is shown as number, also of somebody in the group who never wrote, in rows and webhooks', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const [ana, beto] = [gateway.aCustomer({ name: 'Ana' }), gateway.aCustomer({ name: 'Beto' })];
  const group = gateway.simulator.createGroup({ subject: 'Vendas', members: [phone, ana, beto] });
  // Its members are learnt beside its first message.
  await ana.sendToGroup(group, 'oi, gente').receipted;
  await until('the group is known', async () => {
    const answer = await gateway.http.get(`/api/whatsapp-bootstrap/connections/${id}/groups/${group.jid}`);
    return answer.status === 200;
  });
  const mention = ana.sendToGroup(group, {
    extendedTextMessage: { text: `@${beto.lid} veja`, contextInfo: { mentionedJid: [beto.lidJid] } },
  });
  const row = await gateway.crm.mensagem(id, mention.id);
  expect(row).toMatchObject({ conteudo: `@${beto.number} veja`, dados: { mencoes: [beto.number] } });
  expect(row['dados']).not.toHaveProperty('mencionaNos');

  const us = ana.sendToGroup(group, {
    extendedTextMessage: { text: `@${phone.lid} ajuda`, contextInfo: { mentionedJid: [phone.lidJid] } },
  });
  expect(await gateway.crm.mensagem(id, us.id)).toMatchObject({
    conteudo: `@${phone.number} ajuda`,
    dados: { mencoes: [phone.number], mencionaNos: true },
  });
});
