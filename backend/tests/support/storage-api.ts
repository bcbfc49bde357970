import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';

/** A file as the store keeps it. */
export interface StoredObject {
  bytes: Buffer;
  type: string;
  cacheControl: string | undefined;
}

const SECRET = 'signs-the-links-of-this-store';

/**
 * The routes of Supabase Storage's REST API that the gateway uses, over HTTP: upload of a binary body with `x-upsert`,
 * signed URLs, and reading one, with ranges. Statuses and bodies of answers are those of Supabase's storage-api (a missing
 * object is a 400 that says 404 in its body). It is no Supabase Storage: what that adds (policies, S3, CDN) is not here.
 */
export class StorageApi {
  readonly objects = new Map<string, StoredObject>();
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers'] }[] = [];
  /** Answers everything with this status instead. */
  broken: number | null = null;
  readonly #server: Server;

  constructor(
    readonly serviceRoleKey: string,
    private readonly buckets: readonly string[],
    /** Answers everything that is not storage: a project has one URL for all of its services. */
    private readonly project: string | null = null,
  ) {
    this.#server = createServer((req, res) => void this.#serve(req, res));
  }

  async up(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async down(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const url = new URL(req.url ?? '', this.url);
    if (this.project !== null && !url.pathname.startsWith('/storage/')) {
      return this.#forward(req, res, this.project + url.pathname + url.search, Buffer.concat(chunks));
    }
    this.requests.push({ method: req.method ?? '', path: url.pathname, headers: req.headers });
    if (this.broken !== null) return refuse(res, this.broken, String(this.broken), 'Internal', 'the store is broken');
    const signed = /^\/storage\/v1\/object\/sign\/([^/]+)\/(.+)$/.exec(url.pathname);
    if (signed && req.method === 'GET') return this.#read(req, res, url, `${signed[1]}/${signed[2]}`);
    if (req.headers.authorization !== `Bearer ${this.serviceRoleKey}`)
      return refuse(res, 400, '403', 'Unauthorized', 'Invalid Compact JWS');
    if (signed && req.method === 'POST') return this.#sign(res, `${signed[1]}/${signed[2]}`, Buffer.concat(chunks));
    const upload = /^\/storage\/v1\/object\/(([^/]+)\/.+)$/.exec(url.pathname);
    if (upload && req.method === 'POST') return this.#upload(req, res, upload[1]!, upload[2]!, Buffer.concat(chunks));
    return refuse(res, 404, '404', 'not_found', 'Route not found');
  }

  async #forward(req: IncomingMessage, res: ServerResponse, url: string, bytes: Buffer): Promise<void> {
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = req.headers;
    const { method = 'GET' } = req;
    const body = method === 'GET' || method === 'HEAD' ? null : bytes;
    const {
      statusCode,
      headers: answered,
      body: stream,
    } = await request(url, { method: method as 'GET', headers, body });
    const { 'transfer-encoding': _chunked, connection: _kept, ...kept } = answered;
    res.writeHead(statusCode, kept).end(Buffer.from(await stream.arrayBuffer()));
  }

  #upload(req: IncomingMessage, res: ServerResponse, key: string, bucket: string, bytes: Buffer): void {
    if (!this.buckets.includes(bucket)) return refuse(res, 400, '404', 'Bucket not found', 'Bucket not found');
    if (this.objects.has(key) && req.headers['x-upsert'] !== 'true')
      return refuse(res, 400, '409', 'Duplicate', 'The resource already exists');
    const type = req.headers['content-type'] ?? 'application/octet-stream';
    this.objects.set(key, { bytes, type, cacheControl: req.headers['cache-control'] });
    answer(res, 200, { Key: key, Id: createHash('sha256').update(key).digest('hex').slice(0, 32) });
  }

  #sign(res: ServerResponse, key: string, body: Buffer): void {
    if (!this.objects.has(key)) return refuse(res, 400, '404', 'not_found', 'Object not found');
    const { expiresIn } = JSON.parse(body.toString()) as { expiresIn: number };
    const payload = Buffer.from(JSON.stringify({ url: key, exp: Date.now() / 1000 + expiresIn })).toString('base64url');
    answer(res, 200, { signedURL: `/object/sign/${key}?token=${payload}.${mac(payload)}` });
  }

  #read(req: IncomingMessage, res: ServerResponse, url: URL, key: string): void {
    const [payload = '', signature = ''] = (url.searchParams.get('token') ?? '').split('.');
    if (!same(signature, mac(payload))) return refuse(res, 400, '400', 'InvalidJWT', 'signature verification failed');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { url: string; exp: number };
    if (claims.url !== key) return refuse(res, 400, '400', 'InvalidSignature', 'The signature does not match');
    if (claims.exp < Date.now() / 1000)
      return refuse(res, 400, '400', 'InvalidJWT', '"exp" claim timestamp check failed');
    const object = this.objects.get(key);
    if (!object) return refuse(res, 400, '404', 'not_found', 'Object not found');
    const download = url.searchParams.get('download');
    if (download !== null) res.setHeader('content-disposition', `attachment; filename=${download}`);
    res.setHeader('content-type', object.type);
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? '') ?? [];
    if (from === undefined) return void res.writeHead(200).end(object.bytes);
    const part = object.bytes.subarray(Number(from), Number(to) + 1);
    res.writeHead(206, { 'content-range': `bytes ${from}-${to}/${object.bytes.length}` }).end(part);
  }
}

const mac = (text: string): string => createHmac('sha256', SECRET).update(text).digest('base64url');

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function answer(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(res: ServerResponse, status: number, statusCode: string, error: string, message: string): void {
  answer(res, status, { statusCode, error, message });
}
