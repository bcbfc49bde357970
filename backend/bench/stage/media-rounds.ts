import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { GatewayContestant, SimulatorRemote } from './contestants.js';
import type { ExternalPostgres } from './external-postgres.js';
import { percentiles } from './statistics.js';

const CUSTOMERS = 20;
const FILES_DEADLINE_MS = 120_000;

export interface MediaOptions {
  rounds: number;
  files: number;
  bytes: number;
  /** One file and one text every so many ms. */
  fileEveryMs: number;
  textEveryMs: number;
}

export interface Latency {
  p50: number;
  p99: number;
}

export interface MediaResults {
  options: MediaOptions;
  /** Customer's send → row committed, ms: texts alone, and texts while files came in. */
  alone: { row: Latency; receipt: Latency };
  beside: { row: Latency; receipt: Latency };
  /** Each round's p99 of rows, in order: alone, beside. */
  p99s: { alone: number; beside: number }[];
  /** From the first file's message to the last file in the store, s, per round. */
  filesInS: number[];
  /** RssAnon of the gateway, MB: before the files of a round, and the most while they came. */
  memory: { before: number; peak: number }[];
  memoryOut: { before: number; peak: number };
  identicalIn: number;
  identicalOut: number;
  complete: boolean;
}

interface Stage {
  simulator: SimulatorRemote;
  gateway: GatewayContestant;
  postgres: ExternalPostgres;
}

interface Flow {
  row: number[];
  receipt: number[];
}

/** Texts alone and texts beside files, in turn, so that what slows the machine slows both. */
export async function measureMedia(stage: Stage, options: MediaOptions): Promise<MediaResults> {
  const { simulator, gateway } = stage;
  const hashes = await simulator.call('files', options.files, options.bytes);
  // Everything has been loaded and every session opened before the first figure.
  await texts(stage, options, 'warm-up');
  await filesIn(stage, options, FILES_DEADLINE_MS);
  const [alone, beside]: [Flow, Flow] = [emptyFlow(), emptyFlow()];
  const results = { p99s: [] as MediaResults['p99s'], filesInS: [] as number[], memory: [] as MediaResults['memory'] };
  let ids: string[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const quiet = async () => append(alone, await texts(stage, options, `alone ${round + 1}`));
    const busy = async () => {
      const before = await gateway.remote.call('watchMemory');
      const [flow, files] = await Promise.all([
        texts(stage, options, `beside ${round + 1}`),
        filesIn(stage, options, FILES_DEADLINE_MS),
      ]);
      results.memory.push({ before, peak: await gateway.remote.call('peakMemory') });
      results.filesInS.push(files.seconds);
      ids = files.ids;
      return append(beside, flow);
    };
    const [first, second] = round % 2 === 0 ? [quiet, busy] : [busy, quiet];
    const [a, b] = [await first(), await second()];
    const [quietP99, busyP99] = round % 2 === 0 ? [a, b] : [b, a];
    results.p99s.push({ alone: quietP99, beside: busyP99 });
    console.log(`round ${round + 1}/${options.rounds}: p99 ${quietP99.toFixed(1)} → ${busyP99.toFixed(1)} ms`);
  }
  const identicalIn = await readBack(stage, ids, hashes);
  const out = await filesOut(stage, options);
  const missing = [...alone.row, ...beside.row].filter(Number.isNaN).length;
  return {
    options,
    ...{ alone: latencies(alone), beside: latencies(beside) },
    ...results,
    ...{ identicalIn, ...out },
    complete: missing === 0 && identicalIn === options.files && out.identicalOut === options.files,
  };
}

const emptyFlow = (): Flow => ({ row: [], receipt: [] });
const latencies = ({ row, receipt }: Flow) => ({ row: percentiles(row), receipt: percentiles(receipt) });

/** @returns the p99 of what was added */
function append(all: Flow, more: Flow): number {
  all.row.push(...more.row);
  all.receipt.push(...more.receipt);
  return percentiles(more.row).p99;
}

