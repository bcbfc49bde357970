import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { as } from '../../support/access.js';
import { aUserToken } from '../../support/database.js';
import { SocketClient } from '../../support/socket-client.js';
import { LOCAL_KEYS, type Arena } from '../arena.js';
import type { Attack } from '../attack.js';

const MB = 1024 * 1024;

/** Opens a request of `bytes` and writes as much of it as is taken. @returns the status line, or why there is none */
function bigPost(port: number, path: string, bytes: number, headers: string[], forMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const chunk = Buffer.alloc(64 * 1024, 'a');
    let left = bytes;
    let heard = '';
    const end = () => {
      socket.destroy();
      resolve(heard.split('\r\n')[0] || 'no answer');
    };
    const write = () => {
      while (left > 0 && !socket.destroyed) {
        left -= chunk.length;
        if (!socket.write(chunk)) return;
      }
    };
    socket.on('data', (data) => {
      heard += data.toString('latin1');
      if (heard.includes('\r\n\r\n')) end();
    });
    socket.on('error', end);
    socket.on('close', end);
    socket.on('drain', write);
    socket.on('connect', () => {
      const lines = [`POST ${path} HTTP/1.1`, 'Host: 127.0.0.1', `Content-Length: ${bytes}`, ...headers];
      socket.write(`${lines.join('\r\n')}\r\nContent-Type: application/json\r\n\r\n`);
      write();
    });
    setTimeout(end, forMs).unref();
  });
}

const portOf = (url: string) => Number(new URL(url).port);

/** Large bodies of people without a key, at every listener. */
export const keylessBodies: Attack = {
  name: '3 large bodies without a key',
  async run({ url, localUrl }) {
    const places: [number, string][] = [
      ...Array.from({ length: 80 }, (): [number, string] => [portOf(localUrl), '/rest/v1/whatsapp_mensagens']),
      ...Array.from({ length: 20 }, (): [number, string] => [portOf(url), '/api/whatsapp-integration/messages/send']),
      ...Array.from({ length: 20 }, (): [number, string] => [portOf(url), '/socket.io/?EIO=4&transport=polling']),
      ...Array.from({ length: 20 }, (): [number, string] => [portOf(url), '/api/whatsapp-bootstrap/webhook/evolution']),
    ];
    const answers = await Promise.all(places.map(([port, path]) => bigPost(port, path, 64 * MB, [], 8_000)));
    const counts: Record<string, number> = {};
    for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
    const breaches = answers.filter((line) => / 2\d\d /.test(line)).map((line) => `taken: ${line}`);
    return { figure: JSON.stringify(counts), breaches };
  },
};

/** The key for browsers makes nobody a user, and what the local API shows is a list. */
export const localSignUp: Attack = {
  name: '4 sign-up and system routes of the local API',
  async run({ localUrl }) {
    const call = async (method: string, path: string, body?: unknown) => {
      const answer = await fetch(localUrl + path, {
        method,
        headers: { apikey: LOCAL_KEYS.SUPABASE_ANON_KEY, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { path, status: answer.status, text: await answer.text() };
    };
    const answers = [
      await call('POST', '/auth/v1/signup', { email: `${randomUUID()}@example.com`, password: randomUUID() }),
      await call('POST', '/auth/v1/signup', {}),
      await call('POST', '/auth/v1/otp', { email: 'a@example.com', create_user: true }),
      ...(await Promise.all(
        ['/_system/schema', '/_system/', '/auth/v1/admin/users', '/pg/query', '/rest/v1/rpc/registrar_eventos'].map(
          (path) =>
            call(
              path.includes('rpc') || path.includes('query') ? 'POST' : 'GET',
              path,
              path.includes('rpc') ? {} : undefined,
            ),
        ),
      )),
      await call('GET', '/rest/v1/whatsapp_mensagens?select=*'),
    ];
    const breaches = answers
      .filter(({ status, text }) => status < 400 && text !== '[]')
      .map(({ path, status }) => `${path} answered ${status}`);
    return { figure: answers.map(({ status }) => status).join(' '), breaches };
  },
};

/** Anonymous handshakes take every slot, and somebody with a key wants in. */
export const anonymousSockets: Attack = {
  name: '5 2,000 anonymous WebSockets',
  async run({ url, keys }) {
    const sockets: WebSocket[] = [];
    const raw: Socket[] = [];
    for (let n = 0; n < 2_000; n++) {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
      socket.on('error', () => undefined);
      sockets.push(socket);
      if (n % 10 === 0) raw.push(connect(portOf(url), '127.0.0.1').on('error', () => undefined));
      if (n % 100 === 99) await delay(20);
    }
    const startedAt = performance.now();
    const client = await SocketClient.ready(url, { token: keys.root }).catch((error: unknown) => error as Error);
    const tookMs = Math.round(performance.now() - startedAt);
    for (const socket of sockets) socket.terminate();
    for (const socket of raw) socket.destroy();
    const isIn = client instanceof SocketClient;
    if (isIn) client.close();
    return {
      figure: isIn ? `the root key was in after ${tookMs} ms` : String(client),
      breaches: isIn ? [] : ['the root key was not let in'],
    };
  },
};

/** Tokens that nobody signed for this gateway, and tokens for more than a user. */
export const forgedTokens: Attack = {
  name: '11 forged and too powerful tokens',
  async run({ url, localUrl }) {
    const secret = LOCAL_KEYS.SUPABASE_JWT_SECRET;
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const sub = randomUUID();
    const tokens: Record<string, string> = {
      'another secret': aUserToken('another-secret-of-somebody', sub),
      'alg none': `${part({ alg: 'none' })}.${part({ sub, role: 'authenticated', exp: 4102444800 })}.`,
      expired: aUserToken(secret, sub, { exp: 1 }),
      postgres: aUserToken(secret, sub, { role: 'postgres' }),
      supabase_admin: aUserToken(secret, sub, { role: 'supabase_admin' }),
      'no subject': aUserToken(secret, '', {}),
    };
    const breaches: string[] = [];
    const statuses: number[] = [];
    for (const [name, token] of Object.entries(tokens)) {
      const gateway = await fetch(`${url}/api/whatsapp-integration/connections`, { headers: as(token) });
      const local = await fetch(`${localUrl}/rest/v1/whatsapp_api_keys?select=*`, {
        headers: { apikey: LOCAL_KEYS.SUPABASE_ANON_KEY, ...as(token) },
      });
      const rows = await local.text();
      statuses.push(gateway.status, local.status);
      if (gateway.status < 400) breaches.push(`${name}: the gateway answered ${gateway.status}`);
      if (local.status < 400 && rows !== '[]') breaches.push(`${name}: the local API showed rows`);
    }
    return { figure: statuses.join(' '), breaches };
  },
};

/** Slow and half-open requests: nobody may hold a connection for ever. */
export const slowLoris: Attack = {
  name: '3 requests that never end',
  async run({ url, localUrl }: Arena) {
    const sockets = Array.from({ length: 300 }, (_, n) => {
      const socket = connect(portOf(n % 2 ? url : localUrl), '127.0.0.1').on('error', () => undefined);
      socket.write(
        'POST /api/whatsapp-integration/messages/send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n',
      );
      return socket;
    });
    await delay(5_000);
    const answer = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
    for (const socket of sockets) socket.destroy();
    return { figure: `live ${answer?.status ?? 'no answer'}`, breaches: answer?.status === 200 ? [] : ['not live'] };
  },
};
