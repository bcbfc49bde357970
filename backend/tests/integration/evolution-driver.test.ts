import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ClientResource } from '../../src/integration/client-resources.js';
import type { ConnectionResource } from '../../src/integration/resources.js';
import { anApiKey, as, ROOT_KEY } from '../support/access.js';
import type { Json } from '../../src/simulator/evolution/envelope.js';
import { aWireMessage } from '../support/evolution-events.js';
import { EvolutionSimulator, SERVER_KEY } from '../../src/simulator/evolution/evolution-simulator.js';
import { aNumber, aGateway, CONNECTIONS, SEND, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';

const server = new EvolutionSimulator();
const settings: Record<string, string> = {
  API_KEY: ROOT_KEY,
  EVOLUTION_API_KEY: SERVER_KEY,
  HEALTH_CHECK_INTERVAL_MS: '300',
  EVOLUTION_CIRCUIT_RESET_MS: '300',
};
// Before the gateway starts: it is told where the server is.
beforeAll(async () => {
  await server.up();
  settings['EVOLUTION_API_URL'] = server.url;
});
const gateway = aGateway(settings);
const root = as(ROOT_KEY);
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
let counter = 0;

beforeAll(() => gateway.onClose(() => server.down()));

async function aRemoteConnection(id = `remota-${++counter}`): Promise<string> {
  await gateway.http.post(CONNECTIONS, { connectionId: id, driver: 'evolution' }, root);
  await until(`the webhook of ${id}`, () => server.instances.get(id)?.webhook);
  await server.scan(id, aNumber());
  await untilEstado(id, 'ready');
  return id;
}
async function show(id: string): Promise<ConnectionResource> {
  return (await gateway.http.get<{ data: ConnectionResource }>(`${CONNECTIONS}/${id}`, root)).body.data;
}
const untilEstado = (id: string, estado: string) =>
  until(`${id} to be ${estado}`, async () => (await show(id)).estado === estado);
const send = (id: string, body: Json, query = '') =>
  gateway.http.post<{ message: { whatsappId: string; status: string } }>(
    SEND + query,
    { connectionId: id, ...body },
    root,
  );
const sentTo = (id: string) => server.sent.filter(({ instance }) => instance === id);

test('a connection is made at its server, shows its QR code, is paired, and is removed there', async () => {
  const id = 'remota-vida';
  const created = await gateway.http.post<{ connection: ConnectionResource }>(
    CONNECTIONS,
    { connectionId: id, driver: 'evolution' },
    root,
  );
  expect(created.status).toBe(201);
  expect(created.body.connection).toMatchObject({
    driver: 'evolution',
    remote: { instance: id, url: server.url, circuit: 'closed' },
  });
  expect(created.bytes.toString()).not.toContain(SERVER_KEY);
  await untilEstado(id, 'qr_ready');
  const { body: qr } = await gateway.http.get(`${CONNECTIONS}/${id}/qr`, root);
  expect(qr).toMatchObject({
    code: expect.stringMatching(/^2@code/),
    qrCode: expect.stringMatching(/^data:image\/png/),
  });
  const pairing = await gateway.http.post(
    `${CONNECTIONS}/${id}/pairing-code`,
    { phoneNumber: '+55 11 97777-1234' },
    root,
  );
  expect(pairing.body).toMatchObject({ pairingCode: 'ABCD1234' });
  const { webhook } = server.instances.get(id)!;
  expect(webhook?.url).toMatch(/\/api\/webhook\/evolution$/);
  expect(webhook?.headers['x-webhook-secret']).toMatch(/^[0-9a-f]{64}$/);
  await server.scan(id, '5511933334444');
  await untilEstado(id, 'ready');
  expect(await show(id)).toMatchObject({ numero: '5511933334444' });
  expect(await gateway.crm.session(id)).toMatchObject({ driver: 'evolution' });
  expect(JSON.stringify(await gateway.crm.session(id))).not.toContain(webhook?.headers['x-webhook-secret']);
  expect(verdict(await gateway.http.delete(`${CONNECTIONS}/${id}`, root))).toBe('200');
  expect(server.instances.has(id)).toBe(false);
});

test('a text goes out once, has one row under our id, and its statuses find it', async () => {
  const id = await aRemoteConnection();
  const to = aNumber();
  const { status, body } = await send(id, { to, content: 'olá' });
  expect([status, body.message.status]).toEqual([201, 'ENVIADA']);
  const [sent, ...more] = sentTo(id);
  expect([sent?.route, sent?.body, more]).toEqual([
    '/message/sendText',
    expect.objectContaining({ number: to, text: 'olá' }),
    [],
  ]);
  await server.tell(id, 'messages.update', {
    keyId: sent?.id,
    remoteJid: `${to}@s.whatsapp.net`,
    fromMe: true,
    status: 'READ',
  });
  await gateway.crm.mensagem(id, body.message.whatsappId, (row) => row['status'] === 'LIDA');
  // A reply quotes the server's id; the row names ours.
  const reply = aWireMessage({
    key: { remoteJidAlt: `${to}@s.whatsapp.net` },
    message: { conversation: 'oi' },
    contextInfo: { stanzaId: sent?.id },
  });
  await server.tell(id, 'messages.upsert', reply);
  expect(await gateway.crm.mensagem(id, String(reply.key['id']))).toMatchObject({
    resposta_a: body.message.whatsappId,
  });
  expect(await gateway.crm.mensagens(id, { remetente: 'ATENDENTE' })).toHaveLength(1);
});

test('a picture goes out as it is, and lies in the media store', async () => {
  const id = await aRemoteConnection();
  const answer = await send(id, { to: aNumber(), type: 'image', mediaBase64: PNG, caption: 'foto' });
  expect(answer.status).toBe(201);
  const [sent] = sentTo(id);
  expect([sent?.route, sent?.body]).toEqual([
    '/message/sendMedia',
    expect.objectContaining({ mediatype: 'image', mimetype: 'image/png', media: PNG, caption: 'foto' }),
  ]);
  await gateway.crm.mensagem(id, answer.body.message.whatsappId, (row) => row['midia_caminho']);
});

test('contents of other kinds, and changes of messages by the server’s ids', async () => {
  const id = await aRemoteConnection();
  const to = aNumber();
  await send(id, { to, type: 'location', location: { latitude: -23.5, longitude: -46.6, name: 'Sé' } });
  await send(id, { to, type: 'poll', poll: { question: 'Qual?', options: ['a', 'b'], selectable: 1 } });
  await send(id, { to, type: 'contact', contacts: [{ name: 'Bia', numbers: ['5511988887777'] }] });
  const { body } = await send(id, { to, content: 'antes' });
  const { whatsappId } = body.message;
  await gateway.crm.mensagem(id, whatsappId);
  await send(id, { type: 'edit', messageId: whatsappId, content: 'depois' });
  await send(id, { type: 'delete', messageId: whatsappId });
  const [location, poll, contact, text, edit, removal] = sentTo(id);
  expect(location?.body).toMatchObject({ latitude: -23.5, longitude: -46.6, name: 'Sé' });
  expect(poll?.body).toMatchObject({ name: 'Qual?', selectableCount: 1, values: ['a', 'b'] });
  expect(contact?.body).toMatchObject({ contact: [{ fullName: 'Bia', wuid: '5511988887777' }] });
  expect([edit?.route, edit?.body]).toEqual([
    '/chat/updateMessage',
    expect.objectContaining({ text: 'depois', key: expect.objectContaining({ id: text?.id }) }),
  ]);
  expect([removal?.method, removal?.body]).toEqual(['DELETE', expect.objectContaining({ id: text?.id, fromMe: true })]);
  await gateway.crm.mensagem(id, whatsappId, (row) => row['apagada'] === true || row['apagada_em'] !== null);
});

describe('what fails', () => {
  test('a number that is not on WhatsApp, and what the server cannot send', async () => {
    const id = await aRemoteConnection();
    const to = aNumber();
    server.absent.add(to);
    for (const spelling of [to.replace(/^(55\d\d)9/, '$1')]) server.absent.add(spelling);
    expect(verdict(await send(id, { to, content: 'oi' }))).toBe('422 NOT_ON_WHATSAPP');
    const hidden = { to: aNumber(), type: 'image', mediaBase64: PNG, viewOnce: true };
    expect(verdict(await send(id, hidden))).toBe('400 UNSUPPORTED_TYPE');
    expect(sentTo(id)).toEqual([]);
  });

  test('while the server is away a send is kept, and goes out once when it is back', async () => {
    const id = await aRemoteConnection();
    const to = aNumber();
    await send(id, { to, content: 'primeira' });
    await server.down();
    await untilEstado(id, 'reconnecting');
    const { status, body } = await send(id, { to, content: 'guardada' });
    expect([status, body.message.status]).toEqual([202, 'PENDENTE']);
    await server.up();
    await gateway.crm.mensagem(id, body.message.whatsappId, (row) => row['status'] === 'ENVIADA');
    expect(sentTo(id).map((each) => each.body['text'])).toEqual(['primeira', 'guardada']);
  }, 60_000);

  test('503 goes again; 400 is final', async () => {
    const id = await aRemoteConnection();
    server.fail('/message/sendText', { status: 503 });
    expect((await send(id, { to: aNumber(), content: 'de novo' })).status).toBe(201);
    server.fail('/message/sendText', { status: 400 });
    expect(verdict(await send(id, { to: aNumber(), content: 'não' }))).toBe('422 REJECTED_BY_WHATSAPP');
    expect(sentTo(id).map((each) => each.body['text'])).toEqual(['de novo']);
  });

  test('an answer that is lost: never sent twice, and known once the server tells of it', async () => {
    const id = await aRemoteConnection();
    const to = aNumber();
    server.tellsSends = false;
    server.fail('/message/sendText', 'lost');
    const unknown = await send(id, { to, content: 'talvez' });
    server.tellsSends = true;
    expect(verdict(unknown)).toBe('502 OUTCOME_UNKNOWN');
    const whatsappId = (unknown.body.error?.details as { whatsappId: string }).whatsappId;
    await gateway.crm.mensagem(id, whatsappId, (row) => row['status'] === 'ERRO');
    // Not even after a restart.
    await gateway.restart();
    const isPointedHere = () => server.instances.get(id)?.webhook?.url.startsWith(gateway.http.baseUrl);
    await until('the webhook to be pointed at the new address', isPointedHere);
    await send(id, { to, content: 'outra' });
    expect(sentTo(id).map((each) => each.body['text'])).toEqual(['talvez', 'outra']);
    const [sent] = sentTo(id);
    const data = {
      key: { remoteJid: `${to}@s.whatsapp.net`, fromMe: true, id: sent?.id },
      message: { conversation: 'talvez' },
    };
    expect(await server.tell(id, 'send.message', data)).toBe(200);
    await gateway.crm.mensagem(id, whatsappId, (row) => row['status'] === 'ENVIADA');
    expect(await gateway.crm.mensagens(id)).toHaveLength(2);
  }, 60_000);

  test('a server that keeps failing is left alone; one call tries it, and what comes of that decides', async () => {
    const id = `remota-${++counter}`;
    await gateway.http.post(CONNECTIONS, { connectionId: id, driver: 'evolution' }, root);
    await untilEstado(id, 'qr_ready');
    const ask = () => gateway.http.post(`${CONNECTIONS}/${id}/pairing-code`, { phoneNumber: '5511977771234' }, root);
    const untilCircuit = (state: string) =>
      until(`the circuit to be ${state}`, async () => {
        const text = (await gateway.http.get('/metrics', root)).bytes.toString();
        const counted = text.includes(`sentinela_evolution_servers{circuit="${state}"} 1`);
        return counted && (await show(id)).remote?.circuit === state;
      });
    const asked: Promise<unknown>[] = [];
    server.outage = () => Promise.resolve(503);
    for (let n = 0; n < 5; n++) asked.push(ask());
    await untilCircuit('open');
    // From here on nobody is answered before the test says so.
    const held: ((status: number | null) => void)[] = [];
    server.outage = () => new Promise((resolve) => held.push(resolve));
    const untilTried = () =>
      until('a call to be let through', () => {
        if (held.length === 0) asked.push(ask());
        return held.length > 0;
      });
    for (const outcome of [503, null]) {
      await untilTried();
      await untilCircuit('half-open');
      const meanwhile = await ask();
      expect([verdict(meanwhile), meanwhile.body.error?.details]).toEqual([
        '503 REMOTE_UNAVAILABLE',
        expect.objectContaining({ circuit: 'open' }),
      ]);
      expect(held).toHaveLength(1);
      if (outcome === null) server.outage = null;
      held.pop()!(outcome);
      await untilCircuit(outcome === null ? 'closed' : 'open');
    }
    expect((await ask()).body).toMatchObject({ pairingCode: 'ABCD1234' });
    await Promise.all(asked);
    await gateway.http.delete(`${CONNECTIONS}/${id}`, root);
  }, 60_000);

  test('an instance that is gone at its server is said to be', async () => {
    const id = await aRemoteConnection();
    server.instances.delete(id);
    await untilEstado(id, 'disconnected');
    expect(await show(id)).toMatchObject({ motivo: 'REMOVED_AT_SERVER' });
  });
});

describe('as a client of the pool', () => {
  const command = (id: string, name: string) =>
    gateway.http.post<{ client?: ClientResource }>(`/clients/${id}/${name}`, {}, root);
  const list = async () => (await gateway.http.get<ClientResource[]>('/clients/all', root)).body;

  test('it is in the lists with its code, takes its turn in sending, and its messages are counted', async () => {
    const id = await aRemoteConnection();
    const waits = { connectionId: `remota-${++counter}`, driver: 'evolution' };
    await gateway.http.post(CONNECTIONS, waits, root);
    await untilEstado(waits.connectionId, 'qr_ready');
    expect(await list()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ clientId: id, isReady: true, qrCode: null }),
        expect.objectContaining({ clientId: waits.connectionId, qrCode: expect.stringMatching(/^data:image\/png/) }),
      ]),
    );
    expect((await gateway.http.get('/clients', root)).body).toContain(id);
    const { key } = await anApiKey(gateway, { connectionIds: [id], grants: ['send'] });
    const sent = await gateway.http.post('/clients/send', { to: aNumber(), text: 'de qualquer um' }, as(key));
    expect(sent.status).toBe(201);
    await server.tell(id, 'messages.upsert', aWireMessage());
    await until('both to be counted', async () =>
      (await list()).some(({ clientId, metadata }) => clientId === id && metadata.messageCount === 2),
    );
    await gateway.http.delete(`${CONNECTIONS}/${waits.connectionId}`, root);
  });

  test('it is reconnected and logged out at its server, and alerts nobody; it cannot be disconnected', async () => {
    const id = await aRemoteConnection();
    const alerts: unknown[] = [];
    const off = gateway.parts.events.on('alert', (alert) => void (alert.connectionId === id && alerts.push(alert)));
    expect(verdict(await command(id, 'disconnect'))).toBe('409 WRONG_DRIVER');
    expect((await command(id, 'reconnect')).body.client).toMatchObject({ isReady: true });
    expect(server.seen('/instance/restart').filter(({ instance }) => instance === id)).toHaveLength(1);
    // As a server answers when the session has ended already.
    server.fail('/instance/logout', { status: 400 });
    expect((await command(id, 'logout')).status).toBe(200);
    expect((await command(id, 'logout')).status).toBe(200);
    expect(await show(id)).toMatchObject({ estado: 'logged_out', motivo: 'LOGGED_OUT_BY_USER', numero: null });
    expect(await server.tell(id, 'logout.instance', { instance: id })).toBe(200);
    expect(await show(id)).toMatchObject({ estado: 'logged_out', motivo: 'LOGGED_OUT_BY_USER' });
    expect(alerts).toEqual([]);
    off();
    server.instances.get(id)!.state = 'close';
    await command(id, 'reconnect');
    await untilEstado(id, 'qr_ready');
  });

  test('another phone that scans its code takes over neither atendimentos nor messages of the number before', async () => {
    const id = await aRemoteConnection();
    const before = (await show(id)).numero;
    const codes: string[] = [];
    const off = gateway.parts.events.on(
      'alert',
      ({ code, connectionId }) => void (connectionId === id && codes.push(code)),
    );
    const told = async () => {
      const data = aWireMessage();
      expect(await server.tell(id, 'messages.upsert', data)).toBe(200);
      const message = await gateway.crm.mensagem(id, String(data.key['id']));
      return (await gateway.crm.rows('whatsapp_atendimentos', { id: message['atendimento_id'] }))[0]!;
    };
    expect(await told()).toMatchObject({ numero_proprio: before, status: 'AGUARDANDO' });
    await server.tell(id, 'connection.update', { instance: id, state: 'close', statusReason: 428 });
    const waiting = await send(id, { to: aNumber(), content: 'do número antigo' });
    expect(waiting.status).toBeLessThan(300);
    await server.scan(id, aNumber());
    const { whatsappId } = waiting.body.message;
    const failed = await gateway.crm.mensagem(id, whatsappId, ({ status }) => status === 'ERRO');
    expect(failed).toMatchObject({ erro: 'NUMBER_CHANGED', numero_proprio: before });
    expect(await told()).toMatchObject({ numero_proprio: (await show(id)).numero, status: 'AGUARDANDO' });
    const rows = await gateway.crm.atendimentos(id, { numero_proprio: before });
    expect(rows.map(({ status }) => status)).toEqual(['CANCELADO', 'CANCELADO']);
    expect(sentTo(id)).toEqual([]);
    expect(codes).toEqual(['NUMBER_CHANGED']);
    off();
  });

  test('a logout that its server refuses changes nothing', async () => {
    const id = await aRemoteConnection();
    server.fail('/instance/logout', { status: 403 });
    expect(verdict(await command(id, 'logout'))).toBe('502 REMOTE_REFUSED');
    expect(await show(id)).toMatchObject({ estado: 'ready', numero: expect.any(String) });
  });

  test('a scheduled message goes out through its server at its time, once', async () => {
    const id = await aRemoteConnection();
    const to = aNumber();
    const body = { connectionId: id, to, content: 'consulta amanhã', sendAt: new Date().toISOString() };
    expect(verdict(await gateway.http.post('/api/whatsapp-integration/scheduled-messages', body, root))).toBe('201');
    const [row] = await until('its row', async () => {
      const rows = await gateway.crm.rows('whatsapp_mensagens_agendadas', { sessao: id });
      return rows[0]?.['status'] === 'ENVIADA' && rows;
    });
    expect(await gateway.crm.mensagem(id, String(row!['whatsapp_id']))).toMatchObject({ conteudo: 'consulta amanhã' });
    expect(sentTo(id).map(({ body: sent }) => sent)).toEqual([expect.objectContaining({ number: to })]);
  });

  test('a user whose instance lives on a server connects it there', async () => {
    const userId = randomUUID();
    const id = `user_${userId}`;
    await gateway.http.post(CONNECTIONS, { connectionId: id, ownerId: userId, driver: 'evolution' }, root);
    await untilEstado(id, 'qr_ready');
    const { status, body } = await gateway.http.post<Json>('/api/whatsapp/connect', { userId }, root);
    expect(status).toBe(200);
    expect(body).toMatchObject({ instance: { instanceName: id }, qrCode: expect.stringMatching(/^data:image\/png/) });
    await gateway.http.delete(`${CONNECTIONS}/${id}`, root);
  });
});

