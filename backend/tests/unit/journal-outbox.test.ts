import { describe, expect, test } from '@jest/globals';
import type { NewLogEntry } from '../../src/journal/records.js';
import { aConnection, anOutbox, CONNECTION, fakeClock, openJournal, sha256, tempDir } from './journal-fixture.js';

const DAY = 24 * 60 * 60 * 1000;

function outgoing(whatsappId: string): NewLogEntry {
  return {
    kind: 'outgoing',
    connectionId: CONNECTION,
    rowId: 'r',
    whatsappId,
    chatJid: '5511999999999@s.whatsapp.net',
    pn: null,
    lid: null,
    message: Buffer.from([1]),
    remetente: 'ATENDENTE',
  };
}

describe('the outbox', () => {
  test('unfinished sends are listed in the order of acceptance, across connections and restarts', async () => {
    const dir = await tempDir();
    const first = await openJournal({ dir });
    for (const [seq, id, connectionId] of [
      [12, 'C', CONNECTION],
      [3, 'A', CONNECTION],
      [7, 'B', 'outra'],
    ] as const) {
      await first.commit({ outbox: [anOutbox({ seq, whatsappId: id, connectionId })] });
    }
    await first.close();
    const second = await openJournal({ dir });
    const ids = (connectionId?: string) => [...second.listUnfinishedOutbox(connectionId)].map((r) => r.whatsappId);
    expect(ids()).toEqual(['A', 'B', 'C']);
    expect(ids(CONNECTION)).toEqual(['A', 'C']);
    expect(second.stats().outboxUnfinished).toBe(3);
  });

  test('a finished send leaves the list and can still be read', async () => {
    const journal = await openJournal();
    const record = anOutbox();
    await journal.commit({ outbox: [record] });
    await journal.commit({ outbox: [{ ...record, state: 'sending', attempts: 1 }] });
    expect([...journal.listUnfinishedOutbox()]).toMatchObject([{ state: 'sending', attempts: 1 }]);
    await journal.commit({ outbox: [{ ...record, state: 'sent', serverTime: 5 }] });
    expect([...journal.listUnfinishedOutbox()]).toEqual([]);
    expect(journal.getOutbox(CONNECTION, record.whatsappId)).toEqual({ ...record, state: 'sent', serverTime: 5 });
    expect(journal.getOutbox('outra', record.whatsappId)).toBeNull();
  });

  test('a record with seq 0 gets the place of its own entry in the log and keeps it', async () => {
    const journal = await openJournal();
    const fresh = anOutbox({ seq: 0, whatsappId: 'B' });
    const { seqs } = await journal.commit({ entries: [outgoing('A'), outgoing('B')], outbox: [fresh] });
    expect(journal.getOutbox(CONNECTION, 'B')?.seq).toBe(seqs[1]);
    await journal.commit({ outbox: [{ ...fresh, state: 'failed' }] });
    expect([...journal.listUnfinishedOutbox()]).toEqual([]);
    expect(journal.stats().outboxUnfinished).toBe(0);
  });

  test('what has its entry only when it ends keeps its place, and leaves nothing behind', async () => {
    const journal = await openJournal();
    const reaction = anOutbox({ seq: 0, whatsappId: 'A', rowless: true });
    await journal.commit({ outbox: [reaction] });
    const place = journal.getOutbox(CONNECTION, 'A')?.seq;
    await journal.commit({ entries: [outgoing('A')], outbox: [{ ...reaction, state: 'sent' }] });
    expect(journal.getOutbox(CONNECTION, 'A')?.seq).toBe(place);
    expect(journal.stats().outboxUnfinished).toBe(0);
  });
});

