import { beforeAll, describe, expect, test } from '@jest/globals';
import type { GroupResource, GroupSummary, MemberResultResource } from '../../src/integration/group-resources.js';
import type { Contact, Group } from '../../src/simulator/index.js';
import { aGateway, SEND, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
let shop: PairedConnection;
let base: string;

beforeAll(async () => {
  shop = await gateway.aPairedConnection('grupos');
  base = `/api/whatsapp-bootstrap/connections/${shop.id}/groups`;
});

interface Row {
  [column: string]: unknown;
}
const aGroup = (...members: Contact[]): Group =>
  gateway.simulator.createGroup({ subject: 'Equipe', members: [shop.phone, ...members] });
const info = async (group: Group) =>
  (await gateway.http.get<{ group: GroupResource }>(`${base}/${group.jid}`)).body.group;
const numbers = (group: GroupResource) => group.participants.map(({ numero }) => numero).sort();
const queries = (group: Group) =>
  gateway.simulator.history.of('group.queried').filter((query) => query.group === group.jid).length;
const changeMembers = async (group: Group, action: string, participants: string[]) => {
  const body = { action, participants };
  const answer = await gateway.http.post<{ results: MemberResultResource[] }>(
    `${base}/${group.jid}/participants`,
    body,
  );
  return answer.body.results;
};
const notices = async (group: Group) =>
  (await gateway.crm.mensagens(shop.id, { chat_jid: group.jid, subtipo: 'AVISO_GRUPO' })).map(
    ({ conteudo }) => conteudo,
  );
const patch = (group: Group, changes: object) =>
  gateway.http.request<{ group: GroupResource }>('PATCH', `${base}/${group.jid}`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(changes),
  });
const noticed = (group: Group, text: string) =>
  until(`“${text}”`, async () => (await notices(group)).includes(text) || undefined);
const rowOf = (id: string, ready: (row: Row) => unknown) => gateway.crm.mensagem(shop.id, id, ready);
const partsOf = (row: Row) => (row['dados'] as { participantes: Record<string, Row> }).participantes;