describe('whose server it is', () => {
  const body = (more: Json) => ({ connectionId: `alheia-${++counter}`, driver: 'evolution', ...more });

  test('a caller’s own server is reached on the public internet only, never with the key of the settings', async () => {
    const before = server.requests.length;
    const made = body({ evolution: { url: server.url, apiKey: 'a-key-of-the-caller' } });
    await gateway.http.post(CONNECTIONS, made, root);
    await untilEstado(made.connectionId, 'error');
    expect(server.requests.slice(before).filter(({ instance }) => instance === made.connectionId)).toEqual([]);
    expect(verdict(await gateway.http.get(`${CONNECTIONS}/${made.connectionId}/qr`, root))).toBe(
      '422 FORBIDDEN_DESTINATION',
    );
    await gateway.http.delete(`${CONNECTIONS}/${made.connectionId}`, root);
  });

  test('on the operator’s server nobody else names an instance that is another’s', async () => {
    const victim = await aRemoteConnection();
    const { key } = await anApiKey(gateway, { ownerId: randomUUID() });
    const made = body({ evolution: { instance: victim } });
    await gateway.http.post(CONNECTIONS, made, as(key));
    const { remote } = await show(made.connectionId);
    expect(remote?.instance).toMatch(new RegExp(`^${made.connectionId}-[0-9a-f]{8}$`));
    expect(verdict(await gateway.http.post(CONNECTIONS, body({ evolution: { instance: victim } }), root))).toBe(
      '409 CONNECTION_TAKEN',
    );
    expect(verdict(await gateway.http.get(`${CONNECTIONS}/${victim}/qr`, as(key)))).toBe('404 CONNECTION_NOT_FOUND');
  });

  test('one connection’s secret says nothing about another', async () => {
    const [mine, other] = [await aRemoteConnection(), await aRemoteConnection()];
    const { webhook } = server.instances.get(mine)!;
    const event = { event: 'messages.upsert', instance: other, data: aWireMessage() };
    expect(verdict(await gateway.http.post('/api/webhook/evolution', event, webhook!.headers))).toBe('403 FORBIDDEN');
  });

  test('what is wrong is named', async () => {
    const half = await gateway.http.post(CONNECTIONS, body({ evolution: { url: server.url } }), root);
    expect([verdict(half), half.body.error?.message]).toEqual([
      '400 BAD_REQUEST',
      expect.stringContaining('body.evolution must have'),
    ]);
    expect(verdict(await gateway.http.post(CONNECTIONS, body({ driver: 'waha' }), root))).toBe('400 BAD_REQUEST');
    const { id } = { id: await aRemoteConnection() };
    expect(verdict(await gateway.http.post(CONNECTIONS, { connectionId: id, driver: 'baileys' }, root))).toBe(
      '409 WRONG_DRIVER',
    );
  });
});

