import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { open } from 'lmdb';
import { DATA_FILE } from '../../src/journal/open-environment.js';
import { seqKey } from '../../src/journal/record-keys.js';
import { aPart, aStanza, CONNECTION, fakeClock, openJournal, sha256, tempDir } from './journal-fixture.js';

const REASON = { code: '22P02', message: 'invalid input syntax' };

describe('the log', () => {
  test('entries are claimed in the order of the calls, as they were committed', async () => {
    const clock = fakeClock();
    const journal = await openJournal({ clock });
    const commits = ['um', 'dois', 'três'].map((text) => journal.commit({ entries: [aStanza(text)] }));
    const seqs = (await Promise.all(commits)).flatMap(({ seqs }) => seqs);
    const claimed = journal.claimEntries(10);
    expect(claimed.map((entry) => entry.seq)).toEqual(seqs);
    expect(claimed[2]).toEqual({ ...aStanza('três'), seq: seqs[2], at: clock.now() });
    const [entry] = claimed;
    expect(entry?.kind === 'stanza' && Buffer.isBuffer(entry.parts[0]?.plaintext)).toBe(true);
  });

  test('a claim takes nothing away and can go on after a seq', async () => {
    const journal = await openJournal();
    const { seqs } = await journal.commit({ entries: [aStanza('1'), aStanza('2'), aStanza('3')] });
    expect(journal.claimEntries(2)).toEqual(journal.claimEntries(2));
    expect(journal.claimEntries(10, seqs[1]).map((entry) => entry.seq)).toEqual([seqs[2]]);
    expect(journal.claimEntries(0)).toEqual([]);
  });

  test('a journal that closes refuses reads and writes in words, whoever is still at work', async () => {
    const journal = await openJournal();
    const commit = journal.commit({ entries: [aStanza('1')] });
    const closing = journal.close();
    expect(() => journal.claimEntries(1)).toThrow(expect.objectContaining({ code: 'JOURNAL_FAILED' }));
    await Promise.all([commit, closing]);
    await expect(journal.commit({ entries: [aStanza('2')] })).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
  });

  test('what can wait shares the flush of the next commit, in the order of the calls', async () => {
    const journal = await openJournal();
    await journal.commit({ entries: [aStanza('0')] });
    const before = journal.stats().flushes;
    const soon = ['1', '2'].map((text) => journal.commit({ entries: [aStanza(text)] }, 'soon'));
    expect(journal.claimEntries(10)).toHaveLength(1);
    const now = journal.commit({ entries: [aStanza('3')] });
    const seqs = (await Promise.all([...soon, now])).flatMap((each) => each.seqs);
    expect(
      journal
        .claimEntries(10)
        .map(({ seq }) => seq)
        .slice(1),
    ).toEqual(seqs);
    expect([...seqs].sort((a, b) => a - b)).toEqual(seqs);
    expect(journal.stats().flushes - before).toBe(1);
  });

  test('what can wait is durable without company too, and when the journal closes', async () => {
    const dir = await tempDir();
    const first = await openJournal({ dir });
    await first.commit({ entries: [aStanza('1')] }, 'soon');
    expect(first.claimEntries(10)).toHaveLength(1);
    const soon = first.commit({ entries: [aStanza('2')] }, 'soon');
    await Promise.all([soon, first.close()]);
    const second = await openJournal({ dir });
    expect(second.claimEntries(10)).toHaveLength(2);
  });

  test('a place is never given twice, even when the log was empty at the restart', async () => {
    const dir = await tempDir();
    const first = await openJournal({ dir });
    const { seqs } = await first.commit({ entries: [aStanza('1'), aStanza('2')] });
    await first.completeEntries(seqs);
    await first.close();
    const second = await openJournal({ dir });
    const { seqs: later } = await second.commit({ entries: [aStanza('3')] });
    expect(later[0]).toBeGreaterThan(Math.max(...seqs));
  });

  test('a completed entry never comes back, one that was not completed survives', async () => {
    const dir = await tempDir();
    const first = await openJournal({ dir });
    const { seqs } = await first.commit({ entries: [aStanza('1'), aStanza('2'), aStanza('3')] });
    await first.completeEntries([seqs[0] as number, seqs[2] as number, seqs[0] as number, 999]);
    await first.close();
    const second = await openJournal({ dir });
    expect(second.claimEntries(10).map((entry) => entry.seq)).toEqual([seqs[1]]);
  });

  test('completing drops the plaintext of the parts and keeps their hashes', async () => {
    const journal = await openJournal();
    const { seqs } = await journal.commit({ parts: [aPart('segredo')], entries: [aStanza('segredo')] });
    expect(journal.findPart(CONNECTION, sha256('segredo'))?.plaintext).toEqual(Buffer.from('segredo'));
    await journal.completeEntries(seqs);
    expect(journal.findPart(CONNECTION, sha256('segredo'))).toMatchObject({ plaintext: null });
    expect(journal.findPart('outra', sha256('segredo'))).toBeNull();
    expect(journal.findPart(CONNECTION, sha256('nunca visto'))).toBeNull();
  });

  test('a part that could not be decrypted is not remembered as seen: it may be readable when it comes again', async () => {
    const journal = await openJournal();
    const stanza = aStanza('nova sessão');
    const failed = {
      ...stanza,
      parts: [{ sha256: sha256('nova sessão'), plaintext: null, error: 'Invalid PreKey ID' }],
    };
    const { seqs } = await journal.commit({ entries: [failed] });
    await journal.completeEntries(seqs);
    expect(journal.findPart(CONNECTION, sha256('nova sessão'))).toBeNull();
  });

  test('listeners hear of new entries once they are durable, and of nothing else', async () => {
    const journal = await openJournal();
    let heard = 0;
    const stop = journal.onAppended(() => heard++);
    await journal.commit({ parts: [aPart()] });
    expect(heard).toBe(0);
    const commit = journal.commit({ entries: [aStanza()] });
    expect(heard).toBe(0);
    await commit;
    expect(heard).toBe(1);
    stop();
    await journal.commit({ entries: [aStanza('2')] });
    expect(heard).toBe(1);
  });

  test('a batch with one bad record is refused as a whole', async () => {
    const journal = await openJournal();
    const bad = { ...aPart('b'), connectionId: 'x'.repeat(300) };
    await expect(journal.commit({ entries: [aStanza()], parts: [aPart('a'), bad] })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    expect(journal.claimEntries(10)).toEqual([]);
    expect(journal.findPart(CONNECTION, sha256('a'))).toBeNull();
    expect(journal.stats().liveBytes).toBe(0);
  });

  test('the figures say what waits', async () => {
    const clock = fakeClock();
    const journal = await openJournal({ clock });
    expect(journal.stats()).toMatchObject({ pendingEntries: 0, oldestPendingAt: null, liveBytes: 0 });
    await journal.commit({ entries: [aStanza('1')] });
    const oldest = clock.now();
    clock.advance(1000);
    await journal.commit({ entries: [aStanza('2')] });
    expect(journal.stats()).toMatchObject({ pendingEntries: 2, oldestPendingAt: oldest, deadLetters: 0 });
  });

  test('after close every write is refused and close can be called again', async () => {
    const journal = await openJournal();
    const last = journal.commit({ entries: [aStanza()] });
    await journal.close();
    await last;
    await expect(journal.commit({ entries: [aStanza()] })).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
    await journal.close();
  });
});

describe('dead letters', () => {
  test('a parked entry leaves the log with its reason and can be listed', async () => {
    const clock = fakeClock();
    const journal = await openJournal({ clock });
    const { seqs } = await journal.commit({ entries: [aStanza('ruim'), aStanza('bom')] });
    await journal.parkEntry(seqs[0] as number, REASON);
    expect(journal.claimEntries(10).map((entry) => entry.seq)).toEqual([seqs[1]]);
    const entry = { ...aStanza('ruim'), seq: seqs[0], at: clock.now() };
    expect(journal.listDeadLetters(10)).toEqual([{ entry, reason: REASON, at: clock.now() }]);
    expect(journal.listDeadLetters(10, seqs[0])).toEqual([]);
    expect(journal.stats()).toMatchObject({ pendingEntries: 1, deadLetters: 1 });
  });

  test('a retried one is back at its old place', async () => {
    const journal = await openJournal();
    const { seqs } = await journal.commit({ entries: [aStanza('1'), aStanza('2')] });
    const before = journal.claimEntries(10);
    await journal.parkEntry(seqs[0] as number, REASON);
    expect(await journal.retryDeadLetter(seqs[0] as number)).toBe(true);
    expect(journal.claimEntries(10)).toEqual(before);
    expect(await journal.retryDeadLetter(seqs[0] as number)).toBe(false);
  });

  test('a discarded one is gone with its plaintext, and its budget is free again', async () => {
    const journal = await openJournal();
    const { seqs } = await journal.commit({ parts: [aPart('x')], entries: [aStanza('x')] });
    await journal.parkEntry(seqs[0] as number, REASON);
    expect(await journal.discardDeadLetter(seqs[0] as number)).toBe(true);
    expect(await journal.discardDeadLetter(seqs[0] as number)).toBe(false);
    expect(journal.findPart(CONNECTION, sha256('x'))).toMatchObject({ plaintext: null });
    expect(journal.stats()).toMatchObject({ pendingEntries: 0, deadLetters: 0, liveBytes: 0 });
  });

  test('parking what is not in the log does nothing', async () => {
    const journal = await openJournal();
    await journal.parkEntry(7, REASON);
    expect(journal.listDeadLetters(10)).toEqual([]);
  });

  test('a damaged record holds nothing up: it is handed out as unreadable, parked, and can be discarded', async () => {
    const dir = await tempDir();
    const first = await openJournal({ dir });
    const { seqs } = await first.commit({ entries: [aStanza('1'), aStanza('2'), aStanza('3')] });
    await first.close();
    const raw = open({ path: join(dir, DATA_FILE), maxDbs: 16, encoding: 'binary', keyEncoding: 'binary' });
    const damaged = Buffer.alloc(40, 0xc1);
    await raw.openDB({ name: 'log', encoding: 'binary', keyEncoding: 'binary' }).put(seqKey(seqs[1]!), damaged);
    await raw.close();
    const journal = await openJournal({ dir });
    const kinds = journal.claimEntries(10).map(({ kind }) => kind);
    expect(kinds).toEqual(['stanza', 'unreadable', 'stanza']);
    await journal.parkEntry(seqs[1]!, REASON);
    expect(journal.claimEntries(10).map(({ seq }) => seq)).toEqual([seqs[0], seqs[2]]);
    const [letter] = journal.listDeadLetters(10);
    expect(letter).toMatchObject({ reason: REASON, entry: { kind: 'unreadable', seq: seqs[1], bytes: damaged } });
    expect(await journal.discardDeadLetter(seqs[1]!)).toBe(true);
    expect(journal.stats().deadLetters).toBe(0);
  });
});