describe('making and changing groups', () => {
  test('a group is made with whom it can be made, and is in the list with its members', async () => {
    const [ana, beto] = [gateway.aCustomer(), gateway.aCustomer()];
    beto.acceptsGroupAdds = false;
    const participants = [ana.number, beto.number, '+55 11 93333-0000'];
    const body = { subject: 'Vendas', participants };
    const made = await gateway.http.post<{ group: GroupResource; results: MemberResultResource[] }>(base, body);
    expect(verdict(made)).toBe('201');
    expect(made.body.results.map(({ participant, status }) => [participant, status])).toEqual([
      [ana.number, '200'],
      [beto.number, '403'],
      ['+55 11 93333-0000', '404'],
    ]);
    expect(made.body.group).toMatchObject({ subject: 'Vendas', size: 2, announce: false });
    const list = await gateway.http.get<{ data: GroupSummary[] }>(base);
    expect(list.body.data).toContainEqual(
      expect.objectContaining({ id: made.body.group.id, subject: 'Vendas', size: 2 }),
    );
    expect(
      numbers((await gateway.http.get<{ group: GroupResource }>(`${base}/${made.body.group.id}`)).body.group),
    ).toEqual([shop.phone.number, ana.number].sort());
  });

  test('people are added, promoted, demoted and removed, each with a result of their own', async () => {
    const [ana, beto, caio] = [gateway.aCustomer(), gateway.aCustomer(), gateway.aCustomer()];
    const group = aGroup(ana);
    caio.acceptsGroupAdds = false;
    const added = await changeMembers(group, 'add', [beto.number, caio.number, ana.number]);
    expect(added).toMatchObject([
      { participant: beto.number, ok: true, status: '200', motivo: null, invite: null },
      { participant: caio.number, ok: false, status: '403', invite: { code: expect.any(String) } },
      { participant: ana.number, ok: false, status: '409' },
    ]);
    expect(Date.parse(added[1]!.invite!.expiresAt)).toBeGreaterThan(Date.now());
    await until('beto', async () => numbers(await info(group)).includes(beto.number) || undefined);
    expect(await changeMembers(group, 'promote', [beto.lidJid, caio.number])).toMatchObject([
      { ok: true },
      { ok: false, status: '404', jid: null },
    ]);
    const admin = async () => (await info(group)).participants.find(({ numero }) => numero === beto.number)?.admin;
    expect(await admin()).toBe('admin');
    expect(await changeMembers(group, 'demote', [beto.number])).toMatchObject([{ ok: true }]);
    expect(await admin()).toBeNull();
    expect(await changeMembers(group, 'remove', [beto.number])).toMatchObject([{ ok: true }]);
    expect(numbers(await info(group))).toEqual([shop.phone.number, ana.number].sort());
    expect(group.members).toEqual([shop.phone, ana]);
    await noticed(group, `Você adicionou +${beto.number}`);
    await noticed(group, `Você removeu +${beto.number}`);
  });

  test('subject, description and settings change at WhatsApp and here', async () => {
    const group = aGroup(gateway.aCustomer());
    const changes = { subject: 'Equipe 2', description: 'Só trabalho', announce: true, locked: true };
    const changed = await patch(group, changes);
    expect(verdict(changed)).toBe('200');
    expect(changed.body.group).toMatchObject(changes);
    expect(group).toMatchObject({ subject: 'Equipe 2', announce: true, locked: true });
    expect(group.description?.body).toBe('Só trabalho');
    await patch(group, { description: '', announce: false });
    expect(await info(group)).toMatchObject({ description: null, announce: false, locked: true });
    await until('its name', async () => {
      const [row] = await gateway.crm.contatos(shop.id, { jid: group.jid });
      return row?.['nome'] === 'Equipe 2' || undefined;
    });
  });

  test('a link lets people in until it is revoked, and this number into other groups', async () => {
    const ana = gateway.aCustomer();
    const group = aGroup(ana);
    const invite = await gateway.http.get<{ code: string; link: string }>(`${base}/${group.jid}/invite`);
    expect(invite.body).toMatchObject({
      code: group.inviteCode,
      link: `https://chat.whatsapp.com/${group.inviteCode}`,
    });
    const renewed = await gateway.http.post<{ code: string }>(`${base}/${group.jid}/invite/revoke`, {});
    expect(renewed.body.code).toBe(group.inviteCode);
    expect(renewed.body.code).not.toBe(invite.body.code);

    const other = gateway.simulator.createGroup({ subject: 'Bairro', members: [ana] });
    const joined = await gateway.http.post<{ groupId: string }>(`${base}/join`, { invite: other.inviteCode });
    expect(joined.body.groupId).toBe(other.jid);
    expect((await info(other)).subject).toBe('Bairro');
    expect(verdict(await gateway.http.post(`${base}/join`, { invite: invite.body.link }))).toBe('422 INVITE_INVALID');
    expect(verdict(await gateway.http.post(`${base}/${other.jid}/invite/revoke`, {}))).toBe('403 GROUP_FORBIDDEN');
    expect(verdict(await gateway.http.post(`${base}/${other.jid}/leave`, {}))).toBe('200');
    expect(other.members).toEqual([ana]);
    expect(verdict(await gateway.http.get(`${base}/${other.jid}`))).toBe('403 GROUP_FORBIDDEN');
  });

  test('members are shown by the names that are known of them', async () => {
    const [ana, beto] = [gateway.aCustomer({ name: 'Ana Lima' }), gateway.aCustomer()];
    const group = aGroup(ana, beto);
    await gateway.crm.mensagem(shop.id, ana.sendToGroup(group, 'oi').id);
    const { participants } = await info(group);
    expect(participants.map(({ numero, nome, eu, admin }) => [numero, nome, eu, admin])).toEqual([
      [shop.phone.number, null, true, 'superadmin'],
      [ana.number, 'Ana Lima', false, null],
      [beto.number, null, false, null],
    ]);
  });

  test('a group that there is not, and one of other people, are said to be so', async () => {
    const others = gateway.simulator.createGroup({ subject: 'Outros', members: [gateway.aCustomer()] });
    expect(verdict(await gateway.http.get(`${base}/120363000000000404@g.us`))).toBe('404 GROUP_NOT_FOUND');
    expect(verdict(await gateway.http.get(`${base}/${others.jid}`))).toBe('403 GROUP_FORBIDDEN');
    const body = { action: 'add', participants: ['120363000000000404@g.us'] };
    expect(verdict(await gateway.http.post(`${base}/${others.jid}/participants`, body))).toBe('400 INVALID_RECIPIENT');
    expect(verdict(await gateway.http.get('/api/whatsapp-bootstrap/connections/nada/groups'))).toBe(
      '404 CONNECTION_NOT_FOUND',
    );
  });

  test('a message to either ends at once, and says why in its answer and its row', async () => {
    const others = gateway.simulator.createGroup({ subject: 'Outros', members: [gateway.aCustomer()] });
    for (const [to, status, code] of [
      ['120363000000000404@g.us', 404, 'GROUP_NOT_FOUND'],
      [others.jid, 403, 'GROUP_FORBIDDEN'],
    ] as const) {
      const answer = await gateway.http.post(SEND, { connectionId: shop.id, to, content: 'alguém aí?' });
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({ error: { code } });
      const row = await until('the row', async () => (await gateway.crm.mensagens(shop.id, { chat_jid: to }))[0]);
      expect(row).toMatchObject({ conteudo: 'alguém aí?' });
      await rowOf(String(row.whatsapp_id), ({ erro }) => erro === code);
    }
  });
});

