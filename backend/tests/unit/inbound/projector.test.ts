import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deferred } from '../../../src/lib/deferred.js';
import { aReceipt, aText } from './entries.js';
import { accept, failure, idOf, ProjectorFixture, refuse, until } from './projector-fixture.js';

let it: ProjectorFixture;
const projector = () => it.projector;
const ids = (count: number, prefix = 'M') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

beforeEach(async () => {
  it = await ProjectorFixture.open();
});
afterEach(() => it.close());

describe('the log becomes rows', () => {
  test('all of it, in order, once, and then it is empty', async () => {
    await it.appendTexts(...ids(1200));
    await projector().start();
    await it.drained();
    expect(it.writtenIds).toEqual(ids(1200));
    expect(Math.max(...it.calls.map((call) => call.length))).toBeLessThanOrEqual(500);
    expect(it.projected.map(({ eventos }) => idOf(eventos[0]!))).toEqual(ids(1200));
  });

  test('an entry is written at once when nothing is under way', async () => {
    await projector().start();
    await until(() => it.projector.state === 'idle');
    await it.appendTexts('A');
    await it.drained();
    expect(it.calls).toEqual([['A']]);
    expect(it.states).toEqual(['running', 'idle']);
  });

  test('receipts of a reaction of ours, which has no row, are not kept waiting for one', async () => {
    it.rowless.add('REACAO');
    const delivered = ['REACAO', 'TEXTO'].map((id) => aReceipt({ id, type: 'read' }));
    await it.append(...delivered);
    await projector().start();
    await it.drained();
    expect(it.writtenIds).toEqual(['TEXTO']);
    expect(it.pending).toBe(0);
  });

  test('what is appended during a write forms the next batch', async () => {
    const first = deferred();
    it.answer = async (lote, call) => {
      if (call === 1) await first.promise;
      return accept(lote);
    };
    await it.appendTexts('A');
    await projector().start();
    await until(() => it.calls.length === 1);
    await it.appendTexts('B');
    await it.appendTexts('C', 'D');
    first.resolve();
    await it.drained();
    expect(it.calls).toEqual([['A'], ['B', 'C', 'D']]);
  });

  test('entries that mean nothing for the database leave the log without a call', async () => {
    await it.append(aReceipt({ type: 'retry' }), aReceipt({ type: 'hist_sync' }));
    await projector().start();
    await it.drained();
    expect(it.calls).toEqual([]);
  });

  test('an entry with more items than a call takes is written in several', async () => {
    const items = ids(1200, 'R').map((id) => ({ tag: 'item', attrs: { id } }));
    const receipt = aReceipt({ type: 'read', id: 'R0' }, [{ tag: 'list', attrs: {}, content: items }]);
    await it.append(aText('antes', { attrs: { id: 'A' } }), receipt, aText('depois', { attrs: { id: 'Z' } }));
    await projector().start();
    await it.drained();
    expect(it.writtenIds).toEqual(['A', ...ids(1200, 'R'), 'Z']);
    expect(it.calls.map((call) => call.length)).toEqual([1, 500, 500, 200, 1]);
  });

  test('large contents make smaller batches', async () => {
    const large = ids(200).map((id) => aText('x'.repeat(60_000), { attrs: { id } }));
    await it.append(...large);
    await projector().start();
    await it.drained();
    expect(it.writtenIds).toEqual(ids(200));
    expect(Math.max(...it.calls.map((call) => call.length))).toBeLessThan(75);
  });
});

describe('the database cannot be reached', () => {
  test('the same batch is tried again for as long as it takes; nothing overtakes it or is lost', async () => {
    it.answer = refuse('retry');
    await it.appendTexts('A');
    await projector().start();
    for (let attempt = 1; attempt <= 40; attempt++) {
      await until(
        () => it.calls.length === attempt && it.projector.state === 'backing-off' && it.clock.waits.length > 0,
      );
      // Full jitter: 1 s doubling, at most 30 s.
      expect(it.clock.waits.at(-1)).toBeLessThanOrEqual(Math.min(30_000, 1000 * 2 ** (attempt - 1)));
      if (attempt === 20) await it.appendTexts('B');
      it.clock.advance(30_000);
    }
    await until(() => it.calls.length === 41);
    it.answer = accept;
    it.clock.advance(30_000);
    await until(() => it.pending === 0);
    expect(it.calls.slice(0, 41)).toEqual(Array.from({ length: 41 }, () => ['A']));
    expect(it.writtenIds).toEqual(['A', 'B']);
    expect(it.alerts).toEqual([]);
  });

  test('waking it spares the rest of the wait', async () => {
    it.answer = (lote, call) => (call === 1 ? Promise.reject(failure('retry')) : accept(lote));
    await it.appendTexts('A');
    await projector().start();
    await until(() => it.projector.state === 'backing-off');
    projector().wake();
    await it.drained();
    expect(it.writtenIds).toEqual(['A']);
  });

  test('an answer that got lost after the commit: the same ids again, and only then done', async () => {
    const rows: string[] = [];
    it.answer = (lote, call) => {
      rows.push(...lote.map((event) => (event.op === 'mensagem' ? event.id : '')));
      return call === 1 ? Promise.reject(failure('retry')) : accept(lote);
    };
    await it.appendTexts('A');
    await projector().start();
    await until(() => it.projector.state === 'backing-off');
    expect(it.pending).toBe(1);
    projector().wake();
    await it.drained();
    expect(rows).toHaveLength(2);
    expect(rows[0]).toBe(rows[1]);
  });

  test.each([
    ['an error without a class', () => Promise.reject(new TypeError('fetch failed'))],
    ['fewer results than items', () => []],
  ])('%s acknowledges nothing', async (_, answer) => {
    it.answer = (lote, call) => (call === 1 ? answer() : accept(lote));
    await it.appendTexts('A');
    await projector().start();
    await until(() => it.projector.state === 'backing-off');
    expect(it.pending).toBe(1);
    projector().wake();
    await it.drained();
  });
});

