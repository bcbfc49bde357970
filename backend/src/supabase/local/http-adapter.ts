import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Shortcut } from './write-shortcut.js';

type FetchHandler = (request: Request) => Response | Promise<Response>;

/** 500 messages of 64 KB each fit. */
const BODY_MAX_BYTES = 64 * 1024 * 1024;

/**
 * Serves a fetch handler on 127.0.0.1; what `shortcut` takes does not reach it.
 * @returns the server and the port it got (`port` 0 = any free one)
 */
export async function serveFetch(
  handler: FetchHandler,
  shortcut: Shortcut,
  port: number,
): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    answer(handler, shortcut, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'application/json' }).end('{"message":"internal error"}');
    });
  });
  // Longer than the client's own idle time-out, so that no request meets a socket that is just being closed.
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

async function answer(
  handler: FetchHandler,
  shortcut: Shortcut,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (body === null) {
    response.writeHead(413, { 'content-type': 'application/json', connection: 'close' }).end('{"message":"too large"}');
    return;
  }
  const { method = 'GET', url = '/' } = request;
  const write = shortcut({ method, url, headers: request.headers });
  if (write) {
    const { status, json } = await write(body);
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(json);
    return;
  }
  const headers = new Headers();
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    headers.append(request.rawHeaders[i] ?? '', request.rawHeaders[i + 1] ?? '');
  }
  const init: RequestInit = method === 'GET' || method === 'HEAD' ? { method, headers } : { method, headers, body };
  const result = await handler(new Request(`http://127.0.0.1${url}`, init));
  const bytes = Buffer.from(await result.arrayBuffer());
  response
    .writeHead(result.status, { ...Object.fromEntries(result.headers), 'content-length': bytes.length })
    .end(bytes);
}

async function readBody(request: IncomingMessage): Promise<Buffer<ArrayBuffer> | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MAX_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
