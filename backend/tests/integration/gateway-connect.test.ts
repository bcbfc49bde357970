import { expect, test } from '@jest/globals';
import { aGateway, aNumber, CONNECTIONS, verdict } from '../support/gateway.js';
import { HeldTimers } from '../support/held-timers.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const OTHER_OWNER = '00000000-0000-0000-0000-0000000000aa';

test('a connection shows a QR code, is scanned, restarts as WhatsApp asks, and is ready', async () => {
  const { http, simulator } = gateway;
  const created = await http.post(CONNECTIONS, { connectionId: 'nova', name: 'Nova' });
  expect(created.status).toBe(201);
  expect(created.body).toMatchObject({ success: true, connection: { id: 'nova', name: 'Nova', driver: 'baileys' } });
  const phone = simulator.createPhone({ number: aNumber() });
  const companion = await phone.scan((await gateway.qr('nova')).code);
  await gateway.untilEstado('nova', 'ready');
  expect(companion.logins).toBe(1);
  expect(await gateway.connection('nova')).toMatchObject({
    status: 'connected',
    numero: phone.number,
    lid: phone.lidJid,
    conselho: null,
  });
  const row = await until('the row', async () => {
    const session = await gateway.crm.session('nova');
    return session['estado'] === 'ready' ? session : null;
  });
  expect(row).toMatchObject({ status: 'connected', numero: phone.number, qr_code: null, nome: 'Nova' });
});

test('the QR code comes as JSON, PNG or SVG, by Accept or by ?format=', async () => {
  const { http } = gateway;
  await http.post(CONNECTIONS, { connectionId: 'formatos' });
  const path = `${CONNECTIONS}/formatos/qr`;
  const json = await http.get<{ qrCode: string; code: string; expiresAt: string }>(path);
  expect(json.body).toMatchObject({ success: true, qrCode: expect.stringMatching(/^data:image\/png;base64,/) });
  expect(Date.parse(json.body.expiresAt)).toBeGreaterThan(Date.now());
  for (const png of [await http.get(`${path}?format=png`), await http.get(path, { accept: 'image/png' })]) {
    expect(png.headers.get('content-type')).toBe('image/png');
    expect(png.bytes.subarray(1, 4).toString()).toBe('PNG');
  }
  for (const svg of [await http.get(`${path}?format=svg`), await http.get(path, { accept: 'image/svg+xml' })]) {
    expect(svg.headers.get('content-type')).toMatch('image/svg+xml');
    expect(svg.bytes.toString()).toMatch(/^<svg/);
  }
  const row = await until('the code in the row', async () => (await gateway.crm.session('formatos'))['qr_code']);
  expect(row).toBe(json.body.code);
});

test('every rotation of the QR code is shown; when nobody scans, it rests until a person asks again', async () => {
  const { http, simulator, parts } = gateway;
  const timers = new HeldTimers([60_000, 20_000]);
  const codes: string[] = [];
  const off = parts.events.on('qr', ({ connectionId, code }) => {
    if (connectionId === 'gira') codes.push(code);
  });
  try {
    await http.post(CONNECTIONS, { connectionId: 'gira' });
    for (const shown of [1, 2, 3]) {
      await until(`code ${shown}`, () => codes.length === shown);
      expect((await gateway.qr('gira')).code).toBe(codes.at(-1));
      timers.fire();
    }
    await until('the codes to be used up', async () => {
      timers.fire();
      return (await gateway.connection('gira')).estado === 'disconnected';
    });
  } finally {
    off();
    timers.release();
  }
  expect(new Set(codes).size).toBe(codes.length);
  expect(await gateway.connection('gira')).toMatchObject({ motivo: 'QR_EXPIRED', conselho: expect.any(String) });
  const phone = simulator.createPhone({ number: aNumber() });
  await phone.scan((await gateway.qr('gira')).code);
  await gateway.untilEstado('gira', 'ready');
});

test('a phone that answers the scan with companion_reg_refresh gets a new code, and that one works', async () => {
  const { http, simulator } = gateway;
  await http.post(CONNECTIONS, { connectionId: 'renova' });
  const phone = simulator.createPhone({ number: aNumber() });
  const { code } = await gateway.qr('renova');
  await expect(phone.scan(code, { refresh: true })).rejects.toThrow();
  const fresh = await until('another code', async () => {
    const now = (await gateway.qr('renova')).code;
    return now === code ? null : now;
  });
  await phone.scan(fresh);
  await gateway.untilEstado('renova', 'ready');
});

test('a connection is paired by a code typed on the phone', async () => {
  const { http, simulator } = gateway;
  await http.post(CONNECTIONS, { connectionId: 'codigo' });
  const phone = simulator.createPhone({ number: aNumber() });
  const asked = await http.post<{ pairingCode: string }>(`${CONNECTIONS}/codigo/pairing-code`, {
    phoneNumber: `+${phone.number}`,
  });
  expect(asked.status).toBe(200);
  expect((await gateway.connection('codigo')).estado).toBe('pairing');
  await phone.enterPairingCode(asked.body.pairingCode);
  await gateway.untilEstado('codigo', 'ready');
  expect(simulator.history.of('pairing.linked').at(-1)).toMatchObject({ by: 'code' });
});

