import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aGateway, type PairedConnection } from '../support/gateway.js';

const gateway = aGateway();
let shop: PairedConnection;
/** What was unreadable before this test. */
let before = new Set<string>();

beforeAll(async () => {
  shop = await gateway.aPairedConnection();
}, 60_000);

beforeEach(() => void (before = new Set(unreadable())));

/** Facts of the simulator's history about messages that somebody could not read. */
function unreadable(): string[] {
  const { history } = gateway.simulator;
  return [...history.of('send.undecryptable'), ...history.of('message.retryRequested')].map(
    ({ kind, id }) => `${kind} ${id}`,
  );
}

test('members write to us while we write to their groups: everybody can read everything', async () => {
  const members = Array.from({ length: 3 }, () => gateway.aCustomer());
  for (let round = 0; round < 5; round += 1) {
    const group = gateway.simulator.createGroup({ subject: `Grupo ${round}`, members: [shop.phone, ...members] });
    const direct = members.flatMap((member) =>
      Array.from({ length: 8 }, (_, index) => member.send(shop.phone, `direto ${round}.${index}`)),
    );
    // The first message to a group brings its key to each member, in the session in which the member is writing to us.
    const { status } = await gateway.send(shop.id, { to: group.jid, content: 'para todos' });
    expect(status).toBe(201);
    await Promise.all(direct.map(({ receipted }) => receipted));
  }
  const answers = await Promise.all(
    members.map(({ number }) => gateway.send(shop.id, { to: number, content: 'obrigado' })),
  );
  for (const { body } of answers)
    await gateway.crm.mensagem(shop.id, body.message.whatsappId, (row) => row['status'] === 'ENTREGUE');
  expect(unreadable().filter((fact) => !before.has(fact))).toEqual([]);
}, 60_000);

test('a customer known by number who also writes from a LID group reads what we answer', async () => {
  const ana = gateway.aCustomer();
  await ana.send(shop.phone, 'pelo número').receipted;
  const group = gateway.simulator.createGroup({ subject: 'LID', members: [shop.phone, ana] });
  ana.addressing = 'lid';
  await ana.sendToGroup(group, 'no grupo').receipted;
  ana.addressing = 'pn';
  const { body } = await gateway.send(shop.id, { to: ana.number, content: 'resposta' });
  await gateway.crm.mensagem(shop.id, body.message.whatsappId, (row) => row['status'] === 'ENTREGUE');
  await ana.send(shop.phone, 'de novo').receipted;
  expect(unreadable().filter((fact) => !before.has(fact))).toEqual([]);
});
