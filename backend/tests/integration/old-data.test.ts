import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompressSync, constants } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Simulator, type Contact, type Phone } from '../../src/simulator/index.js';
import { postgresUser } from '../../src/supabase/local/system-user.js';
import type { Crm } from '../support/crm.js';
import { Daemon } from '../support/daemon.js';
import { EvolutionSimulator, SERVER_KEY } from '../../src/simulator/evolution/evolution-simulator.js';
import { CONNECTIONS, SEND, verdict } from '../support/gateway.js';
import type { HttpClient } from '../support/http-client.js';
import { leakGuard } from '../support/leak-guard.js';
import * as old from '../support/old-data.js';
import { until } from '../support/until.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

type Row = Record<string, unknown>;
const run = promisify(execFile);
const assertClosed = leakGuard();
afterAll(() => assertClosed());

/** Columns that a running gateway writes again. */
const LIVE: Record<string, string[]> = {
  whatsapp_sessions: [
    'updated_at',
    'status',
    'estado',
    'motivo',
    'connected_at',
    'disconnected_at',
    'ultima_atividade',
  ],
  whatsapp_contatos: ['updated_at', 'foto_em', 'foto_url'],
  whatsapp_atendimentos: ['updated_at', 'ultima_mensagem', 'nao_lidas'],
  whatsapp_api_keys: ['updated_at', 'ultimo_uso_em'],
};

describe.each(old.VARIANTS)('a data directory and a database of an earlier version, %s,', (variant) => {
  let dir: string;
  let kept: old.OldData;
  let shiftMs: number;
  let daemon: Daemon;
  let simulator: Simulator;
  let phones: Phone[];
  let contacts: Contact[];
  let http: HttpClient;
  let crm: Crm;
  const receiver = new WebhookReceiver(old.WEBHOOK_PORT);
  const evolution = new EvolutionSimulator(old.EVOLUTION_PORT);
  const root = { authorization: `Bearer ${old.ROOT_KEY}` };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sentinela-old-data-'));
    // As root, the embedded Postgres runs as somebody else, who must get there.
    await chmod(dir, 0o711);
    kept = await old.readOldData(variant);
    shiftMs = Date.parse(kept.madeAt) + 60_000 - Date.now();
    await unpack(variant, join(dir, 'sessions'));
    simulator = await Simulator.start();
    ({ phones, contacts } = old.repopulate(simulator, kept));
    await receiver.up();
    await evolution.up();
    const instance = { name: 'loja-evolution', state: 'open' as const, number: '5511970000013', webhook: null };
    evolution.instances.set(instance.name, instance);
    await writeFile(join(dir, 'media-ca.pem'), simulator.media.caPem);
    daemon = await Daemon.spawn(dir, simulator, {
      ...{ API_KEY: old.ROOT_KEY, MEDIA_STORAGE: 'disk', OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1' },
      ...{ WHATSAPP_MEDIA_URL: simulator.media.url, WHATSAPP_MEDIA_CA: join(dir, 'media-ca.pem') },
      ...{ EVOLUTION_API_URL: evolution.url, EVOLUTION_API_KEY: SERVER_KEY },
      ...(variant === 'sealed' ? { SESSION_ENCRYPTION_KEY: old.ENCRYPTION_KEY } : {}),
      ...sameDay(shiftMs),
    });
    ({ http, crm } = await daemon.ready());
  }, 60_000);

  afterAll(async () => {
    await daemon.end('SIGTERM');
    await Promise.all([simulator.stop(), receiver.down(), evolution.down()]);
    await rm(dir, { recursive: true, force: true });
  }, 30_000);

  const estado = async (id: string) =>
    (await http.get<{ data: { estado: string } }>(`${CONNECTIONS}/${id}`, root)).body.data?.estado;

  test('has all its connections ready, and no number is paired anew', async () => {
    for (const id of ['loja-1', 'loja-2', 'loja-evolution'])
      await until(`${id} to be ready`, async () => (await estado(id)) === 'ready');
    expect(phones.map(({ companions }) => companions.length)).toEqual([1, 1]);
    const logins = simulator.history.events.map(({ kind }) => kind);
    expect(logins).toContain('login');
    expect(logins.filter((kind) => kind === 'registration.started' || kind === 'login.refused')).toEqual([]);
  });

  test('has every row that it had, as it was', async () => {
    for (const [table, rows] of Object.entries(kept.rows)) {
      const now = new Map((await crm.rows(table)).map((row) => [row['id'], row]));
      for (const row of rows) {
        const entries = Object.entries(row).filter(([column]) => !LIVE[table]?.includes(column));
        const found = entries.map(([column]) => [column, asInstant(now.get(row['id'])?.[column])]);
        expect(Object.fromEntries(found)).toEqual(
          Object.fromEntries(entries.map(([column, value]) => [column, asInstant(value)])),
        );
      }
    }
  });

  test('writes the row of what had been received while the database was away', async () => {
    const { whatsappId, content } = kept.unfinishedReceived;
    expect(await crm.mensagem('loja-1', whatsappId)).toMatchObject({ conteudo: content, remetente: 'CLIENTE' });
  });

  test('sends what WhatsApp had not acknowledged, under its id, once', async () => {
    const { whatsappId, content, to } = kept.unfinishedSend;
    const customer = contacts.find(({ number }) => number === to)!;
    const received = await customer.nextMessage((message) => message.id === whatsappId);
    expect(received.text).toBe(content);
    const done = (row: Row) => row['status'] === 'ENTREGUE' && row;
    expect(await crm.mensagem('loja-1', whatsappId, done)).toMatchObject({ conteudo: content, remetente: 'ATENDENTE' });
    expect(customer.inbox.filter(({ id }) => id === whatsappId)).toHaveLength(1);
  });

  test('receives and sends with the old sessions, also in the group', async () => {
    const [ana] = contacts as [Contact];
    await crm.mensagem('loja-1', ana.send(phones[0]!, 'ainda aí?').id);
    const group = simulator.group(kept.group.jid)!;
    await crm.mensagem('loja-1', ana.sendToGroup(group, 'oi de novo, grupo').id);
    const answer = { connectionId: 'loja-1', to: ana.number, content: 'sim!', type: 'text' };
    expect(verdict(await http.post(SEND, answer, root))).toBe('201');
    expect((await ana.nextMessage(({ text }) => text === 'sim!')).text).toBe('sim!');
    const toGroup = { connectionId: 'loja-1', to: kept.group.jid, content: 'a todos', type: 'text' };
    expect(verdict(await http.post(SEND, toGroup, root))).toBe('201');
    expect((await ana.nextMessage(({ text }) => text === 'a todos')).text).toBe('a todos');
  });

  test('gives out the files that were received and sent', async () => {
    for (const { id, bytes } of kept.files) {
      const file = await http.get(`/api/whatsapp-integration/messages/${id}/media`, root);
      expect(file.bytes.toString('base64')).toBe(bytes);
    }
  });

  test('lets its API key in', async () => {
    expect(verdict(await http.get(CONNECTIONS, { authorization: `Bearer ${kept.apiKey}` }))).toBe('200');
  });

  test('answers a repeated request with the message of the first one', async () => {
    const body = { ...old.IDEMPOTENT_SEND, to: contacts[0]!.number };
    const again = await http.post<{ message: Row }>(SEND, body, { ...root, 'Idempotency-Key': old.IDEMPOTENCY_KEY });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body.message).toMatchObject({
      id: kept.idempotentMessage.id,
      whatsappId: kept.idempotentMessage.whatsappId,
    });
  });

  test('tells its webhook what happened meanwhile and what happens now', async () => {
    const contents = () => receiver.ofType('messageReceived').map(({ json }) => json.data['conteudo']);
    contacts[0]!.send(phones[0]!, 'para o webhook');
    await until('the webhook', () => contents().includes('para o webhook'));
    expect(contents()).toContain(kept.unfinishedReceived.content);
    const path = `/api/whatsapp-bootstrap/webhooks/${kept.webhookId}/deliveries?state=delivered&limit=200`;
    const { body } = await http.get<{ data: Row[] }>(path, root);
    expect(body.data.length).toBeGreaterThanOrEqual(7);
  });

  test('still has its template, and sends its scheduled message', async () => {
    const path = `/api/whatsapp-integration/scheduled-messages/${kept.scheduledId}`;
    expect((await http.get<{ agendamento: Row }>(path, root)).body.agendamento).toMatchObject({ status: 'AGENDADA' });
    const template = { name: 'lembrete', variables: { nome: 'Ana' } };
    const sendAt = new Date(Date.now() + shiftMs + 1_000).toISOString();
    const headers = { ...root, 'content-type': 'application/json' };
    const changed = await http.request('PATCH', path, { headers, body: JSON.stringify({ template, sendAt }) });
    expect(verdict(changed)).toBe('200');
    const arrived = await contacts[0]!.nextMessage(({ text }) => text?.endsWith(', Ana!') ?? false);
    expect(arrived.text).toMatch(/^(Bom dia|Boa tarde|Boa noite), Ana!$/);
  });
});

