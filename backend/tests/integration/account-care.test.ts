import { expect, test } from '@jest/globals';
import { aGateway, CONNECTIONS, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const HOUR = 3_600_000;

/** A customer who has written, and whose message is a row. */
async function aRegular(shop: PairedConnection) {
  const customer = gateway.aCustomer();
  const sent = customer.send(shop.phone, 'bom dia');
  await gateway.crm.mensagem(shop.id, sent.id, () => true);
  return customer;
}

const accountOf = async ({ id }: PairedConnection) => (await gateway.connection(id)).account!;
const untilPaused = (shop: PairedConnection, paused: boolean) =>
  until(`new chats ${paused ? '' : 'not '}paused`, async () => (await accountOf(shop)).newChats.paused === paused);

test('a reach-out time-lock pauses cold sends with a clear answer, replies go on, and its end is the end of it', async () => {
  const shop = await gateway.aPairedConnection();
  const regular = await aRegular(shop);
  const stranger = gateway.aCustomer();
  const alerts: string[] = [];
  const off = gateway.parts.events.on(
    'alert',
    ({ code, connectionId }) => void (connectionId === shop.id && alerts.push(code)),
  );
  const lockedUntil = new Date(Math.ceil(Date.now() / 1000) * 1000 + HOUR);
  shop.phone.lockReachout(lockedUntil);
  await untilPaused(shop, true);
  const cold = await gateway.send(shop.id, { to: stranger.number, content: 'promoção' });
  expect(verdict(cold)).toBe('409 NEW_CHATS_PAUSED');
  const until = lockedUntil.toISOString();
  expect(cold.body.error!.details).toMatchObject({ reason: 'REACHOUT_TIMELOCK', until, conselho: expect.any(String) });
  expect((await gateway.send(shop.id, { to: regular.number, content: 'já respondo' })).status).toBe(201);
  expect(await accountOf(shop)).toMatchObject({
    newChats: { paused: true, reason: 'REACHOUT_TIMELOCK', until },
    reachoutTimelock: { active: true, until, type: 'BIZ_QUALITY' },
  });
  expect(alerts).toEqual(['REACHOUT_TIMELOCK']);
  off();
  shop.phone.lockReachout(null);
  await untilPaused(shop, false);
  expect((await gateway.send(shop.id, { to: stranger.number, content: 'olá' })).status).toBe(201);
});

test('a 463 that nobody announced: the message fails by name, WhatsApp is asked, and the next cold send is not tried', async () => {
  const shop = await gateway.aPairedConnection();
  const regular = await aRegular(shop);
  const stranger = gateway.aCustomer();
  shop.phone.standing.lockedUntil = Date.now() + HOUR;
  expect(verdict(await gateway.send(shop.id, { to: stranger.number, content: 'oi' }))).toBe('422 REACHOUT_LOCKED');
  await untilPaused(shop, true);
  const received = () => gateway.simulator.history.of('send.received').length;
  const before = received();
  expect(verdict(await gateway.send(shop.id, { to: stranger.number, content: 'oi' }))).toBe('409 NEW_CHATS_PAUSED');
  expect(received()).toBe(before);
  expect((await gateway.send(shop.id, { to: regular.number, content: 'oi' })).status).toBe(201);
});

test('a 463 of an account that is not locked concerns that chat alone', async () => {
  const shop = await gateway.aPairedConnection();
  gateway.simulator.faults.errorAckNext(463);
  const { number } = gateway.aCustomer();
  expect(verdict(await gateway.send(shop.id, { to: number, content: 'oi' }))).toBe('422 REACHOUT_LOCKED');
  await until('the question', async () => (await accountOf(shop)).reachoutTimelock !== null);
  expect((await accountOf(shop)).newChats.paused).toBe(false);
  expect((await gateway.send(shop.id, { to: gateway.aCustomer().number, content: 'oi' })).status).toBe(201);
});

test('the quota of new chats is shown, and pauses cold sends when it is used up', async () => {
  const shop = await gateway.aPairedConnection();
  const endsAt = Math.ceil(Date.now() / 1000) * 1000 + HOUR;
  shop.phone.capNewChats({ status: 'FIRST_WARNING', total: 50, used: 40, endsAt });
  const warned = await until('the quota', async () => (await accountOf(shop)).newChatCap);
  expect(warned).toEqual({ status: 'FIRST_WARNING', total: 50, used: 40, cycleEndsAt: new Date(endsAt).toISOString() });
  expect((await accountOf(shop)).newChats.paused).toBe(false);
  shop.phone.capNewChats({ status: 'CAPPED', total: 50, used: 50, endsAt });
  await untilPaused(shop, true);
  const { body } = await gateway.send(shop.id, { to: gateway.aCustomer().number, content: 'oi' });
  expect(body.error).toMatchObject({ code: 'NEW_CHATS_PAUSED', details: { reason: 'NEW_CHAT_CAP' } });
});

test('a cold send that was accepted before the pause waits for its end; one to a group goes', async () => {
  const shop = await gateway.aPairedConnection();
  const client = gateway.parts.pool.get(shop.id)!;
  const stranger = gateway.aCustomer();
  const group = gateway.simulator.createGroup({ subject: 'Equipe', members: [shop.phone, stranger] });
  await client.disconnect();
  const cold = await gateway.send(shop.id, { to: stranger.number, content: 'depois' });
  expect(cold.status).toBe(202);
  client.care.timelockTold({ isActive: true, timeEnforcementEnds: new Date(Date.now() + 3_000) });
  client.initialize();
  await gateway.untilEstado(shop.id, 'ready');
  expect((await gateway.send(shop.id, { to: group.jid, content: 'agora' })).status).toBe(201);
  const sends = () => gateway.simulator.history.of('send.received').map(({ id }) => id);
  expect(sends()).not.toContain(cold.body.message.whatsappId);
  await until('the cold send', () => sends().includes(cold.body.message.whatsappId));
  expect(client.care.pause).toBeNull();
});

test('messages that cannot be decrypted are counted per connection, and their flood is one alert', async () => {
  const shop = await gateway.aPairedConnection();
  const other = await gateway.aPairedConnection();
  const ana = await aRegular(shop);
  const floods: string[] = [];
  const off = gateway.parts.events.on(
    'alert',
    ({ code, connectionId }) => void (code === 'DECRYPT_FLOOD' && floods.push(connectionId!)),
  );
  for (let times = 0; times < 40; times += 1) ana.send(shop.phone, `ruído ${times}`, { damage: 'corrupt' });
  await until('the failures', async () => (await accountOf(shop)).undecryptable.total >= 40);
  off();
  expect(floods).toEqual([shop.id]);
  expect((await accountOf(other)).undecryptable).toEqual({ lastHour: 0, total: 0 });
  const { body } = await gateway.http.get<{ data: { account: unknown } }>(`${CONNECTIONS}/${shop.id}`);
  expect(body.data.account).toMatchObject({ undecryptable: { total: expect.any(Number) } });
});