describe('the limit of connections', () => {
  const create = (connectionId: string, driver: string) =>
    gateway.http.post(CONNECTIONS, { connectionId, driver }, root);
  const known = async () => (await gateway.http.get<{ data: unknown[] }>(CONNECTIONS, root)).body.data.length;

  test('counts those here and those on servers alike, also when many are made at once', async () => {
    await aRemoteConnection();
    const limit = (await known()) + 2;
    await gateway.restart({ MAX_CONNECTIONS: String(limit) });
    const drivers = ['baileys', 'evolution', 'baileys', 'evolution', 'baileys', 'evolution'];
    const answers = await Promise.all(drivers.map((driver, n) => create(`grenze-${n}`, driver)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409, 409, 409]);
    expect(await known()).toBe(limit);
    for (const driver of ['baileys', 'evolution']) {
      const refused = await create('noch-eine', driver);
      expect([verdict(refused), refused.body.error]).toEqual([
        '409 CONNECTION_LIMIT',
        expect.objectContaining({
          message: expect.stringContaining(`limit of ${limit} connections`),
          details: { limit, setting: 'MAX_CONNECTIONS' },
        }),
      ]);
    }
    const webhook = { event: 'connection.update', instance: 'desconhecida', data: { state: 'open' } };
    const { headers } = [...server.instances.values()].find((each) => each.webhook)!.webhook!;
    expect((await gateway.http.post('/api/webhook/evolution', webhook, headers)).status).toBe(403);
    await gateway.restart();
  });

  test('the figures count connections wherever they live', async () => {
    const id = await aRemoteConnection();
    const { body } = await gateway.http.get<{ connections: object }>('/api/whatsapp-bootstrap/stats', root);
    const { body: list } = await gateway.http.get<{ data: ConnectionResource[] }>(CONNECTIONS, root);
    const ready = list.data.filter(({ estado }) => estado === 'ready').length;
    expect(ready).toBeGreaterThan(0);
    const stats = (body as { stats?: { connections: object } }).stats ?? body;
    expect(stats.connections).toEqual({ active: ready, total: list.data.length, max: 100 });
    const { body: pool } = await gateway.http.get<Record<string, number>>('/stats', root);
    expect(pool).toMatchObject({ currentClients: list.data.length, readyClients: ready });
    const metrics = await gateway.http.get('/metrics', root);
    expect(metrics.bytes.toString()).toContain(`sentinela_connections{estado="ready"} ${ready}`);
    expect((await show(id)).estado).toBe('ready');
  });
});

