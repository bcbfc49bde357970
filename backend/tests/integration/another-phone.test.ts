import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Contact, Phone } from '../../src/simulator/index.js';
import type { Evento, ResultadoEvento } from '../../src/supabase/evento.js';
import { aMessage, aPerson, aSession } from '../support/eventos.js';
import { aGateway, aNumber, CONNECTIONS, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const SCHEDULED = '/api/whatsapp-integration/scheduled-messages';
let alerts: { code: string; message: string; connectionId?: string }[] = [];
let off = (): void => undefined;

beforeEach(() => {
  alerts = [];
  off = gateway.parts.events.on('alert', (alert) => void alerts.push(alert));
});
afterEach(() => off());

const changes = () => alerts.filter(({ code }) => code === 'NUMBER_CHANGED');
const aPhone = () => gateway.simulator.createPhone({ number: aNumber(), name: 'Loja' });

/** The device is removed on its phone, and another phone (or the same) scans the connection's next QR code. */
async function repaired({ id, phone, companion }: PairedConnection, by: Phone): Promise<PairedConnection> {
  phone.unlink(companion);
  await gateway.untilEstado(id, 'logged_out');
  return gateway.aPairedConnection(id, {}, by);
}

async function written(shop: PairedConnection, by: Contact, text: string) {
  const { id } = by.send(shop.phone, text);
  return gateway.crm.mensagem(shop.id, id);
}

const atendimento = async (message: Record<string, unknown>) =>
  (await gateway.crm.rows('whatsapp_atendimentos', { id: message['atendimento_id'] }))[0]!;

describe('another phone on the same connection', () => {
  test('closes what was open under the old number, begins anew under its own, greets anew, and is told once', async () => {
    const before = await gateway.aPairedConnection();
    const robot = { autoResposta: true, boasVindas: 'Olá!', encerramento: 'Tchau!' };
    expect(verdict(await gateway.http.post(`${CONNECTIONS}/${before.id}/robot`, robot))).toBe('200');
    const ana = gateway.aCustomer();
    const first = await written(before, ana, 'oi, loja antiga');
    await until('the first greeting', () => ana.inbox.length === 1);

    const after = await repaired(before, aPhone());
    const second = await written(after, ana, 'oi, loja nova');
    await until('the second greeting', () => ana.inbox.length === 2);

    expect([first['numero_proprio'], second['numero_proprio']]).toEqual([before.phone.number, after.phone.number]);
    expect(second['contato_id']).toBe(first['contato_id']);
    expect(await atendimento(first)).toMatchObject({
      ...{ status: 'CANCELADO', numero_proprio: before.phone.number, data_fim: expect.any(String) },
    });
    expect(await atendimento(second)).toMatchObject({ status: 'AGUARDANDO', numero_proprio: after.phone.number });
    expect(ana.inbox.map(({ text }) => text)).toEqual(['Olá!', 'Olá!']);
    const events = await gateway.crm.rows('whatsapp_atendimento_eventos', { atendimento_id: first['atendimento_id'] });
    expect(events).toMatchObject([{ tipo: 'CANCELADO', origem: 'sentinela', depois: { status: 'CANCELADO' } }]);
    expect(String(events[0]!['texto'])).toContain(after.phone.number);
    expect(changes()).toMatchObject([{ connectionId: before.id }]);
    expect(changes()[0]!.message).toContain(`${before.phone.number} antes, ${after.phone.number} agora`);
  });

  test('leaves the old ones open and apart with aoTrocarNumero separar', async () => {
    const before = await gateway.aPairedConnection(undefined, { settings: { aoTrocarNumero: 'separar' } });
    const ana = gateway.aCustomer();
    const first = await written(before, ana, 'antes');
    const after = await repaired(before, aPhone());
    const second = await written(after, ana, 'depois');
    const third = await written(after, ana, 'mais');
    expect(await atendimento(first)).toMatchObject({ status: 'AGUARDANDO', nao_lidas: 1 });
    expect(await atendimento(second)).toMatchObject({ status: 'AGUARDANDO', nao_lidas: 2 });
    expect(third['atendimento_id']).toBe(second['atendimento_id']);
    expect(second['atendimento_id']).not.toBe(first['atendimento_id']);
  });

  test('is none when the same phone is linked again, also after a logout by the API and a restart', async () => {
    const before = await gateway.aPairedConnection();
    const ana = gateway.aCustomer();
    const first = await written(before, ana, 'antes');
    const again = await repaired(before, before.phone);
    expect(verdict(await gateway.http.post(`/clients/${again.id}/logout`))).toBe('200');
    await gateway.restart();
    const third = await gateway.aPairedConnection(again.id, {}, before.phone);
    const second = await written(third, ana, 'depois');
    expect(second['atendimento_id']).toBe(first['atendimento_id']);
    expect(changes()).toEqual([]);
  });

  test('is noticed after a logout by the API and a restart, too', async () => {
    const before = await gateway.aPairedConnection();
    const ana = gateway.aCustomer();
    const first = await written(before, ana, 'antes');
    await gateway.http.post(`/clients/${before.id}/logout`);
    off();
    await gateway.restart();
    off = gateway.parts.events.on('alert', (alert) => void alerts.push(alert));
    const after = await gateway.aPairedConnection(before.id, {}, aPhone());
    const second = await written(after, ana, 'depois');
    expect(await atendimento(first)).toMatchObject({ status: 'CANCELADO' });
    expect(second['atendimento_id']).not.toBe(first['atendimento_id']);
    expect(changes()).toHaveLength(1);
  });

  test('does not send what was scheduled for the old number, and says why', async () => {
    const before = await gateway.aPairedConnection();
    const ana = gateway.aCustomer();
    const sendAt = new Date(Date.now() + 3_600_000).toISOString();
    const body = { connectionId: before.id, to: ana.number, content: 'amanhã', sendAt };
    const kept = await gateway.http.post<{ agendamento: { id: string } }>(SCHEDULED, body);
    const moved = await gateway.http.post<{ agendamento: { id: string } }>(SCHEDULED, { ...body, content: 'mudada' });
    const after = await repaired(before, aPhone());
    const { schedule } = gateway.parts.journal;
    const due = { sendAt: Date.now() };
    const record = schedule.get(kept.body.agendamento.id)!;
    await gateway.parts.journal.commit({ scheduled: [{ ...record, ...due, revision: record.revision + 1 }] });
    const patched = await gateway.http.request('PATCH', `${SCHEDULED}/${moved.body.agendamento.id}`, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sendAt: new Date().toISOString() }),
    });
    expect(patched.status).toBe(200);
    await until('it has failed', () => schedule.get(record.id)?.state === 'FALHOU');
    expect(schedule.get(record.id)).toMatchObject({ error: 'NUMBER_CHANGED' });
    // A person has changed this one with the new number in sight.
    expect((await ana.nextMessage()).text).toBe('mudada');
    expect(ana.inbox.map(({ text }) => text)).toEqual(['mudada']);
    expect(after.phone.number).not.toBe(before.phone.number);
  });
});

