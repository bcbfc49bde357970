import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { aGateway, type PairedConnection, SEND, verdict } from '../support/gateway.js';
import { until } from '../support/until.js';

const must = (command: string, args: string[]) => void execFileSync(command, args);
const works = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const dir = mkdtempSync(join(tmpdir(), 'sentinela-mount-'));
  const mounted = works('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir) && works('umount', dir);
  rmSync(dir, { recursive: true, force: true });
  return mounted;
}

describe.each([{ mountable: canMount() }])('on a disk of its own (mount allowed: $mountable)', ({ mountable }) => {
  const onDisk = mountable ? test : test.skip;
  const gateway = aGateway();
  let disk: string;
  let shop: PairedConnection;

  beforeAll(async () => {
    if (!mountable) return;
    disk = mkdtempSync(join(tmpdir(), 'sentinela-disk-'));
    must('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=700', 'tmpfs', disk]);
    await gateway.restart({ DATA_DIR: join(disk, 'data') });
    shop = await gateway.aPairedConnection();
  }, 60_000);

  afterAll(async () => {
    if (!mountable) return;
    await gateway.stop();
    must('umount', ['-l', disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  /** Leaves nothing. @returns the function that gives it back */
  function fill(): () => void {
    const path = join(disk, 'filler');
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(path, Buffer.alloc(bavail * bsize));
    return () => rmSync(path);
  }

  onDisk(
    'a full disk: the socket is cut, no receipt leaves without an entry, and it goes on when there is room',
    async () => {
      // lmdb reports a failed commit on the console as well.
      jest.spyOn(console, 'error').mockImplementation(() => undefined);
      const ana = gateway.aCustomer();
      await gateway.crm.mensagem(shop.id, ana.send(shop.phone, 'antes').id);
      const { history } = gateway.simulator;
      const free = fill();
      expect(verdict(await gateway.http.get('/health/ready'))).toBe('503 JOURNAL_FULL');
      const upload = new FormData();
      upload.set('connectionId', shop.id);
      upload.set('to', ana.number);
      upload.set('type', 'document');
      upload.set('file', new Blob([Buffer.alloc(300_000, 1)]), 'nota.pdf');
      const refused = await fetch(`${gateway.http.baseUrl}${SEND}`, { method: 'POST', body: upload });
      expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: 'JOURNAL_FULL' } }]);
      const from = history.events.length;
      // LMDB reuses pages that are free inside its file: a few may still fit.
      const sent = Array.from({ length: 60 }, (_, index) => ana.send(shop.phone, `${'x'.repeat(20_000)} ${index}`));
      await until('the cut', () => history.after(from).some(({ kind }) => kind === 'socket.closed'));
      await until('several tries', () => history.after(from).filter(({ kind }) => kind === 'login').length > 2);
      await until('the true reason', async () => (await gateway.connection(shop.id)).motivo === 'DISK_REFUSED');
      const receipted = new Set(
        history.after(from).flatMap((event) => (event.kind === 'message.receipted' ? event.id : [])),
      );
      expect(receipted.size).toBeLessThan(sent.length);
      free();
      await until('readiness', async () => (await gateway.http.get('/health/ready')).status === 200);
      await Promise.all(sent.map((each) => each.receipted));
      await gateway.crm.mensagem(shop.id, sent.at(-1)!.id);
      jest.restoreAllMocks();
      const rows = await gateway.crm.mensagens(shop.id);
      expect(rows.map((row) => row['whatsapp_id']).slice(1)).toEqual(sent.map(({ id }) => id));
    },
  );

  onDisk('a read-only directory is refused at the start', async () => {
    await gateway.stop();
    must('mount', ['-o', 'remount,ro', disk]);
    await expect(gateway.start({ DATA_DIR: join(disk, 'data') })).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
    must('mount', ['-o', 'remount,rw', disk]);
    await gateway.start({ DATA_DIR: join(disk, 'data') });
    await gateway.untilEstado(shop.id, 'ready');
  });
});