test('a paired connection has neither QR nor pairing code', async () => {
  const { http } = gateway;
  const { id } = await gateway.aPairedConnection();
  const qr = await http.get(`${CONNECTIONS}/${id}/qr`);
  expect(verdict(qr)).toBe('409 NO_QR');
  expect(qr.body.error?.details).toMatchObject({ estado: 'ready' });
  const code = await http.post(`${CONNECTIONS}/${id}/pairing-code`, { phoneNumber: '+55 11 91234-5678' });
  expect(verdict(code)).toBe('409 ALREADY_PAIRED');
});

test('the same id twice is one connection; another owner is refused it', async () => {
  const { http } = gateway;
  const both = await Promise.all([1, 2].map(() => http.post(CONNECTIONS, { connectionId: 'dupla' })));
  expect(both.map(({ status }) => status).sort()).toEqual([200, 201]);
  const other = await http.post(CONNECTIONS, { connectionId: 'dupla', ownerId: OTHER_OWNER });
  expect(verdict(other)).toBe('409 CONNECTION_TAKEN');
  const { body } = await http.get<{ data: { id: string }[] }>(CONNECTIONS);
  expect(body.data.filter(({ id }) => id === 'dupla')).toHaveLength(1);
});

test.each(['../etc', 'a/b', '..', '.oculta', 'com espaço', 'a\u0000b', 'ção', '', 'a'.repeat(65)])(
  'the id %j is refused on every route, and nothing is made of it',
  async (id) => {
    const { http } = gateway;
    const path = `${CONNECTIONS}/${encodeURIComponent(id)}`;
    expect(verdict(await http.post(CONNECTIONS, { connectionId: id }))).toBe('400 BAD_REQUEST');
    const answers = [
      await http.get(path),
      await http.get(`${path}/qr`),
      await http.post(`${path}/pairing-code`, { phoneNumber: '+5511912345678' }),
      await http.delete(path),
    ];
    for (const { status } of answers) expect([200, 400, 404, 405]).toContain(status);
    if (id !== '' && id !== '..') expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    const { body } = await http.get<{ data: { id: string }[] }>(CONNECTIONS);
    expect(body.data.map((each) => each.id)).not.toContain(id);
  },
);

test('DELETE logs out at WhatsApp and forgets the connection; the id can be used again', async () => {
  const { http, simulator, parts } = gateway;
  const { id, phone, companion } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await ana.send(phone, 'antes').receipted;
  const alerts: string[] = [];
  const off = parts.events.on('alert', ({ code, connectionId }) => connectionId === id && alerts.push(code));
  expect((await http.delete(`${CONNECTIONS}/${id}`)).status).toBe(200);
  expect(phone.companions).toHaveLength(0);
  expect(simulator.history.of('companion.unlinked')).toContainEqual(
    expect.objectContaining({ companion: companion.jid, by: 'companion' }),
  );
  expect(verdict(await http.get(`${CONNECTIONS}/${id}`))).toBe('404 CONNECTION_NOT_FOUND');
  expect(verdict(await http.delete(`${CONNECTIONS}/${id}`))).toBe('404 CONNECTION_NOT_FOUND');
  await until('the row to say so', async () => (await gateway.crm.session(id))['estado'] === 'logged_out');
  expect(await gateway.crm.session(id)).toMatchObject({ status: 'disconnected', motivo: 'LOGGED_OUT_BY_USER' });
  off();
  // Somebody wanted it, so nobody needs to be told.
  expect(alerts).toEqual([]);
  expect((await http.post(CONNECTIONS, { connectionId: id })).status).toBe(201);
  await phone.scan((await gateway.qr(id)).code);
  await gateway.untilEstado(id, 'ready');
  await ana.send(phone, 'depois').receipted;
  await until('both texts', async () => (await gateway.crm.mensagens(id)).length === 2);
});

test('a device removed on the phone is logged out, says what to do, and can be paired again', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const alerted = new Promise((resolve) => {
    const off = gateway.parts.events.on('alert', ({ code, connectionId }) => {
      if (connectionId !== id) return;
      off();
      resolve(code);
    });
  });
  phone.unlink();
  await gateway.untilEstado(id, 'logged_out');
  expect(await alerted).toBe('LOGGED_OUT');
  expect(await gateway.connection(id)).toMatchObject({ status: 'disconnected', conselho: expect.stringMatching(/QR/) });
  const send = await gateway.send(id, { to: '5511912345678', content: 'oi' });
  expect(verdict(send)).toBe('409 LOGGED_OUT');
  await until('the row to say so', async () => (await gateway.crm.session(id))['estado'] === 'logged_out');
  await phone.scan((await gateway.qr(id)).code);
  await gateway.untilEstado(id, 'ready');
  expect(await gateway.connection(id)).toMatchObject({ numero: phone.number });
});

test('a connection that is down can be deleted; what was waiting to go out ends as LOGGED_OUT', async () => {
  const { http, simulator } = gateway;
  const { id, companion } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await simulator.faults.refuse(true);
  simulator.faults.reset(companion);
  await until('the connection to be down', async () => (await gateway.connection(id)).estado === 'reconnecting');
  const { body } = await gateway.send(id, { to: ana.number, content: 'nunca sai' });
  expect((await http.delete(`${CONNECTIONS}/${id}`)).status).toBe(200);
  await simulator.faults.refuse(false);
  const row = await gateway.crm.mensagem(id, body.message.whatsappId, (each) => each['status'] === 'ERRO');
  expect(row['erro']).toBe('LOGGED_OUT');
});
