import { afterEach, describe, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { randomUUID } from 'node:crypto';
import { ROOT_KEY } from '../support/access.js';
import { aUserToken } from '../support/database.js';
import { aGateway } from '../support/gateway.js';
import { SocketClient } from '../support/socket-client.js';
import { until } from '../support/until.js';

const gateway = aGateway({ API_KEY: ROOT_KEY, REALTIME_MAX_CLIENTS: '3' });
const clients: SocketClient[] = [];
const strangers: Stranger[] = [];

/** A WebSocket that has shaken hands and never signs in. */
interface Stranger {
  socket: WebSocket;
  closed: boolean;
}

function aStranger(headers: Record<string, string> = {}): Stranger {
  const url = `${gateway.http.baseUrl.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
  const stranger: Stranger = { socket: new WebSocket(url, { headers }), closed: false };
  stranger.socket.on('close', () => (stranger.closed = true));
  stranger.socket.on('error', () => undefined);
  strangers.push(stranger);
  return stranger;
}

const isOpen = ({ socket }: Stranger) => socket.readyState === WebSocket.OPEN;
const user = () => ({ token: aUserToken(gateway.database.jwtSecret, randomUUID()) });

async function aClient(options: ConstructorParameters<typeof SocketClient>[1]): Promise<SocketClient> {
  const client = await SocketClient.ready(gateway.http.baseUrl, options);
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const { socket } of strangers.splice(0)) socket.terminate();
  await until('all to be gone', () => gateway.parts.realtime.server.figures.clients === 0);
});

describe('WebSockets of strangers', () => {
  test('take no place of those who sign in, however many they are, and are closed', async () => {
    const early = Array.from({ length: 200 }, () => aStranger());
    await until('the handshakes', () => early.every((each) => isOpen(each) || each.closed));
    const late = Array.from({ length: 300 }, () => aStranger());
    await until('the handshakes', () => late.every((each) => isOpen(each) || each.closed));
    for (const transport of ['websocket', 'polling'] as const) {
      await aClient({ token: ROOT_KEY, transports: [transport] });
    }
    await aClient(user());
    // Those who say nothing give way, and the last of them go when their time is up.
    await until('all strangers to be closed', () => strangers.every(({ closed }) => closed));
    expect(clients.map(({ left }) => left)).toEqual([null, null, null]);
  });

  test('polling handshakes without a sign-in take no place either', async () => {
    const url = `${gateway.http.baseUrl}/socket.io/?EIO=4&transport=polling`;
    const statuses = await Promise.all(Array.from({ length: 50 }, async () => (await fetch(url)).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await aClient(user());
  });

  test('come in neither through a proxy nor from a page of another site without a key', async () => {
    const page = aStranger({ origin: 'https://evil.example' });
    const picture = aStranger({ 'sec-fetch-site': 'cross-site' });
    await until('both to be refused', () => page.closed && picture.closed);
  });
});

describe('REALTIME_MAX_CLIENTS', () => {
  test('counts who has signed in, says so to the next one, and the root key gets in all the same', async () => {
    for (let i = 0; i < 3; i += 1) await aClient(user());
    const client = new SocketClient(gateway.http.baseUrl, user());
    clients.push(client);
    const refused = await until('the refusal', () => client.refused);
    expect([refused.data?.code, refused.message]).toEqual([
      'RATE_LIMITED',
      expect.stringContaining('REALTIME_MAX_CLIENTS'),
    ]);
    await aClient({ token: ROOT_KEY });
  });

  test('a connection that has left its namespaces must sign in again or is closed', async () => {
    const client = await aClient(user());
    const { engine } = client.socket.io;
    // A goodbye to the namespace only: the connection itself stays.
    engine.write('1');
    client.socket.io.reconnection(false);
    await until('the connection to be closed', () => engine.readyState === 'closed');
  });
});
