import { createRequire } from 'node:module';
import { afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { Journal } from '../../src/journal/journal.js';
import type { CommitBatch } from '../../src/journal/records.js';
import type { Contact, SentMessage } from '../../src/simulator/index.js';
import { aGateway, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

/**
 * The seam rests on what Baileys does without promising it: the decrypt functions of `makeSignalRepository` run inside
 * our transaction, which commits once, before the receipt. These tests fail loudly when a new version does it otherwise.
 */
const gateway = aGateway();
let shop: PairedConnection;

beforeAll(async () => {
  shop = await gateway.aPairedConnection();
}, 60_000);

afterEach(() => void jest.restoreAllMocks());

test('Baileys is the version that the seam was read from', () => {
  const { version } = createRequire(import.meta.url)('@whiskeysockets/baileys/package.json') as { version: string };
  expect(version).toBe('7.0.0-rc14');
});

type Step = 'ratchet and entry' | 'ratchet' | 'entry' | 'durable' | 'receipt' | 'retry request';

const ANSWERS = { 'message.receipted': 'receipt', 'message.retryRequested': 'retry request' } as const;

/** What happens to each message, by id: commits of the journal as they begin and end, answers as the server gets them. */
function watch(): Map<string, Step[]> {
  const steps = new Map<string, Step[]>();
  const add = (id: string, step: Step) => steps.set(id, [...(steps.get(id) ?? []), step]);
  const journal: Journal = gateway.parts.journal;
  const commit = journal.commit.bind(journal);
  jest.spyOn(journal, 'commit').mockImplementation(async (batch: CommitBatch) => {
    const ratchet = Object.keys(batch.keys?.mutations ?? {}).some((type) => /^(session|sender-key)$/.test(type));
    const ids = (batch.entries ?? []).flatMap((entry) => (entry.kind === 'stanza' ? entry.node.attrs['id']! : []));
    for (const id of ids) add(id, ratchet ? 'ratchet and entry' : 'entry');
    const done = await commit(batch);
    for (const id of ids) add(id, 'durable');
    return done;
  });
  const { history } = gateway.simulator;
  const record = history.record.bind(history);
  jest.spyOn(history, 'record').mockImplementation((fact) => {
    if (fact.kind === 'message.receipted' || fact.kind === 'message.retryRequested') add(fact.id, ANSWERS[fact.kind]);
    record(fact);
  });
  return steps;
}

const contents: [string, (ana: Contact, shop: PairedConnection) => SentMessage][] = [
  ['a first message (prekey)', (ana, shop) => ana.send(shop.phone, 'oi')],
  [
    'a message from a LID',
    (ana, shop) => {
      ana.addressing = 'lid';
      return ana.send(shop.phone, 'oi');
    },
  ],
  [
    'a first message in a group (two parts)',
    (ana, shop) => {
      const group = gateway.simulator.createGroup({ subject: 'Família', members: [shop.phone, ana] });
      return ana.sendToGroup(group, 'oi');
    },
  ],
];

test.each(contents)('%s: ratchet and entry in one commit, durable before the receipt', async (_what, send) => {
  const steps = watch();
  const sent = send(gateway.aCustomer(), shop);
  await sent.receipted;
  expect(steps.get(sent.id)).toEqual(['ratchet and entry', 'durable', 'receipt']);
});

test('a message that cannot be read is journaled before it is asked for again', async () => {
  const ana = gateway.aCustomer();
  await ana.send(shop.phone, 'antes').receipted;
  const steps = watch();
  const sent = ana.send(shop.phone, 'ilegível', { damage: 'corrupt' });
  await until('the retry request', () => steps.get(sent.id)?.includes('retry request'));
  expect(steps.get(sent.id)!.slice(0, 3)).toEqual(['entry', 'durable', 'retry request']);
});

test('a message of ours: the ratchet that encrypted it is durable before the stanza is written, and stored once', async () => {
  const ana = gateway.aCustomer();
  await ana.send(shop.phone, 'antes').receipted;
  const steps: string[] = [];
  const journal: Journal = gateway.parts.journal;
  const commit = journal.commit.bind(journal);
  jest.spyOn(journal, 'commit').mockImplementation(async (batch: CommitBatch) => {
    const ratchets = Object.keys(batch.keys?.mutations['session'] ?? {});
    const done = await commit(batch);
    for (const each of ratchets) steps.push(`durable ${each}`);
    return done;
  });
  const { history } = gateway.simulator;
  const record = history.record.bind(history);
  jest.spyOn(history, 'record').mockImplementation((fact) => {
    if (fact.kind === 'send.received') steps.push('written');
    record(fact);
  });
  const { status, body } = await gateway.send(shop.id, { to: ana.number, content: 'oi' });
  expect(status).toBe(201);
  await gateway.crm.mensagem(shop.id, body.message.whatsappId, (row) => row['status'] === 'ENTREGUE');
  expect(steps.length).toBeGreaterThan(1);
  expect(steps.indexOf('written')).toBe(steps.length - 1);
});

test('a commit that fails cuts the socket: neither receipt nor nack leaves, and WhatsApp delivers again', async () => {
  const ana = gateway.aCustomer();
  await ana.send(shop.phone, 'antes').receipted;
  const journal: Journal = gateway.parts.journal;
  const commit = journal.commit.bind(journal);
  let failures = 0;
  jest.spyOn(journal, 'commit').mockImplementation((batch: CommitBatch) => {
    if (failures > 0 || !batch.entries?.some(({ kind }) => kind === 'stanza')) return commit(batch);
    failures += 1;
    return commit({ ...batch, entries: [{ kind: 'outgoing' } as never], connections: [{} as never] });
  });
  const sent = ana.send(shop.phone, 'durante');
  await sent.receipted;
  expect(failures).toBe(1);
  const about = gateway.simulator.history.events.filter((event) => 'id' in event && event.id === sent.id);
  expect(about.map(({ kind }) => kind)).toEqual([
    'message.queued',
    'message.delivered',
    'message.delivered',
    'message.receipted',
  ]);
  await gateway.crm.mensagem(shop.id, sent.id, (row) => row['conteudo'] === 'durante');
});

test('what follows a message that could not be journaled does not overtake it', async () => {
  const ana = gateway.aCustomer();
  const first = ana.send(shop.phone, 'antes');
  const { contato_id } = await gateway.crm.mensagem(shop.id, first.id);
  const journal: Journal = gateway.parts.journal;
  const commit = journal.commit.bind(journal);
  let failures = 0;
  jest.spyOn(journal, 'commit').mockImplementation((batch: CommitBatch) => {
    if (failures > 0 || !batch.entries?.some(({ kind }) => kind === 'stanza')) return commit(batch);
    failures += 1;
    return commit({ ...batch, entries: [{ kind: 'outgoing' } as never], connections: [{} as never] });
  });
  const sent = ['um', 'dois', 'três'].map((text) => ana.send(shop.phone, text));
  for (const { id } of sent) await gateway.crm.mensagem(shop.id, id);
  const rows = await gateway.crm.mensagens(shop.id, { contato_id });
  expect([failures, rows.map((row) => row['conteudo'])]).toEqual([1, ['antes', 'um', 'dois', 'três']]);
});