describe('what is kept only for a time', () => {
  test('finished sends go 14 days after their acceptance, unfinished ones never', async () => {
    const clock = fakeClock();
    const journal = await openJournal({ clock });
    const acceptedAt = clock.now();
    await journal.commit({
      outbox: [
        anOutbox({ whatsappId: 'sent', seq: 1, state: 'sent', acceptedAt }),
        anOutbox({ whatsappId: 'open', seq: 2, state: 'sending', acceptedAt }),
      ],
    });
    await journal.prune(acceptedAt + 14 * DAY - 1);
    expect(journal.getOutbox(CONNECTION, 'sent')).not.toBeNull();
    clock.advance(14 * DAY);
    expect(await journal.prune()).toMatchObject({ outbox: 1 });
    expect(journal.getOutbox(CONNECTION, 'sent')).toBeNull();
    expect([...journal.listUnfinishedOutbox()]).toHaveLength(1);
  });

  test('the hash of a part is remembered for 14 days', async () => {
    const clock = fakeClock();
    const journal = await openJournal({ clock });
    const part = { connectionId: CONNECTION, sha256: sha256('x'), plaintext: null, at: clock.now() };
    await journal.commit({ parts: [part] });
    clock.advance(14 * DAY - 1);
    await journal.prune();
    expect(journal.findPart(CONNECTION, part.sha256)).toEqual(part);
    clock.advance(1);
    expect(await journal.prune()).toMatchObject({ parts: 1 });
    expect(journal.findPart(CONNECTION, part.sha256)).toBeNull();
  });

  test('pruning goes through more rows than one slice', async () => {
    const clock = fakeClock();
    const journal = await openJournal({ clock });
    const part = (text: string, at: number) => ({
      connectionId: CONNECTION,
      sha256: sha256(text),
      plaintext: null,
      at,
    });
    const old = Array.from({ length: 1500 }, (_, at) => part(`old ${at}`, clock.now()));
    const fresh = Array.from({ length: 1500 }, (_, at) => part(`new ${at}`, clock.now() + DAY));
    await journal.commit({ parts: [...old, ...fresh] });
    expect(await journal.prune(clock.now() + 14 * DAY)).toMatchObject({ parts: 1500 });
    expect(fresh.every(({ sha256 }) => journal.findPart(CONNECTION, sha256) !== null)).toBe(true);
  });

  test('an Idempotency-Key gives its first answer for 7 days, across restarts', async () => {
    const dir = await tempDir();
    const clock = fakeClock();
    const record = { scope: 'crm', key: 'k'.repeat(1000), bodySha256: sha256('b'), whatsappId: 'A', at: clock.now() };
    const first = await openJournal({ dir, clock });
    await first.commit({ idempotency: [record] });
    await first.close();
    const second = await openJournal({ dir, clock });
    expect(second.findIdempotency('crm', record.key)).toEqual(record);
    expect(second.findIdempotency('outro', record.key)).toBeNull();
    clock.advance(7 * DAY);
    expect(second.findIdempotency('crm', record.key)).toBeNull();
    expect(await second.prune()).toMatchObject({ idempotency: 1 });
  });
});

describe('the registry of connections', () => {
  test('keeps what is known of each connection, across restarts', async () => {
    const dir = await tempDir();
    const first = await openJournal({ dir });
    await first.commit({
      connections: [aConnection({ connectionId: 'b', createdAt: 2 }), aConnection({ createdAt: 1 })],
    });
    await first.commit({ connections: [aConnection({ connectionId: 'b', createdAt: 2, estado: 'ready' })] });
    await first.close();
    const second = await openJournal({ dir });
    expect(second.listConnections().map((record) => record.connectionId)).toEqual([CONNECTION, 'b']);
    expect(second.getConnection('b')).toEqual(aConnection({ connectionId: 'b', createdAt: 2, estado: 'ready' }));
    await second.deleteConnection('b');
    expect(second.getConnection('b')).toBeNull();
    expect(second.listConnections()).toHaveLength(1);
  });

  test('what deleted connections have counted stays with their owner and company, also of two deleted at once', async () => {
    const dir = await tempDir();
    const first = await openJournal({ dir });
    const counted = { connects: 2, disconnects: 1, messageCount: 5 };
    const ids = ['a', 'b', 'c', 'd'];
    const connections = ids.map((connectionId) => aConnection({ connectionId, ...counted }));
    connections[2] = { ...connections[2]!, companyId: 'empresa' };
    await first.commit({ connections });
    // A newer record than the one on the disk counts; one that is gone already counts no more.
    await Promise.all([
      first.deleteConnection('a'),
      first.deleteConnection('b', { ...connections[1]!, messageCount: 7 }),
    ]);
    await Promise.all([first.deleteConnection('c'), first.deleteConnection('a'), first.deleteConnection('unknown')]);
    await first.close();
    const second = await openJournal({ dir });
    const { ownerId } = connections[0]!;
    expect(second.listGoneConnections()).toHaveLength(2);
    expect(second.listGoneConnections()).toEqual(
      expect.arrayContaining([
        { ownerId, companyId: null, created: 2, connected: 4, disconnected: 2, messages: 12 },
        { ownerId, companyId: 'empresa', created: 1, connected: 2, disconnected: 1, messages: 5 },
      ]),
    );
    expect(second.listConnections().map(({ connectionId }) => connectionId)).toEqual(['d']);
  });
});
