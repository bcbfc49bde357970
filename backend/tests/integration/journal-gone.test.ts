import { rm } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { aGateway, CONNECTIONS, verdict } from '../support/gateway.js';

const gateway = aGateway();

test('a gateway whose data directory is another one than before does not start as a new one, and names its numbers', async () => {
  const removed = await gateway.aPairedConnection();
  expect(verdict(await gateway.http.delete(`${CONNECTIONS}/${removed.id}`))).toBe('200');
  const { id } = await gateway.aPairedConnection();
  await gateway.crm.session(id);
  await gateway.stop();
  await rm(gateway.dataDir, { recursive: true });
  for (const attempt of ['first', 'second']) {
    const refused = await gateway.start().then(
      () => null,
      (error: unknown) => error,
    );
    expect([attempt, refused]).toEqual([attempt, expect.objectContaining({ code: 'JOURNAL_GONE' })]);
    expect(String(refused)).toMatch(new RegExp(`\\(${id}\\).*npm run restore.*START_WITHOUT_JOURNAL=true`));
    await gateway.stop();
  }
  await gateway.start({ START_WITHOUT_JOURNAL: 'true' });
  // Told once: from now on this journal is the gateway's.
  await gateway.restart();
  expect((await gateway.http.get<{ data: unknown[] }>(CONNECTIONS)).body.data).toEqual([]);
});
