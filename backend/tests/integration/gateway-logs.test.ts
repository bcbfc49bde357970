import { beforeAll, expect, test } from '@jest/globals';
import type { AuthenticationCreds } from '@whiskeysockets/baileys';
import { FaultProxy } from '../support/fault-proxy.js';
import { aGateway, CONNECTIONS } from '../support/gateway.js';
import { until } from '../support/until.js';

const API_KEY = 'chave-do-operador-0123456789';
const SEALING_KEY = 'chave-de-cifra-0123456789';
const gateway = aGateway({ LOG_LEVEL: 'info' }, { logs: true });
let proxy: FaultProxy;

beforeAll(async () => {
  proxy = new FaultProxy(Number(new URL(gateway.database.url).port));
  await proxy.up();
  gateway.onClose(() => proxy.down());
  const url = { SUPABASE_URL: `http://127.0.0.1:${proxy.port}` };
  await gateway.stop();
  // A journal of its own: the one of the first start is not sealed.
  await gateway.start({ ...url, SESSION_ENCRYPTION_KEY: SEALING_KEY, DATA_DIR: `${gateway.dataDir}-sealed` });
}, 60_000);

/** Everything private in the auth state of a connection, as text could have it. */
function secretsOf(id: string): string[] {
  const creds = gateway.parts.journal.auth.creds(id) as AuthenticationCreds;
  const keys = [creds.noiseKey, creds.signedIdentityKey, creds.signedPreKey.keyPair, creds.pairingEphemeralKeyPair];
  const bytes = keys.map((pair) => Buffer.from(pair.private));
  return [creds.advSecretKey, ...bytes.flatMap((each) => [each.toString('base64'), each.toString('hex')])];
}

test('the log of a whole run, with traffic both ways and every kind of error, has ids and nothing private', async () => {
  const { simulator, database } = gateway;
  const shop = await gateway.aPairedConnection();
  const ana = gateway.aCustomer({ name: 'Ana Confidencial' });
  const bruno = gateway.aCustomer({ name: 'Bruno Confidencial' });
  const qr = await gateway.http.post(CONNECTIONS, { connectionId: 'outra' });
  expect(qr.status).toBe(201);
  const { code } = await until('a QR code', () => gateway.parts.pool.get('outra')?.qr);
  const pairing = await gateway.http.post<{ pairingCode: string }>(`${CONNECTIONS}/outra/pairing-code`, {
    phoneNumber: '+55 11 95555-4444',
  });

  // In: text, undecryptable, a group, a message whose row the database refuses for good.
  await gateway.crm.mensagem(shop.id, ana.send(shop.phone, 'segredo recebido').id);
  const group = simulator.createGroup({ subject: 'Grupo Confidencial', members: [shop.phone, ana, bruno] });
  await gateway.crm.mensagem(shop.id, bruno.sendToGroup(group, 'segredo do grupo').id);
  await database.sql`alter table whatsapp_mensagens add constraint recusa check (conteudo <> 'segredo recusado')`;
  ana.send(shop.phone, 'segredo recusado');
  await until('the dead letter', () => gateway.parts.journal.stats().deadLetters === 1);

  // Out: accepted, refused by WhatsApp, to nobody, malformed.
  await gateway.send(shop.id, { to: ana.number, content: 'segredo enviado' });
  simulator.faults.errorAckNext(463);
  const failed = await gateway.send(shop.id, { to: bruno.number, content: 'segredo falhado' });
  await gateway.send(shop.id, { to: '+55 11 93333-2222', content: 'segredo a ninguém' });
  await gateway.send(shop.id, { to: 'não é número 5511922221111', content: 'segredo malformado' });
  await gateway.http.get(`${CONNECTIONS}/5511911110000?numero=5511911110000`, { authorization: `Bearer ${API_KEY}` });

  // The database away and back, the socket cut, a login refused.
  await proxy.down();
  ana.send(shop.phone, 'segredo guardado');
  await until('the outage', () => gateway.parts.database.state === 'offline');
  await proxy.up();
  gateway.parts.projector.wake();
  simulator.faults.garbageFrame(shop.companion);
  await until('the cut', () => simulator.history.of('socket.closed').length > 0);
  await until('the backlog', () => gateway.parts.journal.stats().pendingEntries === 0);
  const secrets = secretsOf(shop.id);
  await gateway.stop();

  const log = await gateway.logText();
  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.length).toBeGreaterThan(30);
  const failedId = (failed.body.error?.details as { whatsappId: string }).whatsappId;
  expect(lines).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      message: 'send failed',
      connectionId: shop.id,
      whatsappId: failedId,
      code: 'REACHOUT_LOCKED',
    }),
  );
  const privateTexts = {
    bodies: ['segredo'],
    names: ['Confidencial'],
    numbers: [
      ...[shop.phone.number, ana.number, bruno.number],
      ...['5511955554444', '95555-4444', '5511933332222', '93333-2222', '5511922221111', '5511911110000'],
      ...[ana.lidJid, bruno.lidJid, shop.phone.lidJid].map((jid) => jid.split('@')[0]!.split(':')[0]!),
    ],
    keys: [API_KEY, SEALING_KEY, database.serviceRoleKey, code, pairing.body.pairingCode, ...secrets],
  };
  for (const [what, texts] of Object.entries(privateTexts)) {
    const found = texts.filter((text) => log.includes(text));
    expect([what, found.map((text) => lines.filter((line) => JSON.stringify(line).includes(text)))]).toEqual([
      what,
      [],
    ]);
  }
}, 90_000);
