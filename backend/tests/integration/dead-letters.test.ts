import { expect, test } from '@jest/globals';
import { aGateway, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const PATH = '/api/whatsapp-bootstrap/dead-letters';

interface Listed {
  data: { seq: number; kind: string; message: string; connectionId: string }[];
}
const listed = async () => (await gateway.http.get<Listed>(PATH)).body.data;

/** An entry that a check constraint refuses, whatever is done: `whatsapp_sessions.status` knows no such word. */
async function poison(connectionId: string): Promise<number> {
  const { seqs } = await gateway.parts.journal.commit({
    entries: [{ kind: 'session', connectionId, changes: { status: 'envenenada' } }],
  });
  return seqs[0]!;
}

test('a poisoned entry is parked alone, and delays nobody else', async () => {
  const shop = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  const before = ana.send(shop.phone, 'antes');
  await before.receipted;
  const seq = await poison(shop.id);
  const after = ana.send(shop.phone, 'depois');
  await gateway.crm.mensagem(shop.id, before.id);
  await gateway.crm.mensagem(shop.id, after.id);
  await until('the dead letter', async () => (await listed()).length === 1);
  const message = expect.stringContaining('violates check constraint') as unknown as string;
  expect(await listed()).toMatchObject([{ seq, kind: 'session', connectionId: shop.id, message }]);
  expect((await gateway.crm.mensagens(shop.id)).map((row) => row['conteudo'])).toEqual(['antes', 'depois']);
});

test('a retried one is tried for real; a discarded one is gone', async () => {
  const [letter] = await listed();
  const parkedAgain = new Promise<void>((resolve) => {
    const off = gateway.parts.projector.events.on('parked', () => {
      off();
      resolve();
    });
  });
  expect(verdict(await gateway.http.post(`${PATH}/${letter!.seq}/retry`))).toBe('200');
  await parkedAgain;
  expect(await listed()).toMatchObject([{ seq: letter!.seq }]);
  expect(verdict(await gateway.http.post(`${PATH}/${letter!.seq}/discard`))).toBe('200');
  expect(await listed()).toEqual([]);
  expect(verdict(await gateway.http.post(`${PATH}/${letter!.seq}/retry`))).toBe('404 DEAD_LETTER_NOT_FOUND');
});
