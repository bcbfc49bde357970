import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import qrcode from 'qrcode-terminal';
import { loadConfig } from '../config/load-config.js';
import { createGateway } from '../gateway.js';
import { onEndRequest } from '../lib/end-requests.js';
import { createLog } from '../lib/create-log.js';
import { Releasers } from '../lib/releasers.js';
import { Simulator, type Contact, type Phone } from '../simulator/index.js';
import { silenceLibsignal } from '../whatsapp/silence-libsignal.js';
import { ApiClient } from './api-client.js';
import { credentials, VARIABLES_FILE, writeCurlFolder } from './curl-folder.js';
import { type PickPort, portPicker } from './free-port.js';
import { startNeighbours } from './neighbours.js';
import { renderTable } from './print-table.js';
import { createCustomers, createStorePhone, type Customer } from './scene.js';

const CONNECTION = 'loja-demo';
const ROWS_DEADLINE_MS = 10_000;

interface Stage {
  api: ApiClient;
  simulator: Simulator;
  database: { url: string; key: string };
  /** The folder that goes with the demo. */
  dir: string;
  /** What the documentation's lines are told, as far as it is known before anything was said. */
  variables: Record<string, string>;
}

/** How the demo is to be played. */
export interface DemoOptions {
  /** Ends after the round trip. */
  once: boolean;
  /** With `PORT=0` everything listens on free ports; else on those that the documentation names, where they are free. */
  env: NodeJS.ProcessEnv;
}

/** The watcher left: Ctrl-C, SIGTERM, a closed terminal or pipe. */
class Leaving extends Error {}

/**
 * Starts everything on this machine, plays one round trip before the watcher's eyes, and shows where it ended up.
 * Whenever the watcher leaves, also in the middle of the start, everything is closed and removed again.
 * @returns the process' exit code: 0 when every message of the round trip is a row, or the watcher left
 */
export async function runDemo({ once: onlyOnce, env }: DemoOptions): Promise<number> {
  silenceLibsignal();
  const leaving = new AbortController();
  const leave = () => leaving.abort(new Leaving());
  // Only npm starts it.
  onEndRequest(leave, { isRunByNpm: true });
  // `npm run demo | head`: nobody sees the rest.
  process.stdout.on('error', leave);
  const dataDir = await mkdtemp(join(tmpdir(), 'sentinela-demo-'));
  // As root: Postgres' user gets through to its part in here. Else its files would lie, and stay, in /var/lib/sentinela.
  await chmod(dataDir, 0o711);
  const log = createLog({ dir: join(dataDir, 'logs'), level: 'info', console: false });
  const releasers = new Releasers(log, 10_000);
  releasers.push('data directory', () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));
  releasers.push('log', () => log.close());
  try {
    const stage = await setUp({ dataDir, log, releasers, leaving: leaving.signal, pickPort: portPicker(env) });
    const played = play(stage).then(async (customers) => ({ customers, complete: await showRows(stage, customers) }));
    const { customers, complete } = await unlessLeaving(leaving.signal, played);
    if (onlyOnce) return complete ? 0 : 1;
    await unlessLeaving(leaving.signal, stay(stage, customers, leaving.signal));
    return 0;
  } catch (error) {
    if (error instanceof Leaving) {
      say('\nAté logo.');
      return 0;
    }
    say(`\nA demonstração falhou: ${error instanceof Error ? error.stack : String(error)}`);
    return 1;
  } finally {
    await releasers.releaseAll();
  }
}

/** What `work` comes to. @throws Leaving as soon as the watcher leaves; the work goes on, unheard */
async function unlessLeaving<T>(leaving: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  const left = new Promise<never>((_, reject) => {
    const tell = () => reject(leaving.reason as Error);
    if (leaving.aborted) tell();
    else leaving.addEventListener('abort', tell, { once: true });
  });
  return await Promise.race([work, left]);
}

interface Scaffold {
  dataDir: string;
  log: ReturnType<typeof createLog>;
  releasers: Releasers;
  leaving: AbortSignal;
  pickPort: PickPort;
}

