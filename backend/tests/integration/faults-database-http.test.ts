import { beforeAll, expect, test } from '@jest/globals';
import { aGateway, type PairedConnection } from '../support/gateway.js';
import { HttpFaultProxy, type HttpFault, type SeenWrite } from '../support/http-fault-proxy.js';
import { until } from '../support/until.js';

/** The database's API behind something that answers in its place. */
const gateway = aGateway();
let proxy: HttpFaultProxy;
let shop: PairedConnection;

beforeAll(async () => {
  proxy = new HttpFaultProxy(gateway.database.url);
  await proxy.up();
  gateway.onClose(() => proxy.down());
  await gateway.restart({ SUPABASE_URL: proxy.url });
  shop = await gateway.aPairedConnection();
}, 60_000);

const JSON_TYPE = { 'content-type': 'application/json' };
const HTML_TYPE = { 'content-type': 'text/html' };
const before = (answer: HttpFault['answer']): HttpFault => ({ afterCommit: false, answer });
const afterCommit = (answer: HttpFault['answer']): HttpFault => ({ afterCommit: true, answer });

const FAULTS: [string, HttpFault][] = [
  ['500 without a body', before((res) => res.writeHead(500).end())],
  ['500 with an error', before((res) => res.writeHead(500, JSON_TYPE).end('{"message":"Internal Server Error"}'))],
  ['502 with a page', before((res) => res.writeHead(502, HTML_TYPE).end('<html>Bad gateway</html>'))],
  ['429', before((res) => res.writeHead(429, { 'retry-after': '1' }).end())],
  // postgrest-js shows this one as a success with status 204.
  ['an empty 404', before((res) => res.writeHead(404).end())],
  ['204', before((res) => res.writeHead(204).end())],
  ['200 with a page', before((res) => res.writeHead(200, HTML_TYPE).end('<html>Welcome to the hotel</html>'))],
  ['200 with fewer results than items', before((res) => res.writeHead(200, JSON_TYPE).end('[]'))],
  ['401, until the key is right again', before((res) => res.writeHead(401, JSON_TYPE).end('{"message":"Invalid"}'))],
  ['204 after the commit', afterCommit((res) => res.writeHead(204).end())],
  ['502 after the commit', afterCommit((res) => res.writeHead(502, HTML_TYPE).end('<html></html>'))],
  [
    'half an answer after the commit',
    afterCommit((res) => {
      res.writeHead(200, { ...JSON_TYPE, 'content-length': '1000' });
      res.write('[{"op":', () => res.destroy());
    }),
  ],
];

test.each(FAULTS)('%s: nothing is lost, doubled or out of order', async (_, fault) => {
  const ana = gateway.aCustomer();
  const first = await gateway.crm.mensagem(shop.id, ana.send(shop.phone, 'antes').id);
  proxy.next(3, fault);
  const sent = Array.from({ length: 5 }, (_each, index) => ana.send(shop.phone, `durante ${index + 1}`));
  await Promise.all(sent.map(({ receipted }) => receipted));
  const { body } = await gateway.send(shop.id, { to: ana.number, content: 'resposta' });
  await until('the faults to be over', () => {
    // Instead of waiting out the backoffs.
    gateway.parts.projector.wake();
    return proxy.left === 0;
  });
  gateway.parts.projector.wake();
  await gateway.crm.mensagem(shop.id, body.message.whatsappId, (row) => row['status'] === 'ENTREGUE');
  const rows = await gateway.crm.mensagens(shop.id, { contato_id: first['contato_id'] });
  expect(rows.map((row) => row['conteudo'])).toEqual([
    'antes',
    ...sent.map((_each, i) => `durante ${i + 1}`),
    'resposta',
  ]);
  expect(gateway.parts.journal.stats().deadLetters).toBe(0);
});

test('a poisoned row delays healthy ones by one batch at most', async () => {
  proxy.next(
    Infinity,
    before((res) => res.writeHead(503).end()),
  );
  // Twelve batches' worth, one row in fifty poisoned: `status` knows no such word.
  const POISONED = 1200 / 50;
  for (let at = 0; at < 1200; at += 100) {
    const entries = Array.from({ length: 100 }, (_, index) => ({
      kind: 'session' as const,
      connectionId: shop.id,
      changes: (at + index) % 50 === 25 ? { status: 'envenenada' } : { configuracao: { n: at + index } },
    }));
    await gateway.parts.journal.commit({ entries });
  }
  await until('the writer to have met the outage', () => gateway.parts.projector.state === 'backing-off');
  const since = proxy.writes.length;
  proxy.left = 0;
  gateway.parts.projector.wake();
  await until('all to be settled', () => gateway.parts.journal.stats().deadLetters === POISONED, 60_000);
  await until('the log to be empty', () => gateway.parts.projector.state === 'idle');
  const { delays, healthy } = batchesWaited(proxy.writes.slice(since));
  expect(healthy).toBe(1200 - POISONED);
  expect(Math.max(...delays)).toBeLessThanOrEqual(1);
});

/** For each item that was written: how many later batches began between its first try and its success. */
function batchesWaited(writes: SeenWrite[]): { delays: number[]; healthy: number } {
  const firstTry = new Map<string, number>();
  const delays: number[] = [];
  let batches = 0;
  for (const { items, status } of writes) {
    if (items.every((item) => !firstTry.has(item))) batches += 1;
    for (const item of items) if (!firstTry.has(item)) firstTry.set(item, batches);
    if (status < 300) delays.push(...items.map((item) => batches - firstTry.get(item)!));
  }
  return { delays, healthy: delays.length };
}
