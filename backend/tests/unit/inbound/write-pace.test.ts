import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { aReceipt } from './entries.js';
import { ProjectorFixture, until } from './projector-fixture.js';

let it: ProjectorFixture;

beforeEach(async () => {
  it = await ProjectorFixture.open();
  await it.projector.start();
});
afterEach(() => it.close());

const delivered = (id: string) => aReceipt({ id });
const waits = () => until(() => it.clock.waits.includes(25));

test('after a pause a receipt is written at once', async () => {
  await it.append(delivered('A'));
  await it.drained();
  expect(it.calls).toEqual([['A']]);
});

test('receipts right behind it gather and are written together', async () => {
  await it.append(delivered('A'));
  await it.drained();
  await it.append(delivered('B'));
  await waits();
  await it.append(delivered('C'));
  expect(it.calls).toEqual([['A']]);
  it.clock.advance(25);
  await it.drained();
  expect(it.calls).toEqual([['A'], ['B', 'C']]);
});

test('what a customer writes waits for nothing and takes along what had waited', async () => {
  await it.append(delivered('A'));
  await it.drained();
  await it.append(delivered('B'));
  await waits();
  await it.appendTexts('C');
  await it.drained();
  expect(it.calls).toEqual([['A'], ['B', 'C']]);
});

test('a projector that is stopped while it gathers leaves the entries to the next start', async () => {
  await it.append(delivered('A'));
  await it.drained();
  await it.append(delivered('B'));
  await waits();
  await it.projector.stop();
  expect(it.pending).toBe(1);
  it.clock.advance(25);
  await it.projector.start();
  await it.drained();
  expect(it.writtenIds).toEqual(['A', 'B']);
});