/** What is being made is finished before the watcher may leave, so that it can be closed. */
async function setUp({ dataDir, log, releasers, leaving, pickPort }: Scaffold): Promise<Stage> {
  say('Sentinela · demonstração: tudo nesta máquina, sem WhatsApp de verdade\n');
  const simulator = await Simulator.start();
  releasers.push('simulator', () => simulator.stop());
  const mediaCa = join(dataDir, 'media-ca.pem');
  await writeFile(mediaCa, simulator.media.caPem);
  const neighbours = await startNeighbours(releasers, pickPort);
  const settings = {
    ...neighbours.settings,
    PORT: String(await pickPort(3001)),
    SUPABASE_LOCAL_PORT: String(await pickPort(54321)),
    DATA_DIR: join(dataDir, 'sessions'),
    LOG_DIR: join(dataDir, 'logs'),
    WHATSAPP_WS_URL: simulator.wsUrl,
    WHATSAPP_NOISE_ROOT_KEY: simulator.noiseRootKeyHex,
    WHATSAPP_MEDIA_URL: simulator.media.url,
    WHATSAPP_MEDIA_CA: mediaCa,
  };
  // Not those of the gateway that is run from this folder: its database, its root key.
  const config = loadConfig(settings, { envFile: '/dev/null' });
  leaving.throwIfAborted();
  const gateway = await createGateway(config, { log });
  releasers.push('gateway', () => gateway.stop());
  await unlessLeaving(leaving, gateway.start());
  const { url } = gateway.parts.http.address();
  say(`  gateway    ${url}   (documentação: ${url}/docs)`);
  const database = gateway.parts.databaseHost.current;
  if (!database) throw new Error('o banco de dados não abriu');
  say(`  Supabase   ${database.url}   (Postgres embutido)`);
  say(`  WhatsApp   ${simulator.wsUrl}   (simulador)\n`);
  const { url: databaseUrl, serviceRoleKey: key } = database;
  const variables = { GATEWAY_URL: url, ...neighbours.variables, ...(await credentials(database)) };
  return { api: new ApiClient(url), simulator, database: { url: databaseUrl, key }, dir: dataDir, variables };
}

async function play(stage: Stage): Promise<Customer[]> {
  await pair(stage);
  const phone = stage.simulator.phones[0]!;
  const customers = createCustomers(stage.simulator);
  say('Conversa (← cliente, → atendente)\n');
  for (const { contact, name, says } of customers) {
    for (const text of says) {
      await contact.send(phone, text).receipted;
      say(`  ← ${name}: ${text}`);
    }
  }
  await showPicture(stage, customers[0]!);
  for (const customer of customers) if (customer.answer !== null) await answer(stage, customer, customer.answer);
  return customers;
}

/** A customer's picture, as their phone sends it: first the file to the media server, then the message. */
async function showPicture({ simulator }: Stage, { contact, name, picture }: Customer): Promise<void> {
  if (!picture) return;
  const file = await simulator.media.upload(picture.bytes, 'image');
  const imageMessage = { ...file, mimetype: 'image/png', caption: picture.caption };
  await contact.send(simulator.phones[0]!, { imageMessage }).receipted;
  say(`  ← ${name}: [imagem, ${picture.bytes.length} bytes] ${picture.caption}`);
}

async function pair({ api, simulator }: Stage): Promise<void> {
  say(`POST /api/whatsapp-integration/connections  { "connectionId": "${CONNECTION}" }`);
  await api.post('/api/whatsapp-integration/connections', { connectionId: CONNECTION, name: 'Loja (demonstração)' });
  const { code } = await api.get<{ code: string }>(`/api/whatsapp-integration/connections/${CONNECTION}/qr`);
  qrcode.generate(code, { small: true }, (drawing) => say(`\n${drawing}`));
  const phone = createStorePhone(simulator);
  await phone.scan(code);
  await until(async () => {
    const { data } = await api.get<{ data: { estado: string } }>(`/api/whatsapp-integration/connections/${CONNECTION}`);
    return data.estado === 'ready';
  });
  say(`O celular simulado leu o QR code: ${CONNECTION} está conectada.\n`);
}

async function answer({ api }: Stage, { contact, name, number }: Customer, content: string): Promise<void> {
  const arrived = contact.nextMessage();
  const body = { connectionId: CONNECTION, to: number, content, type: 'text' };
  const { message } = await api.post<{ message: { status: string } }>('/api/whatsapp-integration/messages/send', body);
  await arrived;
  say(`  → ${name}: ${content}   (${message.status})\n`);
}

