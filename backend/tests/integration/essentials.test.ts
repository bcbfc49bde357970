import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { restoreBackup, restoreEssentials } from '../../src/backup/restore-backup.js';
import { listEssentialCopies } from '../../src/journal/essential-copies.js';
import { Journal } from '../../src/journal/journal.js';
import { silentLog } from '../../src/lib/log.js';
import { aGateway, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const KEY = 'chave-de-cifra-0123456789';
const OFTEN = { ESSENTIALS_EVERY_MS: '50' };
const NEVER = { ESSENTIALS_EVERY_MS: '0' };
const gateway = aGateway({ SESSION_ENCRYPTION_KEY: KEY, ...OFTEN });
let changes = 0;
const journalFile = () => join(gateway.dataDir, 'journal.lmdb');

const restore = (more: Partial<Parameters<typeof restoreEssentials>[0]> = {}) =>
  restoreEssentials({
    ...{ dataDir: gateway.dataDir, encryptionKey: KEY, journalMaxBytes: 1 << 30, embedded: false, force: false },
    ...{ log: silentLog, ...more },
  });

/** A number with a customer, and a group of both, all of it in a copy that is older than what they wrote last. */
async function aCopiedConnection() {
  const shop = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await talk(shop, ana, 'antes');
  const group = gateway.simulator.createGroup({ subject: 'Equipe', members: [ana, shop.phone] });
  await gateway.crm.mensagem(shop.id, ana.sendToGroup(group, 'oi grupo').id);
  await aCopyOfNow();
  await gateway.restart(NEVER);
  await gateway.untilEstado(shop.id, 'ready');
  // From here on the copy is old: ratchets, prekeys and places in the log go on without it.
  for (let n = 0; n < 5; n++) await talk(shop, ana, `depois da cópia ${n}`);
  await gateway.crm.mensagem(shop.id, ana.sendToGroup(group, 'grupo, depois da cópia').id);
  const bia = gateway.aCustomer({ name: 'Bia' });
  await talk(shop, bia, 'só depois da cópia');
  return { shop, ana, bia, group };
}

/** Changes something that is copied, and waits for the copy. */
async function aCopyOfNow(): Promise<void> {
  const [before] = listEssentialCopies(gateway.dataDir);
  const body = { nome: `texto-${++changes}`, texto: 'Olá' };
  const { status } = await gateway.http.post('/api/whatsapp-integration/templates', body);
  expect(status).toBe(201);
  await until('a copy of the change', () => listEssentialCopies(gateway.dataDir)[0] !== before);
}

type Customer = ReturnType<typeof gateway.aCustomer>;

/** Also when it could not be read at first, and WhatsApp's retry had to bring it. */
function arrives(shop: PairedConnection, id: string, text: string) {
  return gateway.crm.mensagem(shop.id, id, (row) => row['conteudo'] === text);
}

async function talk(shop: PairedConnection, contact: Customer, text: string): Promise<void> {
  await arrives(shop, contact.send(shop.phone, text).id, text);
  const { body } = await gateway.send(shop.id, { to: contact.pnJid, content: `re: ${text}`, type: 'text' });
  await until(`"re: ${text}" at the contact`, async () => {
    const { id, text: arrived } = await contact.nextMessage();
    return id === body.message.whatsappId && arrived === `re: ${text}`;
  });
}

test('after its journal was damaged a number logs in again without a QR code, receives and sends', async () => {
  const { shop, ana, bia, group } = await aCopiedConnection();
  const seqBefore = Number((await gateway.crm.mensagens(shop.id)).at(-1)?.['ordem'] ?? 0);
  await gateway.stop();
  await writeFile(journalFile(), Buffer.alloc((await stat(journalFile())).size, 0xa7));
  const refused = await gateway.start().then(
    () => null,
    (error: unknown) => error,
  );
  expect(refused).toMatchObject({ code: 'JOURNAL_DAMAGED' });
  expect(String(refused)).toContain('npm run restore -- --essentials');
  expect(String(refused)).toContain(listEssentialCopies(gateway.dataDir)[0]);
  const { connections, aside, manifest } = await restore();
  expect([connections, manifest.essentials]).toEqual([[shop.id], { digest: expect.any(String) }]);
  expect((await readFile(join(aside!, 'journal.lmdb')))[0]).toBe(0xa7);
  await gateway.start();
  await gateway.untilEstado(shop.id, 'ready');
  expect(gateway.parts.pool.get(shop.id)?.qr ?? null).toBeNull();
  for (const contact of [ana, bia, gateway.aCustomer()]) {
    await talk(shop, contact, 'depois da perda');
    await talk(shop, contact, 'e mais uma');
  }
  await arrives(shop, ana.sendToGroup(group, 'grupo, depois da perda').id, 'grupo, depois da perda');
  const { status } = await gateway.send(shop.id, { to: group.jid, content: 're: grupo', type: 'text' });
  expect(status).toBe(201);
  const ordem = Number((await gateway.crm.mensagens(shop.id)).at(-1)?.['ordem'] ?? 0);
  expect(ordem).toBeGreaterThanOrEqual(seqBefore);
}, 120_000);

test('a sound journal is not replaced by its copy without being told so, and a running one never', async () => {
  await expect(restore()).rejects.toMatchObject({ code: 'JOURNAL_LOCKED' });
  await gateway.stop();
  const before = await readFile(journalFile());
  await expect(restore()).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('--force') });
  await expect(restore({ encryptionKey: 'outra-chave-0123456789', force: true })).rejects.toMatchObject({
    code: 'JOURNAL_KEY_MISMATCH',
  });
  expect((await readFile(journalFile())).equals(before)).toBe(true);
  await gateway.start(OFTEN);
});