/** The rows alone: what the journal held through an outage, written in its order. */
describe('rows that are written late', () => {
  const write = (...lote: Evento[]): Promise<ResultadoEvento[]> => gateway.parts.database.registrarEventos(lote);
  const [A, B] = ['5511900000000', '5511911112222'];
  const open = { AGUARDANDO: true, EM_ATENDIMENTO: true } as Record<string, boolean>;
  const rowsOf = async (sessao: string) =>
    (await gateway.crm.atendimentos(sessao)).map(({ numero_proprio, status, nao_lidas }) => [
      ...[numero_proprio, open[String(status)] ?? false, nao_lidas],
    ]);

  test('are never mixed, whether the connection or its message tells of the new number first', async () => {
    for (const told of [true, false]) {
      const session = aSession({ numero: A });
      const { sessao } = session;
      const ana = aPerson();
      const [one, two, three] = [A, B, B].map((numero_proprio) => aMessage(sessao, ana, { numero_proprio }));
      const change: Evento = { op: 'sessao', sessao, numero: B, lid: '911112222@lid', ordem: two!.ordem };
      const results = await write(session, one!, ...(told ? [change] : []), two!, three!);
      expect(new Set(results.filter(({ mensagem_id: id }) => id).map((each) => each.atendimento_id)).size).toBe(2);
      expect(await rowsOf(sessao)).toEqual([
        [A, false, 1],
        [B, true, 2],
      ]);
      // Written again after a crash, and a letter of before that was put back: nothing turns around.
      await write(
        one!,
        two!,
        aMessage(sessao, ana, { numero_proprio: A, ordem: one!.ordem }),
        aMessage(sessao, ana, { numero_proprio: B }),
      );
      expect(await rowsOf(sessao)).toEqual([
        [A, false, 1],
        [B, true, 3],
        [A, true, 1],
      ]);
    }
  });

  test('a number that is learned late, a new LID and the other Brazilian spelling change nothing', async () => {
    const session = aSession({ numero: null, lid: null });
    const { sessao } = session;
    const ana = aPerson();
    await write(session, aMessage(sessao, ana, { numero_proprio: null }));
    await write(
      { op: 'sessao', sessao, numero: '5551988887777' },
      aMessage(sessao, ana, { numero_proprio: '5551988887777' }),
    );
    await write({ op: 'sessao', sessao, lid: '77@lid' }, aMessage(sessao, ana, { numero_proprio: null }));
    await write({ op: 'sessao', sessao, numero: null }, { op: 'sessao', sessao, numero: '555188887777' });
    await write(aMessage(sessao, ana, { numero_proprio: '555188887777' }), aMessage(sessao, ana));
    expect(await rowsOf(sessao)).toEqual([[null, true, 5]]);
  });

  test('a customer whose number becomes this one stays a customer, and whoever it was before can be one', async () => {
    const session = aSession({ numero: A, lid: '900000000@lid' });
    const { sessao } = session;
    const phoneB = aPerson({ pn: `${B}@s.whatsapp.net`, lid: '911112222@lid' });
    const phoneA = aPerson({ pn: `${A}@s.whatsapp.net`, lid: '900000000@lid' });
    const [asked] = (await write(session, aMessage(sessao, phoneB, { numero_proprio: A }))).slice(1);
    await write({ op: 'sessao', sessao, numero: B, lid: '911112222@lid' });
    const [answered] = await write(aMessage(sessao, phoneA, { numero_proprio: B }));
    expect(answered!.contato_id).not.toBe(asked!.contato_id);
    expect(await gateway.crm.contatos(sessao, { tipo: 'eu' })).toMatchObject([{ numero: B }]);
    expect(await gateway.crm.rows('whatsapp_contatos', { id: asked!.contato_id })).toMatchObject([
      { tipo: 'pessoa', numero: B },
    ]);
    // And back again: the customer is reached as before.
    await write({ op: 'sessao', sessao, numero: A, lid: '900000000@lid' });
    const [back] = await write(aMessage(sessao, aPerson({ pn: phoneB.pn, lid: null }), { numero_proprio: A }));
    expect(back!.contato_id).toBe(asked!.contato_id);
  });

  test('two contatos that turn out to be one are merged within each own number', async () => {
    const session = aSession({ numero: A, configuracao: { aoTrocarNumero: 'separar' } });
    const { sessao } = session;
    const ana = aPerson();
    const [byNumber, byLid] = [aPerson({ pn: ana.pn, lid: null }), aPerson({ pn: null, lid: ana.lid })];
    await write(session);
    for (const numero_proprio of [A, B]) {
      await write(aMessage(sessao, byNumber, { numero_proprio }), aMessage(sessao, byLid, { numero_proprio }));
    }
    await write({ op: 'contato', sessao, contato: ana });
    const rows = await gateway.crm.atendimentos(sessao, { unido_a: null });
    expect(rows.map(({ numero_proprio, nao_lidas }) => [numero_proprio, nao_lidas])).toEqual([
      [A, 2],
      [B, 2],
    ]);
  });
});
