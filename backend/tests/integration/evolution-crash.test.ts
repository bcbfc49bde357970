import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { WebhookReceipt } from '../../src/evolution/webhook-intake.js';
import { Simulator } from '../../src/simulator/index.js';
import { Daemon } from '../support/daemon.js';
import { anEnvelope } from '../../src/simulator/evolution/envelope.js';
import { aWireMessage } from '../support/evolution-events.js';
import type { HttpClient } from '../support/http-client.js';
import { leakGuard } from '../support/leak-guard.js';
import { until } from '../support/until.js';

const SECRET = 'the-secret-of-incoming-webhooks';
const INSTANCE = 'remota';
const assertClosed = leakGuard();
let dir: string;
let simulator: Simulator;
let daemon: Daemon;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sentinela-evolution-'));
  // As root, the embedded Postgres runs as somebody else, who must get there.
  await chmod(dir, 0o711);
  simulator = await Simulator.start();
});

afterAll(async () => {
  await daemon.end('SIGTERM');
  await simulator.stop();
  await rm(dir, { recursive: true, force: true });
  await assertClosed();
}, 30_000);

/** One more life on the same directory. @param crashAt where it dies by itself, as CRASH_AT has it; null = it lives until it is killed */
async function aLife(crashAt: string | null, env: Record<string, string> = {}): Promise<Daemon> {
  const dies = crashAt === null ? {} : { CRASH_AT: crashAt };
  daemon = await Daemon.spawn(dir, simulator, { EVOLUTION_WEBHOOK_SECRET: SECRET, ...dies, ...env });
  return daemon;
}

/** Nobody is there. */
const DATABASE_AWAY = { SUPABASE_URL: 'http://127.0.0.1:9', SUPABASE_SERVICE_ROLE_KEY: 'a-key-that-nobody-checks' };

test('a webhook that was answered 200 is one row, wherever the gateway is killed, and a repetition makes no second one', async () => {
  const messages = Array.from({ length: 12 }, () => aWireMessage());
  const envelopes = messages.map((message) => anEnvelope('messages.upsert', INSTANCE, message));
  const ids = messages.map(({ key }) => String(key['id']));
  const post = async (http: HttpClient, index: number) => {
    const proof = { 'x-webhook-secret': SECRET };
    const { status, body } = await http.post<WebhookReceipt>('/api/webhook/evolution', envelopes[index], proof);
    return { status, accepted: body.accepted, repeated: body.repeated };
  };

  // The ninth is on the disk, and there is no 200 for it: the process is gone, and of the eight before there is no row yet.
  const first = await (await aLife('after:webhook:9', DATABASE_AWAY)).listening();
  for (let index = 0; index < 8; index++) expect(await post(first, index)).toMatchObject({ status: 200, accepted: 1 });
  await expect(post(first, 8)).rejects.toThrow();
  expect(await daemon.end()).toBe('SIGKILL');
  const taken = ids.slice(0, 9);
  // The rows are there, and the journal does not know it.
  expect(await (await aLife('before:complete:1')).end()).toBe('SIGKILL');

  const { http, crm } = await (await aLife(null)).ready();
  const rows = async () => (await crm.mensagens(INSTANCE)).map((row) => String(row['whatsapp_id']));
  await until('what was taken', async () => (await rows()).length >= taken.length);
  expect((await rows()).sort()).toEqual([...taken].sort());
  // Its server posts again what it knows no answer of, and more than that.
  for (const [index, id] of ids.entries()) {
    const isNew = !taken.includes(id);
    expect(await post(http, index)).toEqual({ status: 200, accepted: Number(isNew), repeated: Number(!isNew) });
  }
  await until('the rest', async () => (await rows()).length >= ids.length);
  expect((await rows()).sort()).toEqual([...ids].sort());
  expect(await crm.atendimentos(INSTANCE)).toHaveLength(1);
}, 120_000);
