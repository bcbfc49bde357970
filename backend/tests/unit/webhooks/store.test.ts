import { describe, expect, test } from '@jest/globals';
import type { NewEvent, WebhookRecord } from '../../../src/journal/webhooks/records.js';
import { fakeClock, openJournal, tempDir } from '../journal-fixture.js';

const OWNER = '8d0d2f2e-6b1d-4a6b-9a53-7c8d7f0f3a22';
let counter = 0;

function aWebhook(changes: Partial<WebhookRecord> = {}): WebhookRecord {
  counter += 1;
  return {
    id: `00000000-0000-4000-8000-${String(counter).padStart(12, '0')}`,
    ...{ name: 'CRM', url: 'https://example.com/', ownerId: null, connectionId: null, events: ['*'], headers: {} },
    ...{ format: 'sentinela', secrets: [{ value: 'whsec_very-secret', until: null }], state: 'active', reason: null },
    ...{ createdAt: counter, updatedAt: counter, failingSince: null },
    ...changes,
  };
}

function anEvent(id: string, changes: Partial<NewEvent> = {}): NewEvent {
  const data = { conteudo: `texto de ${id}` };
  return {
    id,
    type: 'messageReceived',
    connectionId: 'loja',
    ownerId: OWNER,
    at: 1,
    expiresAt: null,
    data,
    ...changes,
  };
}

describe('the lines of webhooks', () => {
  test('an event joins the lines of those that want it, once, and is there after a restart', async () => {
    const dir = await tempDir();
    const journal = await openJournal({ dir });
    const all = aWebhook();
    const others = [
      aWebhook({ events: ['alert'] }),
      aWebhook({ ownerId: '00000000-0000-4000-8000-00000000ffff' }),
      aWebhook({ connectionId: 'another' }),
      aWebhook({ state: 'disabled' }),
    ];
    for (const webhook of [all, ...others]) await journal.webhooks.add(webhook);
    await journal.webhooks.append([anEvent('evt_1'), anEvent('evt_1'), anEvent('evt_2')]);
    await journal.webhooks.append([anEvent('evt_2')]);
    await journal.close();
    const again = (await openJournal({ dir })).webhooks;
    expect(others.map(({ id }) => again.lanes(id))).toEqual([[], [], [], []]);
    expect([again.lanes(all.id), again.backlog(all.id).pending]).toEqual([['loja'], 2]);
    const { deliveries } = again.deliveries(all.id, { limit: 10, beforeSeq: null, state: null });
    expect(deliveries.map(({ eventId }) => eventId)).toEqual(['evt_2', 'evt_1']);
    expect(again.head(all.id, 'loja')?.event?.data).toEqual({ conteudo: 'texto de evt_1' });
  });

  test('the entry leaves the log and its events join the lines in one commit', async () => {
    const journal = await openJournal();
    const webhook = aWebhook();
    await journal.webhooks.add(webhook);
    const session = { kind: 'session' as const, connectionId: 'loja', changes: {} };
    const { seqs } = await journal.commit({ entries: [session] });
    const before = journal.stats().flushes;
    await journal.completeEntries(seqs, { events: [anEvent('evt_1')] });
    expect(journal.stats().flushes - before).toBe(1);
    expect([journal.stats().pendingEntries, journal.webhooks.pendingDeliveries]).toEqual([0, 1]);
  });

  test('what is sealed shows neither secrets nor events on the disk', async () => {
    const dir = await tempDir();
    const journal = await openJournal({ dir, encryptionKey: 'a-key-of-sixteen-chars' });
    await journal.webhooks.add(aWebhook({ headers: { Authorization: 'Bearer hidden-header' } }));
    await journal.webhooks.append([anEvent('evt_1')]);
    await journal.close();
    const { readFile } = await import('node:fs/promises');
    const bytes = (await readFile(`${dir}/journal.lmdb`)).toString('latin1');
    for (const text of ['very-secret', 'hidden-header', 'texto de', 'evt_1']) expect(bytes).not.toContain(text);
  });

  test('pages of the ledger go from the newest to the oldest, none twice', async () => {
    const { webhooks } = await openJournal();
    const [one, two] = [aWebhook(), aWebhook()];
    for (const webhook of [one, two]) await webhooks.add(webhook);
    await webhooks.append(Array.from({ length: 7 }, (_, index) => anEvent(`evt_${index}`)));
    const seen: string[] = [];
    let beforeSeq: number | null = null;
    do {
      const page = webhooks.deliveries(one.id, { limit: 3, beforeSeq, state: null });
      seen.push(...page.deliveries.map(({ eventId }) => eventId));
      ({ beforeSeq } = page);
    } while (beforeSeq !== null);
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `evt_${index}`));
  });

  test('a switched-off webhook can be given what it missed, in order', async () => {
    const { webhooks } = await openJournal();
    const webhook = aWebhook({ state: 'disabled' });
    await webhooks.add(webhook);
    await webhooks.append([anEvent('evt_1', { at: 10 }), anEvent('evt_2', { at: 20 }), anEvent('evt_3', { at: 30 })]);
    await webhooks.update(webhook.id, (now) => ({ ...now, state: 'active' }));
    expect(await webhooks.replay(webhook.id, { seqs: [], since: 15, until: null, state: null })).toBe(2);
    expect(webhooks.head(webhook.id, 'loja')?.event?.id).toBe('evt_2');
    expect(await webhooks.replay(webhook.id, { seqs: [], since: 15, until: null, state: null })).toBe(0);
  });

  test('a deleted webhook leaves nothing in its line', async () => {
    const { webhooks } = await openJournal();
    const webhook = aWebhook();
    await webhooks.add(webhook);
    await webhooks.append([anEvent('evt_1')]);
    expect([await webhooks.delete(webhook.id), await webhooks.delete(webhook.id)]).toEqual([true, false]);
    expect([webhooks.pendingDeliveries, webhooks.list()]).toEqual([0, []]);
  });
});

