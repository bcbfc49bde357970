import { beforeAll, expect, test } from '@jest/globals';
import { aGateway, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
let shop: PairedConnection;

beforeAll(async () => {
  shop = await gateway.aPairedConnection('aparelhos');
});

/** Whether the connection has taken note of a renewal of this person. */
const isRenewed = (...users: string[]) => {
  const stored = gateway.parts.journal.getKeys(shop.id, 'renewed-identities', ['all'])['all'];
  const renewed = (stored as { users: Record<string, number> } | undefined)?.users ?? {};
  return users.some((user) => user in renewed);
};

test.each([
  ['by number, in a group of numbers', 'pn', 'pn', false],
  ['by LID, in a group of LIDs', 'lid', 'lid', false],
  ['by number, in a group of LIDs', 'pn', 'lid', false],
  ['before a restart', 'lid', 'lid', true],
] as const)(
  'a member with a new phone reads the next message to the group: told %s',
  async (_what, told, used, restart) => {
    const ana = gateway.aCustomer({ addressing: told });
    const beto = gateway.aCustomer({ addressing: told });
    for (const member of [ana, beto]) member.autoRetries = false;
    const members = [shop.phone, ana, beto];
    const group = gateway.simulator.createGroup({ subject: 'Equipe', members, addressing: used });
    // A chat of their own: without a session Baileys takes no note of a new identity.
    await gateway.crm.mensagem(shop.id, ana.send(shop.phone, 'oi').id);
    const send = async (content: string) =>
      expect(verdict(await gateway.send(shop.id, { to: group.jid, content }))).toBe('201');
    await send('um');
    for (const member of [ana, beto]) expect((await member.nextMessage()).text).toBe('um');
    ana.reinstall(shop.phone);
    await until('the renewal', () => isRenewed(ana.number, ana.lid));
    if (restart) {
      await gateway.restart();
      await gateway.untilEstado(shop.id, 'ready');
    }
    await send('dois');
    for (const member of [ana, beto]) expect((await member.nextMessage()).text).toBe('dois');
  },
);
