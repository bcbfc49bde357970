import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { copyOutgoing, listOutgoing } from '../../src/backup/outgoing-files.js';
import { makeBackup } from '../../src/backup/make-backup.js';
import { restoreBackup } from '../../src/backup/restore-backup.js';
import { loadConfig } from '../../src/config/load-config.js';
import { createGateway, type Gateway } from '../../src/gateway.js';
import { silentLog } from '../../src/lib/log.js';
import { withCluster } from '../../src/supabase/local/with-cluster.js';
import { applyMigrations } from '../../src/supabase/migrations.js';
import { aGateway, CONNECTIONS } from '../support/gateway.js';
import { HttpClient } from '../support/http-client.js';
import { until } from '../support/until.js';

const KEY = 'chave-de-cifra-0123456789';
const gateway = aGateway({ SESSION_ENCRYPTION_KEY: KEY });
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sentinela-backup-'));
  // As root, the embedded Postgres runs as somebody else, who must get there.
  await chmod(dir, 0o711);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const backup = (to: string, dataDir = gateway.dataDir, embedded = false) =>
  makeBackup({ dataDir, to, embedded, version: '0.0.0', log: silentLog });
const restore = (from: string, dataDir: string, more: Partial<Parameters<typeof restoreBackup>[0]> = {}) =>
  restoreBackup({
    ...{ dataDir, from, encryptionKey: KEY, journalMaxBytes: 1 << 30, embedded: false, force: false, log: silentLog },
    ...more,
  });

/** A gateway on the second machine: the same database and WhatsApp, another data directory. */
async function aSecondGateway(dataDir: string): Promise<{ gateway: Gateway; http: HttpClient }> {
  await writeFile(join(dir, 'env'), '');
  const env = {
    ...{ NODE_ENV: 'test', PORT: '0', DATA_DIR: dataDir, SESSION_ENCRYPTION_KEY: KEY, RECONNECT_DELAY_MS: '20' },
    ...{ SUPABASE_URL: gateway.database.url, SUPABASE_SERVICE_ROLE_KEY: gateway.database.serviceRoleKey },
    ...{ WHATSAPP_WS_URL: gateway.simulator.wsUrl, WHATSAPP_NOISE_ROOT_KEY: gateway.simulator.noiseRootKeyHex },
    WHATSAPP_VERSION: '2.3000.1035194821',
  };
  const second = await createGateway(loadConfig(env, { envFile: join(dir, 'env') }), { log: silentLog });
  await second.start();
  return { gateway: second, http: new HttpClient(second.parts.http.address().url) };
}

test('a backup made under traffic starts elsewhere without a new QR code, and what came meanwhile is a row once', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const ana = gateway.aCustomer();
  await gateway.crm.mensagem(id, ana.send(phone, 'antes').id);
  const during = Array.from({ length: 40 }, (_, index) => ana.send(phone, `durante ${index}`));
  const { files } = await backup(join(dir, 'traffic.tar.gz'));
  expect(files.map(({ path }) => path)).toEqual(['journal.key.json', 'journal.lmdb']);
  await Promise.all(during.map(({ receipted }) => receipted));
  await gateway.crm.mensagem(id, during.at(-1)!.id);
  await gateway.stop();
  const after = ana.send(phone, 'depois');
  const { connections } = await restore(join(dir, 'traffic.tar.gz'), join(dir, 'second'));
  expect(connections).toEqual([id]);
  const second = await aSecondGateway(join(dir, 'second'));
  await gateway.crm.mensagem(id, after.id);
  await second.gateway.stop();
  await gateway.start();
  const rows = await gateway.crm.mensagens(id);
  expect(rows.map((row) => row['conteudo']).sort()).toEqual(
    ['antes', 'depois', ...during.map((_, index) => `durante ${index}`)].sort(),
  );
}, 60_000);

test('a copy that starts while the original runs is a conflict, and the one that lost says so', async () => {
  const { id } = await gateway.aPairedConnection();
  await backup(join(dir, 'twice'));
  await restore(join(dir, 'twice'), join(dir, 'copy'));
  const alerted = new Promise((resolve) => gateway.parts.events.on('disconnected', ({ reason }) => resolve(reason)));
  const second = await aSecondGateway(join(dir, 'copy'));
  const there = async () => (await second.http.get<{ data: { estado: string } }>(`${CONNECTIONS}/${id}`)).body.data;
  await until('the copy to be ready', async () => (await there()).estado === 'ready');
  await gateway.untilEstado(id, 'conflict');
  const said = await gateway.connection(id);
  expect([await alerted, said.motivo]).toEqual(['CONFLICT', 'CONFLICT']);
  expect(said.conselho).toContain('Outra instância usa as mesmas credenciais');
  await second.gateway.stop();
}, 60_000);

