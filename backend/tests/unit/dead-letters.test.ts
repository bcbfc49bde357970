import { expect, test } from '@jest/globals';
import { DeadLetters } from '../../src/bootstrap/dead-letters.js';
import { aStanza, CONNECTION, openJournal } from './journal-fixture.js';

const REASON = { code: '23514', message: 'violates a check constraint' };

async function parked(...texts: string[]) {
  const journal = await openJournal();
  const { seqs } = await journal.commit({ entries: texts.map((text) => aStanza(text)) });
  for (const seq of seqs) await journal.parkEntry(seq, REASON);
  return { journal, seqs, deadLetters: new DeadLetters({ journal }) };
}

test('a listing says what each is about and why, and nothing that anybody wrote', async () => {
  const { seqs, deadLetters } = await parked('segredo');
  const { data, nextCursor } = deadLetters.list({ limit: 10, cursor: null });
  expect(data).toMatchObject([{ seq: seqs[0], connectionId: CONNECTION, kind: 'stanza', ...REASON }]);
  expect(data[0]?.whatsappId).toMatch(/^3EB0/);
  expect(JSON.stringify(data)).not.toContain('segredo');
  expect(nextCursor).toBeNull();
});

test('pages follow each other without gap or overlap', async () => {
  const { seqs, deadLetters } = await parked('1', '2', '3', '4', '5');
  const seen: number[] = [];
  let cursor: string | null = null;
  do {
    const page = deadLetters.list({ limit: 2, cursor });
    seen.push(...page.data.map(({ seq }) => seq));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(seen).toEqual(seqs);
});

test('a retried one is in the log again, a discarded one nowhere', async () => {
  const { journal, seqs, deadLetters } = await parked('1', '2');
  await deadLetters.retry(seqs[0]!);
  await deadLetters.discard(seqs[1]!);
  expect(journal.claimEntries(10).map(({ seq }) => seq)).toEqual([seqs[0]]);
  expect(deadLetters.list({ limit: 10, cursor: null }).data).toEqual([]);
  await expect(deadLetters.retry(seqs[1]!)).rejects.toMatchObject({ code: 'DEAD_LETTER_NOT_FOUND' });
  await expect(deadLetters.discard(seqs[0]!)).rejects.toMatchObject({ code: 'DEAD_LETTER_NOT_FOUND' });
});

test('a cursor that is none of ours is refused', async () => {
  const { deadLetters } = await parked();
  expect(() => deadLetters.list({ limit: 1, cursor: 'bm9uZQ' })).toThrow(
    expect.objectContaining({ code: 'BAD_REQUEST' }),
  );
});