describe('the database refuses the gateway', () => {
  test('it pauses, alerts once, asks every minute, parks nothing and goes on by itself', async () => {
    it.answer = refuse('pause');
    await it.appendTexts('A', 'B');
    await projector().start();
    for (let probe = 1; probe <= 3; probe++) {
      await until(
        () => it.calls.length === probe && it.projector.state === 'paused' && it.clock.waits.at(-1) === 60_000,
      );
      it.clock.advance(59_999);
      expect(it.calls).toHaveLength(probe);
      if (probe === 3) it.answer = accept;
      it.clock.advance(1);
    }
    await it.drained();
    expect(it.alerts).toEqual(['pause']);
    expect(it.journal.listDeadLetters(10)).toEqual([]);
    expect(it.writtenIds).toEqual(['A', 'B']);
  });
});

describe('the database refuses a message', () => {
  const poisoned = (...bad: string[]) => {
    it.answer = (lote) =>
      lote.some((event) => bad.includes(idOf(event))) ? Promise.reject(failure('dead', 'too bad')) : accept(lote);
  };

  test.each([[['M0']], [['M57']], [['M99']], [['M3', 'M4', 'M80']], [ids(100)]])(
    'only %j are parked, with the reason; the rest is written in order',
    async (bad) => {
      poisoned(...bad);
      await it.appendTexts(...ids(100));
      await projector().start();
      await it.drained();
      expect(it.writtenIds).toEqual(ids(100).filter((id) => !bad.includes(id)));
      const letters = it.journal.listDeadLetters(200);
      expect(letters.map(({ entry }) => 'node' in entry && entry.node.attrs.id)).toEqual(bad);
      expect(letters[0]!.reason).toEqual({ code: '22000', message: 'too bad' });
    },
  );

  test('one poisoned entry costs a batch of 500 at most twenty more calls', async () => {
    poisoned('M250');
    await it.appendTexts(...ids(500));
    await projector().start();
    await it.drained();
    expect(it.calls.length).toBeLessThanOrEqual(21);
  });

  test('a dead letter that is given another chance is written', async () => {
    poisoned('A');
    await it.appendTexts('A', 'B');
    await projector().start();
    await it.drained();
    it.answer = accept;
    expect(await it.journal.retryDeadLetter(it.journal.listDeadLetters(1)[0]!.entry.seq)).toBe(true);
    await until(() => it.writtenIds.includes('A') || it.clock.waits.length > 0);
    it.clock.advance(5000);
    await until(() => it.writtenIds.includes('A') && it.pending === 0);
  });

  test('what it knows already is done', async () => {
    it.answer = (lote, call) => (call === 1 ? Promise.reject(failure('duplicate')) : accept(lote));
    await it.appendTexts('A');
    await projector().start();
    await it.drained();
    expect(it.projected).toMatchObject([{ resultados: [] }]);
  });

  test('an entry that can become no row is parked and holds nobody up', async () => {
    await it.append(
      aText('a', { attrs: { id: 'A' } }),
      aText('sem remetente', { attrs: { from: '' } }),
      aText('b', { attrs: { id: 'B' } }),
    );
    await projector().start();
    await it.drained();
    expect(it.writtenIds).toEqual(['A', 'B']);
    expect(it.journal.listDeadLetters(10)).toMatchObject([{ reason: { code: 'UNDECODABLE' } }]);
  });
});

describe('start and stop', () => {
  test('both can be called twice, and it starts again where it was', async () => {
    it.answer = refuse('retry');
    await it.appendTexts('A', 'B');
    await Promise.all([projector().start(), projector().start()]);
    await until(() => it.projector.state === 'backing-off');
    const stops = [projector().stop(), projector().stop()];
    expect(stops[0]).toBe(stops[1]);
    expect(it.projector.state).toBe('stopping');
    await Promise.all(stops);
    expect(it.projector.state).toBe('idle');
    expect(it.pending).toBe(2);
    it.answer = accept;
    await projector().start();
    await it.drained();
    expect(it.writtenIds).toEqual(['A', 'B']);
    expect(it.calls).toEqual([
      ['A', 'B'],
      ['A', 'B'],
    ]);
  });

  test('the write under way is completed before it stops', async () => {
    const answer = deferred();
    it.answer = async (lote) => {
      await answer.promise;
      return accept(lote);
    };
    await it.appendTexts('A');
    await projector().start();
    await until(() => it.calls.length === 1);
    const stopped = projector().stop();
    answer.resolve();
    await stopped;
    expect(it.pending).toBe(0);
  });

  test('a write that hangs holds the stop up for 5 s at most, and its late answer completes nothing', async () => {
    const answer = deferred();
    it.answer = async (lote) => {
      await answer.promise;
      return accept(lote);
    };
    await it.appendTexts('A');
    await projector().start();
    await until(() => it.calls.length === 1);
    const begun = Date.now();
    await projector().stop();
    expect(Date.now() - begun).toBeLessThan(6500);
    answer.resolve();
    await until(() => it.written.length === 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(it.pending).toBe(1);
    expect(it.projected).toEqual([]);
  });

  test('a stopped projector leaves what is appended to the next start', async () => {
    await projector().start();
    await projector().stop();
    await it.appendTexts('A');
    expect(it.calls).toEqual([]);
    await projector().start();
    await it.drained();
    expect(it.writtenIds).toEqual(['A']);
  });
});