/** @returns whether every message that was said is a row, and every customer has one atendimento. */
async function showRows(stage: Stage, customers: Customer[]): Promise<boolean> {
  const expected = customers.reduce((sum, customer) => sum + messagesOf(customer), 0);
  const mensagens = () => read(stage, 'whatsapp_mensagens?order=timestamp,ordem');
  const complete = await until(async () => isComplete(await mensagens(), expected), ROWS_DEADLINE_MS).then(
    () => true,
    () => false,
  );
  const atendimentos = await read(stage, 'whatsapp_atendimentos?order=created_at');
  const rows = await mensagens();
  say('whatsapp_atendimentos\n');
  say(renderTable(atendimentos, ['numero_cliente', 'nome_cliente', 'status', 'nao_lidas', 'ultima_mensagem']));
  say('\nwhatsapp_mensagens\n');
  say(renderTable(rows, ['timestamp', 'remetente', 'tipo', 'conteudo', 'status', 'midia_tamanho']));
  const right = complete && rows.length === expected && atendimentos.length === customers.length;
  say(right ? '\nTudo o que foi dito é uma linha no banco.' : '\nFALTA UMA LINHA NO BANCO.');
  const picture = rows.find((row) => row['midia_caminho'] != null);
  const ids = {
    ATENDIMENTO: String(atendimentos[0]?.['id']),
    MENSAGEM: String(picture?.['id']),
    WHATSAPP_ID: String(picture?.['whatsapp_id']),
  };
  await writeCurlFolder(stage.dir, { ...stage.variables, ...ids });
  showCurl(stage, ids);
  return right;
}

function messagesOf({ says, answer, picture }: Customer): number {
  return says.length + (answer === null ? 0 : 1) + (picture ? 1 : 0);
}

/** Every message is there, and every file that one of them has. */
function isComplete(rows: Record<string, unknown>[], expected: number): boolean {
  return rows.length >= expected && rows.every((row) => row['tipo'] === 'TEXTO' || row['midia_caminho'] !== null);
}

/** Lines that work as long as the demo runs. */
function showCurl({ api, database, dir }: Stage, { ATENDIMENTO, MENSAGEM }: Record<string, string>): void {
  const base = `${api.baseUrl}/api`;
  say('\nExperimente em outro terminal:\n');
  say(`  curl ${base}/whatsapp-bootstrap/status`);
  say(`  curl ${base}/whatsapp-integration/atendimentos/active`);
  say(`  curl ${base}/whatsapp-integration/messages/${ATENDIMENTO}`);
  say(`  curl -OJ ${base}/whatsapp-integration/messages/${MENSAGEM}/media`);
  say(`  curl ${base}/whatsapp-integration/messages/${MENSAGEM}/media/link`);
  say(`  curl -X POST ${base}/whatsapp-integration/messages/send -H 'Content-Type: application/json' \\`);
  say(
    `    -d '{"connectionId":"${CONNECTION}","to":"(11) 98888-7777","content":"Olá! Como posso ajudar?","type":"text"}'`,
  );
  say(`  curl '${database.url}/rest/v1/whatsapp_mensagens?select=conteudo,status' -H 'apikey: ${database.key}'`);
  say('\nOu as linhas da documentação, neste terminal (arquivos e variáveis que elas usam estão nesta pasta):\n');
  say(`  cd ${dir} && . ./${VARIABLES_FILE}`);
}

/** Customers answer whatever is sent to them, so that the curl lines above have something to show. */
async function stay({ simulator }: Stage, customers: Customer[], leaving: AbortSignal): Promise<void> {
  say('\nA demonstração continua até Ctrl-C; os clientes respondem ao que você enviar.\n');
  const phone = simulator.phones[0]!;
  await Promise.all(customers.map(({ contact, name }) => converse(phone, contact, name, leaving)));
}

async function converse(phone: Phone, contact: Contact, name: string, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    // Rejects when nobody wrote for a while; then it waits again.
    const received = await contact.nextMessage().catch(() => null);
    if (!received || stopped.aborted) continue;
    say(`  → ${name}: ${received.text ?? '(mídia)'}`);
    const reply = `Recebi: ${received.text ?? 'sua mensagem'}`;
    contact.send(phone, reply);
    say(`  ← ${name}: ${reply}`);
  }
}

async function read({ database }: Stage, query: string): Promise<Record<string, unknown>[]> {
  const headers = { apikey: database.key, authorization: `Bearer ${database.key}` };
  const response = await fetch(`${database.url}/rest/v1/${query}`, { headers, signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`GET ${query} → ${response.status}`);
  return (await response.json()) as Record<string, unknown>[];
}

/** Asks again every 50 ms until it is so. @throws after 20 s */
async function until(isSo: () => Promise<boolean>, deadlineMs = 20_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('a espera terminou sem resultado');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