describe('what others do in groups', () => {
  test('it is a row that reads well, and neither a message nor a new conversation', async () => {
    const [ana, beto] = [gateway.aCustomer({ name: 'Ana' }), gateway.aCustomer({ name: 'Beto' })];
    const group = aGroup(ana);
    const messages: unknown[] = [];
    const updates: unknown[] = [];
    const { events } = gateway.parts;
    const off = [
      events.on('messageReceived', (event) => messages.push(event)),
      events.on('groupUpdated', (event) => updates.push(event)),
    ];
    gateway.simulator.changeGroup(group, ana, { kind: 'add', members: [beto] });
    gateway.simulator.changeGroup(group, ana, { kind: 'subject', subject: 'Clientes' });
    gateway.simulator.changeGroup(group, beto, { kind: 'remove', members: [beto] });
    gateway.simulator.changeGroup(group, ana, { kind: 'announcement' });
    await until('all rows', async () => (await notices(group)).length === 4 || undefined);
    expect(await notices(group)).toEqual([
      `Ana adicionou +${beto.number}`,
      'Ana mudou o nome do grupo para “Clientes”',
      `+${beto.number} saiu do grupo`,
      'Ana definiu que só administradores podem enviar mensagens',
    ]);
    await until('the news', () => updates.length === 4 || undefined);
    off.forEach((undo) => undo());
    expect(messages).toEqual([]);
    const rows = await gateway.crm.mensagens(shop.id, { chat_jid: group.jid });
    expect(rows[0]).toMatchObject({ remetente: 'SISTEMA', status: 'RECEBIDA', atendimento_id: null });
    expect(rows[0]).toMatchObject({
      dados: { aviso: { acao: 'add', participantes: [{ pn: beto.pnJid, eu: false }] } },
    });
    expect(await gateway.crm.atendimentos(shop.id, { numero_cliente: group.jid })).toEqual([]);
  });

  test('sending asks WhatsApp for members once, and reaches who came in and left meanwhile, also after a restart', async () => {
    const [ana, beto, caio] = [gateway.aCustomer(), gateway.aCustomer(), gateway.aCustomer()];
    const group = aGroup(ana);
    const say = async (content: string) =>
      expect(verdict(await gateway.send(shop.id, { to: group.jid, content }))).toBe('201');
    await say('um');
    await say('dois');
    expect(queries(group)).toBe(1);
    gateway.simulator.changeGroup(group, ana, { kind: 'add', members: [beto] });
    await noticed(group, `Ana adicionou +${beto.number}`);
    await say('três');
    expect((await beto.nextMessage()).text).toBe('três');
    gateway.simulator.changeGroup(group, ana, { kind: 'remove', members: [ana] });
    await noticed(group, `+${ana.number} saiu do grupo`);
    await gateway.restart();
    await gateway.untilEstado(shop.id, 'ready');
    await say('quatro');
    expect((await beto.nextMessage()).text).toBe('quatro');
    expect(ana.inbox.map(({ text }) => text)).not.toContain('quatro');
    await gateway.stop();
    gateway.simulator.changeGroup(group, beto, { kind: 'add', members: [caio] });
    await gateway.start();
    await gateway.untilEstado(shop.id, 'ready');
    await noticed(group, `Ana adicionou +${caio.number}`);
    expect(numbers(await info(group))).toEqual([shop.phone.number, beto.number, caio.number].sort());
    await say('cinco');
    expect((await caio.nextMessage()).text).toBe('cinco');
    expect(queries(group)).toBe(1);
  }, 60_000);
});

describe('who has got and read what was sent to a group', () => {
  test('the row is delivered when everybody has it and read when everybody has read it', async () => {
    const [ana, beto] = [gateway.aCustomer(), gateway.aCustomer()];
    ana.autoReceipts = 'none';
    beto.autoReceipts = 'none';
    const group = aGroup(ana, beto);
    const { whatsappId: id } = (await gateway.send(shop.id, { to: group.jid, content: 'leiam' })).body.message;
    await Promise.all([ana.nextMessage(), beto.nextMessage()]);
    const sent = await rowOf(id, ({ status }) => status === 'ENVIADA');
    expect(Object.keys(partsOf(sent)).sort()).toEqual([ana.number, beto.number].sort());
    ana.sendReceipt(id, 'read');
    const half = await rowOf(id, (row) => partsOf(row)[ana.number]?.['lido']);
    expect(half).toMatchObject({ status: 'ENVIADA', lida: false, dados: { destinatarios: 2 } });
    beto.sendReceipt(id, 'delivered');
    await rowOf(id, ({ status }) => status === 'ENTREGUE');
    beto.sendReceipt(id, 'read');
    const read = await rowOf(id, ({ status }) => status === 'LIDA');
    expect(read['lida']).toBe(true);
    expect(partsOf(read)).toMatchObject({
      [ana.number]: { lid: ana.lidJid, lido: expect.any(String) },
      [beto.number]: { lid: beto.lidJid, entregue: expect.any(String), lido: expect.any(String) },
    });
    ana.sendReceipt(id, 'played');
    await rowOf(id, (row) => partsOf(row)[ana.number]?.['ouvido']);
    expect(await rowOf(id, () => true)).toMatchObject({ status: 'LIDA' });
  });
});
