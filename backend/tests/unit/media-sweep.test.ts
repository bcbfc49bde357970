import { randomUUID } from 'node:crypto';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { MediaJob } from '../../src/journal/records.js';
import { silentLog } from '../../src/lib/log.js';
import { DiskStore } from '../../src/media/disk-store.js';
import { MediaSweep } from '../../src/media/media-sweep.js';
import { StagedFiles } from '../../src/media/staged-files.js';
import { aConnection, anOutbox, CONNECTION, openJournal, tempDir } from './journal-fixture.js';

/** Folders as the gateway has them, a journal, and files that are two hours old unless they are `fresh`. */
async function aDisk() {
  const dir = await tempDir();
  const journal = await openJournal();
  await journal.commit({ connections: [aConnection()] });
  const [incoming, outgoing] = [new StagedFiles(join(dir, 'in')), new StagedFiles(join(dir, 'out'))];
  await Promise.all([incoming.open(), outgoing.open()]);
  const disk = new DiskStore(join(dir, 'media'), null);
  const active = new Set<string>();
  const isActive = (rowId: string) => active.has(rowId);
  const sweep = new MediaSweep({ journal, incoming, outgoing, disk, isActive, log: silentLog });
  const put = async (folder: string, name: string = randomUUID(), { fresh = false } = {}) => {
    await mkdir(join(dir, folder), { recursive: true });
    await writeFile(join(dir, folder, name), 'x');
    const at = new Date(Date.now() - (fresh ? 60_000 : 7_200_000));
    await utimes(join(dir, folder, name), at, at);
    return name;
  };
  const list = async (folder: string) => (await readdir(join(dir, folder))).sort();
  return { journal, sweep, active, put, list };
}

function aJob(rowId: string): MediaJob {
  return {
    ...{
      connectionId: CONNECTION,
      rowId,
      whatsappId: '3EB0',
      state: 'waiting',
      source: { kind: 'staged', file: rowId },
    },
    ...{ chatJid: '5511999999999@s.whatsapp.net', participant: null, fromMe: true, mimetype: null, nome: null },
    ...{ timestamp: 0, failures: {}, dueAt: 0, error: null, at: 0 },
  };
}

const outgoing = (rowId: string, whatsappId: string) =>
  ({
    kind: 'outgoing',
    remetente: 'ATENDENTE',
    ...{ connectionId: CONNECTION, rowId, whatsappId, file: rowId },
    ...{ chatJid: '5511999999999@s.whatsapp.net', pn: null, lid: null, message: Buffer.of(1) },
  }) as const;

test('a staged upload stays while a send, a message without a row, a dead letter or a job needs it; others go', async () => {
  const { journal, sweep, put, list } = await aDisk();
  const [sending, logged, parked, waiting, done] = await Promise.all(Array.from({ length: 5 }, () => put('out')));
  const fresh = await put('out', undefined, { fresh: true });
  await put('out', `enc-${randomUUID()}`);
  await put('out', `${randomUUID()}-voice`);
  const media = { file: sending!, classe: 'image', uploaded: false };
  await journal.commit({ outbox: [anOutbox({ rowId: sending!, media })], media: [aJob(waiting!)] });
  await journal.commit({ media: [{ ...aJob(done!), state: 'done' }], entries: [outgoing(logged!, '3EB01')] });
  const { seqs } = await journal.commit({ entries: [outgoing(parked!, '3EB02')] });
  await journal.parkEntry(seqs[0]!, { code: '23514', message: 'refused' });
  expect(await sweep.round()).toEqual({ downloads: 0, uploads: 3, copies: 0 });
  expect(await list('out')).toEqual([sending, logged, parked, waiting, fresh].sort());
});

test('half-fetched and half-copied files go after an hour, but what is being fetched and what is whole stays', async () => {
  const { sweep, active, put, list } = await aDisk();
  active.add(await put('in'));
  await put('in');
  const fresh = await put('in', undefined, { fresh: true });
  await put('media/.unfinished');
  await put('media/owner/shop/2026/01', 'whole.png');
  expect(await sweep.round()).toEqual({ downloads: 1, uploads: 0, copies: 1 });
  expect(await list('in')).toEqual([fresh, ...active].sort());
  expect(await list('media/owner/shop/2026/01')).toEqual(['whole.png']);
});

test('at the start nothing is being fetched, so everything half-fetched goes', async () => {
  const { sweep, put, list } = await aDisk();
  await put('in', undefined, { fresh: true });
  await sweep.atStart();
  expect(await list('in')).toEqual([]);
});