describe('room', () => {
  test('beyond a quarter of the budget delivered events go first, then the oldest that wait, and a person is told', async () => {
    const journal = await openJournal({ maxBytes: 256 * 1024 });
    const { webhooks } = journal;
    const webhook = aWebhook();
    await webhooks.add(webhook);
    let discarded = 0;
    webhooks.onDiscarded((trimmed) => (discarded += trimmed.discarded));
    const data = { conteudo: 'x'.repeat(4096) };
    for (let index = 0; index < 40; index++) await webhooks.append([anEvent(`evt_${index}`, { data })]);
    // The first may join one that began before the last events came.
    await webhooks.trim();
    await webhooks.trim();
    expect(webhooks.bytes.live).toBeLessThanOrEqual(64 * 1024);
    expect(discarded).toBeGreaterThan(20);
    // The newest are those that are left.
    expect(webhooks.pendingDeliveries + discarded).toBe(40);
    expect(webhooks.head(webhook.id, 'loja')?.event?.id).toBe(`evt_${discarded}`);
    expect(webhooks.deliveries(webhook.id, { limit: 1, beforeSeq: null, state: 'discarded' }).deliveries).toHaveLength(
      1,
    );
    // Messages still have their room.
    const session = { kind: 'session' as const, connectionId: 'loja', changes: { nome: 'x'.repeat(1000) } };
    await expect(journal.commit({ entries: [session] })).resolves.toBeDefined();
  });

  test('after seven days an event is gone, with its ledger', async () => {
    const clock = fakeClock();
    const { webhooks } = await openJournal({ clock });
    const webhook = aWebhook();
    await webhooks.add(webhook);
    await webhooks.append([anEvent('evt_1')]);
    const { delivery } = webhooks.head(webhook.id, 'loja')!;
    await webhooks.settle({ ...delivery, state: 'delivered' });
    clock.advance(7 * 24 * 60 * 60 * 1000);
    expect(await webhooks.trim()).toEqual({ events: 1, discarded: 0 });
    expect(webhooks.deliveries(webhook.id, { limit: 1, beforeSeq: null, state: null }).deliveries).toEqual([]);
    expect(webhooks.bytes.live).toBe(0);
  });
});