/** The daemon's clock goes on where the old one stopped: nothing of the kept data has expired. */
function sameDay(shiftMs: number): Record<string, string> {
  const preload = `const Real = Date; const now = () => Real.now() + ${shiftMs};
    globalThis.Date = class Date extends Real {
      constructor(...args) { super(...(args.length === 0 ? [now()] : args)); }
      static now() { return now(); }
    };`;
  const url = `data:text/javascript,${encodeURIComponent(preload)}`;
  return { NODE_OPTIONS: `--import=${url}`, CLOCK_SHIFT_MS: String(shiftMs) };
}

/** A time in one form, however the API writes it; anything else as it is. */
function asInstant(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d[ T]\d\d:/.test(value)) return value;
  const iso = value.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
  return new Date(iso).getTime();
}

async function unpack(variant: old.Variant, to: string): Promise<void> {
  await mkdir(to, { mode: 0o711 });
  const params = { [constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 1 };
  const tar = `${to}.tar`;
  await writeFile(tar, brotliDecompressSync(await readFile(old.fixture(`${variant}.tar.br`)), { params }));
  await run('tar', ['-xf', tar, '-C', to, '--no-same-owner']);
  await rm(tar);
  // As root, Postgres runs as a user of its own, whom the cluster belongs to.
  const user = await postgresUser();
  if (user) await run('chown', ['-R', `${user.uid}:${user.gid}`, join(to, 'postgres')]);
}