test('copies are whole, sealed, for the owner alone, few, and hold no session', async () => {
  const { id } = await gateway.aPairedConnection();
  for (let n = 0; n < 5; n++) await aCopyOfNow();
  const folder = dirname(listEssentialCopies(gateway.dataDir)[0]!);
  await until('the old copies to be gone', async () => (await readdir(folder)).length <= 3);
  await gateway.stop();
  const copies = listEssentialCopies(gateway.dataDir);
  expect(copies).toHaveLength(3);
  for (const copy of copies) {
    expect((await readdir(copy)).sort()).toEqual(['journal.key.json', 'journal.lmdb', 'manifest.json']);
    for (const name of await readdir(copy)) expect((await stat(join(copy, name))).mode & 0o777).toBe(0o600);
    const bytes = await readFile(join(copy, 'journal.lmdb'));
    // Key types lie in the clear, values do not.
    expect([bytes.includes('pre-key'), bytes.includes('sender-key'), bytes.includes('session')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(bytes.includes('noiseKey')).toBe(false);
  }
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  // The same by its path, on another machine.
  const { connections } = await restoreBackup({
    ...{ dataDir: `${gateway.dataDir}-elsewhere`, from: copies[0]!, encryptionKey: KEY, journalMaxBytes: 1 << 30 },
    ...{ embedded: false, force: false, log: silentLog },
  });
  expect(connections).toContain(id);
  const [ours, copied] = [await prekeysOf(gateway.dataDir, id), await prekeysOf(`${gateway.dataDir}-elsewhere`, id)];
  // The number of no prekey is given twice, and those that WhatsApp hands out are there.
  expect(copied).toEqual({ next: ours.next + 10_000, first: ours.first + 10_000, there: ours.there });
  expect(ours.there.length).toBeGreaterThan(0);
  await gateway.start(OFTEN);
}, 60_000);

async function prekeysOf(dir: string, id: string) {
  const journal = await Journal.open({ dir, encryptionKey: KEY, maxBytes: 1 << 30, log: silentLog });
  try {
    const creds = journal.auth.creds(id) as { nextPreKeyId: number; firstUnuploadedPreKeyId: number };
    const ids = Array.from({ length: 30 }, (_, n) => String(n + 1));
    const there = Object.keys(journal.getKeys(id, 'pre-key', ids));
    return { next: creds.nextPreKeyId, first: creds.firstUnuploadedPreKeyId, there };
  } finally {
    await journal.close();
  }
}

test('a damaged copy gives way to the one before it, and without any the start says how to restore a backup', async () => {
  await gateway.aPairedConnection();
  for (let n = 0; n < 2; n++) await aCopyOfNow();
  await gateway.stop();
  const copies = listEssentialCopies(gateway.dataDir);
  await writeFile(join(copies[0]!, 'journal.lmdb'), 'x');
  await writeFile(journalFile(), 'x');
  const { manifest } = await restore();
  expect(manifest.madeAt).toBe(
    (JSON.parse(await readFile(join(copies[1]!, 'manifest.json'), 'utf8')) as { madeAt: string }).madeAt,
  );
  for (const copy of copies) await writeFile(join(copy, 'journal.lmdb'), 'x');
  await expect(restore({ force: true })).rejects.toMatchObject({
    message: expect.stringContaining('No copy is whole'),
  });
  await gateway.start(OFTEN);
});
