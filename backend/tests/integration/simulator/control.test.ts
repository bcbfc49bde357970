import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { program } from '../../support/installation.js';
import { BaileysClient } from './baileys-client.js';

const PHONE = '5511999990001';
const ANA = '5511988887777';
let child: ChildProcess;
let controlUrl: string;
let client: BaileysClient;

beforeEach(async () => {
  child = spawn(process.execPath, [await program('simulator/run'), '--with-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
  const ready = JSON.parse(line) as { wsUrl: string; noiseRootKey: string; controlUrl: string };
  controlUrl = ready.controlUrl;
  client = new BaileysClient({ wsUrl: ready.wsUrl, noiseRootKeyHex: ready.noiseRootKey });
});

afterEach(async () => {
  await client.close();
  if (child.exitCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }
});

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Answer }> {
  const response = await fetch(controlUrl + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer };
}
type Answer = Record<string, unknown> & { messages?: unknown[]; events?: { kind: string }[] };

async function pair(): Promise<void> {
  await call('POST', '/phones', { number: PHONE, name: 'Loja' });
  await client.pair((qr) => call('POST', `/phones/${PHONE}/scan`, { qr }));
}

test('a conversation is led from another process', async () => {
  await pair();
  await call('POST', '/contacts', { number: ANA, name: 'Ana' });
  const sent = await call('POST', `/contacts/${ANA}/messages`, { phone: PHONE, text: 'oi', wait: true });
  expect(sent).toMatchObject({ status: 200, body: { answers: [{ error: null }] } });
  const received = await client.untilText('oi');
  expect(received.key.id).toBe(sent.body.id);
  const id = await client.sendText(received.key.remoteJid!, 'bom dia');
  expect((await call('GET', `/contacts/${ANA}/next`)).body).toMatchObject({ id, text: 'bom dia' });
  expect((await call('GET', `/contacts/${ANA}/inbox`)).body.messages).toHaveLength(1);
  const { events } = (await call('GET', '/history')).body;
  expect(events?.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['login', 'message.receipted', 'send.acked']));
});

test('a burst of 20 contacts is received whole', async () => {
  await pair();
  const burst = await call('POST', '/bursts', { phone: PHONE, contacts: 20, messages: 200, wait: true });
  expect(burst.body).toMatchObject({ messages: 200, error: null });
  await client.until(() => new Set(client.texts).size === 200, 'every text');
});

test('faults are set from another process', async () => {
  await pair();
  await call('POST', '/faults/streamError', { phone: PHONE, code: 503 });
  await client.reopen(503);
  expect((await call('GET', '/status')).body).toMatchObject({ phones: [{ number: PHONE, connected: 1 }] });
});

test('mistakes are answered in words', async () => {
  expect(await call('POST', '/phones', { number: 'x' })).toMatchObject({ status: 400 });
  expect(await call('POST', `/phones/${PHONE}/scan`, { qr: 'x' })).toMatchObject({ status: 404 });
  await call('POST', '/phones', { number: PHONE });
  expect(await call('POST', `/phones/${PHONE}/scan`, { qr: 'x' })).toMatchObject({ status: 409 });
  expect(await call('GET', '/nothing')).toMatchObject({ status: 404 });
});

test('SIGTERM ends the process with 0', async () => {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});