test('nothing is restored over a running gateway, nor over another one without being told so', async () => {
  await backup(join(dir, 'guarded'));
  await expect(restore(join(dir, 'guarded'), gateway.dataDir)).rejects.toMatchObject({ code: 'JOURNAL_LOCKED' });
  const target = join(dir, 'guarded-target');
  await restore(join(dir, 'guarded'), target);
  await expect(restore(join(dir, 'guarded'), target)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  const { aside } = await restore(join(dir, 'guarded'), target, { force: true });
  expect(await readdir(aside!)).toContain('journal.lmdb');
  await expect(backup(join(dir, 'guarded'))).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});

test('what killed backups have left goes with the next one, and one that is being made stays', async () => {
  const place = join(dir, 'places');
  await mkdir(place);
  // A process that has ended, and one that works on its backup.
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  for (const pid of [ended, process.ppid]) {
    await mkdir(join(place, `monday.tar.gz.partial-${pid}-a1B2c3`));
    await writeFile(join(place, `monday.tar.gz.partial-${pid}-a1B2c3.tar.gz`), 'half');
  }
  await writeFile(join(place, 'mine.partial'), '');
  await Promise.all([backup(join(place, 'tuesday.tar.gz')), backup(join(place, 'wednesday.tar.gz'))]);
  const stays = [`monday.tar.gz.partial-${process.ppid}-a1B2c3`, `monday.tar.gz.partial-${process.ppid}-a1B2c3.tar.gz`];
  expect((await readdir(place)).sort()).toEqual(['mine.partial', ...stays, 'tuesday.tar.gz', 'wednesday.tar.gz']);
});

test('a scheduled message keeps its file', async () => {
  const { id } = await gateway.aPairedConnection();
  const bytes = randomBytes(5000);
  const message = { type: 'document', mediaBase64: bytes.toString('base64'), fileName: 'nota.pdf' };
  const sendAt = new Date(Date.now() + 3_600_000).toISOString();
  const body = { connectionId: id, to: gateway.aCustomer().number, ...message, sendAt };
  expect((await gateway.http.post('/api/whatsapp-integration/scheduled-messages', body)).status).toBe(201);
  const { files } = await backup(join(dir, 'scheduled.tar.gz'));
  const path = files.map((file) => file.path).find((each) => each.startsWith('media-out/'));
  await restore(join(dir, 'scheduled.tar.gz'), join(dir, 'scheduled-restored'));
  expect(await readFile(join(dir, 'scheduled-restored', path!))).toEqual(bytes);
}, 60_000);

test('a file that was still being written when the copying began is whole, and one that was sent meanwhile is there', async () => {
  const [from, to] = [join(dir, 'outgoing'), join(dir, 'outgoing-copy')];
  await mkdir(join(from, 'media-out'), { recursive: true });
  for (const name of ['growing', 'sent']) await writeFile(join(from, 'media-out', name), 'half');
  await copyOutgoing(from, to);
  await appendFile(join(from, 'media-out', 'growing'), ' and half');
  await rm(join(from, 'media-out', 'sent'));
  await writeFile(join(from, 'media-out', 'new'), 'half');
  await copyOutgoing(from, to);
  const copied = (await listOutgoing(to)).sort().map((name) => readFile(join(to, 'media-out', name), 'utf8'));
  expect(await Promise.all(copied)).toEqual(['half and half', 'half', 'half']);
});

test('a damaged backup and a wrong key are refused, and what was there stays as it was', async () => {
  await backup(join(dir, 'damaged'));
  const target = join(dir, 'damaged-target');
  await restore(join(dir, 'damaged'), target);
  const before = await readdir(target);
  const wrongKey = restore(join(dir, 'damaged'), target, { force: true, encryptionKey: 'outra-chave-0123456789' });
  await expect(wrongKey).rejects.toMatchObject({ code: 'JOURNAL_KEY_MISMATCH' });
  await writeFile(join(dir, 'half.tar.gz'), 'x');
  for (const [file, problem] of [
    ['half.tar.gz', 'cannot be unpacked'],
    ['nowhere.tar.gz', 'There is no backup'],
  ] as const) {
    const refused = restore(join(dir, file), target, { force: true });
    await expect(refused).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining(problem) });
  }
  await appendFile(join(dir, 'damaged', 'journal.lmdb'), 'x');
  const damaged = restore(join(dir, 'damaged'), target, { force: true });
  await expect(damaged).rejects.toMatchObject({ message: expect.stringContaining('journal.lmdb is damaged') });
  expect((await readdir(target)).sort()).toEqual(before.sort());
});

test('the rows of the embedded database come along, exactly as they were', async () => {
  const source = join(dir, 'embedded');
  const text = 'tab\t, linha\nnova, \\N, "aspas", ção 🙂';
  const session = { id: randomUUID(), owner_id: randomUUID(), session_name: 'loja', nome: text, numero: null };
  const rows = await withCluster({ dataDir: source, log: silentLog }, async (sql) => {
    await applyMigrations(sql);
    await sql`insert into whatsapp_sessions ${sql(session)}`;
    await sql`insert into whatsapp_contatos ${sql({ owner_id: session.owner_id, session_id: session.id, jid: 'a@lid', nome: text })}`;
    // More than a stream holds at once, in a table that is not the last one: between 16 and 64 kB a piece.
    await sql`insert into whatsapp_contatos (owner_id, session_id, jid, nome)
      select ${session.owner_id}, ${session.id}, n || '@lid', repeat('x', n * 100) from generate_series(1, 60) n`;
    return sql`select s.*, c.* from whatsapp_sessions s join whatsapp_contatos c on c.session_id = s.id`;
  });
  // The journal of a stopped gateway.
  const { files } = await withJournal(source, () => backup(join(dir, 'with-rows'), source, true));
  expect(files.map(({ path }) => path)).toContain('database/whatsapp_sessions.copy');
  const target = join(dir, 'embedded-restored');
  await restore(join(dir, 'with-rows'), target, { embedded: true, encryptionKey: null });
  const found = await withCluster(
    { dataDir: target, log: silentLog },
    (sql) => sql`select s.*, c.* from whatsapp_sessions s join whatsapp_contatos c on c.session_id = s.id`,
  );
  expect([...found]).toEqual([...rows]);
}, 60_000);

async function withJournal<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  const { Journal } = await import('../../src/journal/journal.js');
  const journal = await Journal.open({ dir: dataDir, encryptionKey: null, maxBytes: 1 << 20, log: silentLog });
  try {
    return await work();
  } finally {
    await journal.close();
  }
}