describe('instances of users', () => {
  type Connected = { instance: { instanceName: string; status: string }; code: string | null };
  const connect = (userId: string) => gateway.http.post<Connected>('/api/whatsapp/connect', { userId }, root);

  test('a new one is made at the server of the settings, and its code comes with the answer', async () => {
    const made = await connect('maria');
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      instance: { instanceName: 'user_maria', status: 'waiting_qr' },
      code: expect.stringMatching(/^2@code/),
    });
    expect(server.instances.get('user_maria')).toBeDefined();
    expect((await show('user_maria')).driver).toBe('evolution');
    await server.scan('user_maria', aNumber());
    await untilEstado('user_maria', 'ready');
    const before = server.seen('/instance/restart').length;
    expect((await connect('maria')).body.instance.status).toBe('connected');
    expect(server.seen('/instance/restart').length).toBe(before + 1);
  });

  test('INSTANCE_DRIVER=baileys keeps new ones here; those that are there stay where they are', async () => {
    await gateway.restart({ INSTANCE_DRIVER: 'baileys' });
    expect((await connect('jorge')).status).toBe(201);
    expect((await show('user_jorge')).driver).toBe('baileys');
    expect(server.instances.has('user_jorge')).toBe(false);
    expect((await connect('maria')).body.instance.status).toBe('connected');
    expect((await show('user_maria')).driver).toBe('evolution');
    await gateway.restart();
    expect((await connect('jorge')).status).toBe(200);
  });
});