/** As many texts as it takes for all files to be sent. */
async function texts({ simulator, gateway }: Stage, options: MediaOptions, label: string): Promise<Flow> {
  const messages = Math.ceil((options.files * options.fileEveryMs) / options.textEveryMs);
  const flow = { phone: gateway.phones[0]!, customers: CUSTOMERS, messages, everyMs: options.textEveryMs, label };
  const timed = await simulator.call('steady', flow);
  await gateway.remote.call('projected');
  const committed = await gateway.commitTimes(timed.map(({ id }) => id));
  return {
    row: timed.map(({ id, sentAt }) => (committed.get(id) ?? NaN) - sentAt),
    receipt: timed.map(({ sentAt, receiptedAt }) => receiptedAt - sentAt),
  };
}

/** Resolves when every file of the messages is in the store. */
async function filesIn({ simulator, gateway, postgres }: Stage, options: MediaOptions, deadlineMs: number) {
  const startedAt = performance.now();
  const ids = await simulator.call('steadyFiles', { phone: gateway.phones[0]!, everyMs: options.fileEveryMs });
  for (;;) {
    const [row] = await postgres.sql<{ there: number }[]>`
      select count(*)::int as there from public.whatsapp_mensagens
       where whatsapp_id = any(${ids}) and midia_caminho is not null`;
    const seconds = (performance.now() - startedAt) / 1000;
    if (row?.there === ids.length) return { ids, seconds };
    if (seconds * 1000 > deadlineMs + ids.length * options.fileEveryMs)
      throw new Error(`${row?.there} files are there`);
    await sleep(50);
  }
}

/** @returns how many files come out of the gateway as they were sent */
async function readBack({ gateway, postgres }: Stage, ids: string[], hashes: string[]): Promise<number> {
  const rows = await postgres.sql<{ whatsapp_id: string; id: string }[]>`
    select whatsapp_id, id from public.whatsapp_mensagens where whatsapp_id = any(${ids})`;
  const rowOf = new Map(rows.map(({ whatsapp_id, id }) => [whatsapp_id, id]));
  let identical = 0;
  for (const [index, id] of ids.entries()) {
    const { body } = await request(`${gateway.url}/api/whatsapp-integration/messages/${rowOf.get(id)}/media`);
    const hash = createHash('sha256');
    for await (const chunk of body) hash.update(chunk as Buffer);
    if (hash.digest('hex') === hashes[index]) identical += 1;
  }
  return identical;
}

/** Sends as many files, four at a time, as forms. */
async function filesOut({ simulator, gateway }: Stage, options: MediaOptions) {
  const [customer] = await simulator.call('customers', 1);
  const { number } = customer!;
  const before = await gateway.remote.call('watchMemory');
  const sent: { id: string; sha256: string }[] = [];
  const lanes = Array.from({ length: 4 }, async (_, lane) => {
    for (let index = lane; index < options.files; index += 4) {
      const bytes = Buffer.alloc(options.bytes, createHash('sha256').update(`file ${index}`).digest());
      const form = new FormData();
      const fields = { connectionId: gateway.phones[0]!, to: number, type: 'document' };
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.append('file', new Blob([new Uint8Array(bytes)]), `${index + 1}.bin`);
      const path = `${gateway.url}/api/whatsapp-integration/messages/send?wait=30000`;
      const answer = await fetch(path, { method: 'POST', body: form });
      const text = await answer.text();
      if (answer.status !== 201) throw new Error(`a file was not accepted: ${answer.status} ${text}`);
      const { message } = JSON.parse(text) as { message: { whatsappId: string } };
      sent.push({ id: message.whatsappId, sha256: createHash('sha256').update(bytes).digest('hex') });
    }
  });
  await Promise.all(lanes);
  const peak = await gateway.remote.call('peakMemory');
  const ids = sent.map(({ id }) => id);
  const received = await simulator.call('received', number, ids);
  const identicalOut = received.filter((each, index) => each === sent[index]!.sha256).length;
  return { memoryOut: { before, peak }, identicalOut };
}
