import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Journal } from '../../../src/journal/journal.js';
import type { NewEvent } from '../../../src/journal/webhooks/records.js';
import { fakeClock, openJournal, tempDir } from '../journal-fixture.js';

const DAY_MS = 24 * 60 * 60 * 1000;
let counter = 0;

function anEvent(changes: Partial<NewEvent> = {}): NewEvent {
  const about = { connectionId: 'loja', ownerId: null, companyId: null, expiresAt: null };
  return { ...about, id: `evt_${++counter}`, type: 'messageReceived', at: 1, data: {}, ...changes };
}

/** Appends so many, one by one, durably. @returns their ids */
async function append(journal: Journal, count: number, changes: Partial<NewEvent> = {}): Promise<string[]> {
  const events = Array.from({ length: count }, () => anEvent(changes));
  await Promise.all(events.map((event) => journal.webhooks.append([event])));
  return events.map(({ id }) => id);
}

const idsAfter = ({ webhooks: { feed } }: Journal, seq: number) => feed.after(seq, 10_000).map(({ id }) => id);

describe('the log of events', () => {
  afterEach(() => void jest.useRealTimers());

  test('is kept from the first listener on, over a restart, and read in order', async () => {
    const dir = await tempDir();
    const journal = await openJournal({ dir });
    await append(journal, 2);
    expect([journal.webhooks.inUse, idsAfter(journal, 0)]).toEqual([false, []]);
    await journal.webhooks.feed.listen();
    const since = journal.webhooks.feed.nameOf(journal.webhooks.feed.last);
    // More than are held in memory.
    const ids = await append(journal, 600);
    expect(idsAfter(journal, journal.webhooks.feed.find(since)!)).toEqual(ids);
    await journal.close();
    const again = await openJournal({ dir });
    expect(again.webhooks.inUse).toBe(true);
    ids.push(...(await append(again, 3)));
    const { feed } = again.webhooks;
    expect(idsAfter(again, feed.find(since)!)).toEqual(ids);
    expect(idsAfter(again, feed.find(ids[599]!)!)).toEqual(ids.slice(600));
  });

  test('tells an event before its commit, and names no place that a crash could take back', async () => {
    const journal = await openJournal();
    const { feed } = journal.webhooks;
    await feed.listen();
    const heard: string[] = [];
    feed.onEvents(() => heard.push(...idsAfter(journal, 0)));
    const before = feed.nameOf(feed.last);
    const event = anEvent();
    const writing = journal.webhooks.append([event]);
    expect([heard, feed.nameOf(feed.last), feed.find(event.id)]).toEqual([[event.id], before, 1]);
    await writing;
    expect(feed.nameOf(feed.last)).not.toBe(before);
  });

  test('costs no flush for each event, as long as no webhook waits for one', async () => {
    const journal = await openJournal();
    await journal.webhooks.feed.listen();
    const { flushes } = journal.stats();
    jest.useFakeTimers({
      advanceTimers: false,
      doNotFake: ['performance', 'nextTick', 'setImmediate', 'queueMicrotask'],
    });
    const writing: Promise<void>[] = [];
    for (let n = 0; n < 3; n++) {
      writing.push(journal.webhooks.append([anEvent()]));
      // Long enough for a flush that does not wait.
      await sleep(20);
    }
    expect(journal.stats().flushes - flushes).toBe(0);
    jest.advanceTimersByTime(20);
    await Promise.all(writing);
    expect(journal.stats().flushes - flushes).toBe(1);
  });

  test('does not say that it is whole when it may not be', async () => {
    const clock = fakeClock();
    const journal = await openJournal({ clock });
    const { feed } = journal.webhooks;
    await feed.listen();
    const start = feed.nameOf(feed.last);
    const [first, second] = await append(journal, 2);
    expect([feed.find('evt_unknown'), feed.find(`${start.slice(0, 12)}.99`), feed.find('0123456789ab.1')]).toEqual([
      ...[null, null, null],
    ]);
    clock.advance(8 * DAY_MS);
    const [third] = await append(journal, 1);
    await feed.listen();
    await journal.webhooks.trim();
    expect([start, first].map((since) => feed.find(since!))).toEqual([null, null]);
    // After the second one nothing is missing; its id is gone, its place is not.
    expect(feed.find(`${start.slice(0, 12)}.2`)).toBe(2);
    expect([feed.find(second!) === null || feed.find(second!) === 2, idsAfter(journal, 2)]).toEqual([true, [third]]);
  });

  test('is kept no longer when nobody has listened for as long as it reaches back', async () => {
    const clock = fakeClock();
    const journal = await openJournal({ clock });
    const { feed } = journal.webhooks;
    await feed.listen();
    const since = feed.nameOf(feed.last);
    clock.advance(7 * DAY_MS + 1);
    await journal.webhooks.trim();
    expect([journal.webhooks.inUse, feed.find(since)]).toEqual([false, null]);
    await feed.listen();
    expect(feed.find(since)).toBeNull();
  });
});
