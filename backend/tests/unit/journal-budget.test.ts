import { describe, expect, test } from '@jest/globals';
import type { BudgetAlert } from '../../src/journal/disk-budget.js';
import type { NewLogEntry } from '../../src/journal/records.js';
import { aStanza, anOutbox, CONNECTION, openJournal, tempDir } from './journal-fixture.js';

const KB = 1024;
const big = (name: string) => aStanza(name.padEnd(4 * KB, '.'));
const session: NewLogEntry = { kind: 'session', connectionId: CONNECTION, changes: { estado: 'error' } };

async function fill(journal: Awaited<ReturnType<typeof openJournal>>): Promise<number[]> {
  const seqs: number[] = [];
  for (;;) {
    try {
      seqs.push(...(await journal.commit({ entries: [big(`${seqs.length}`)] })).seqs);
    } catch {
      return seqs;
    }
  }
}

describe('the disk budget', () => {
  test('at the cap new entries are refused and everything else still works', async () => {
    const journal = await openJournal({ maxBytes: 64 * KB });
    const seqs = await fill(journal);
    expect(seqs.length).toBeGreaterThan(5);
    await expect(journal.commit({ entries: [big('x')], outbox: [anOutbox()] })).rejects.toMatchObject({
      code: 'JOURNAL_FULL',
      details: { maxBytes: 64 * KB },
    });
    expect([...journal.listUnfinishedOutbox()]).toEqual([]);
    await journal.commit({ creds: { connectionId: CONNECTION, value: { ok: true } } });
    await journal.commit({ entries: [session] });
    await journal.completeEntries(seqs.slice(0, 3));
    await journal.commit({ entries: [big('there is room again')] });
  });

  test('listeners are told at 50, 80 and 100 %, once each, and again after it had shrunk', async () => {
    const journal = await openJournal({ maxBytes: 64 * KB });
    const alerts: BudgetAlert[] = [];
    journal.onBudget((alert) => alerts.push(alert));
    const seqs = await fill(journal);
    expect(alerts.map((alert) => alert.percent)).toEqual([50, 80, 100]);
    expect(alerts[0]?.liveBytes).toBeGreaterThanOrEqual(32 * KB);
    await journal.completeEntries(seqs);
    expect(journal.stats().liveBytes).toBe(0);
    await fill(journal);
    expect(alerts.map((alert) => alert.percent)).toEqual([50, 80, 100, 50, 80, 100]);
  });

  test('a restart counts what is left, dead letters included', async () => {
    const dir = await tempDir();
    const first = await openJournal({ dir });
    const { seqs } = await first.commit({ entries: [big('1'), big('2'), big('3')] });
    await first.parkEntry(seqs[0] as number, { code: 'x', message: 'y' });
    await first.completeEntries([seqs[1] as number]);
    const { liveBytes } = first.stats();
    await first.close();
    const second = await openJournal({ dir });
    expect(second.stats().liveBytes).toBe(liveBytes);
    expect(liveBytes).toBeGreaterThan(8 * KB);
  });
});
