import { createHash, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MediaType, proto } from '@whiskeysockets/baileys';
import { generate } from 'selfsigned';
import { openMedia, sealMedia } from './sealed-media.js';

/** Where a message's file is and how it is read: the fields that all of WhatsApp's media messages share. */
export interface MediaFields {
  url: string;
  directPath: string;
  mediaKey: Buffer;
  fileSha256: Buffer;
  fileEncSha256: Buffer;
  fileLength: number;
  mediaKeyTimestamp: number;
}

interface Stored {
  ciphertext: Buffer;
  expired: boolean;
}

const LONGEST_UPLOAD = 128 * 1024 * 1024;

/**
 * WhatsApp's media host: takes uploads at `/mms/<kind>/<sha256 of the ciphertext>` (Baileys Utils/messages-media.js) and
 * serves them until they expire. HTTPS with a certificate of its own, since Baileys hard-codes the scheme; clients trust
 * `caPem`. Everything is in memory.
 */
export class MediaServer {
  readonly #files = new Map<string, Stored>();
  #server: Server | null = null;
  #caPem = '';
  /** Uploads that were refused or taken, and downloads: `status path`, in order. */
  readonly requests: { method: string; path: string; status: number }[] = [];
  /** Answers the next n requests with 503. */
  failNext = 0;

  constructor(private readonly bindTo: string) {}

  /** Listens on a free port. */
  async listen(): Promise<void> {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'simulated WhatsApp media' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 7, ip: this.bindTo }] },
      ],
    });
    this.#caPem = cert;
    const server = createServer({ key, cert }, (req, res) => void this.#serve(req, res));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, this.bindTo, resolve);
    });
    this.#server = server;
  }

  /** `127.0.0.1:41234`: what `media_conn` names, and the host of every message's `url`. */
  get host(): string {
    return `${this.bindTo}:${(this.#server?.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `https://${this.host}`;
  }

  /** The certificate to trust, as PEM. */
  get caPem(): string {
    return this.#caPem;
  }

  close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return Promise.resolve();
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  }

  /** Puts a file there as a contact's phone does before it writes. @returns what goes into the media message */
  async upload(plain: Uint8Array, kind: MediaType): Promise<MediaFields> {
    const { ciphertext, facts } = await sealMedia(plain, kind);
    const directPath = this.#store(ciphertext);
    return { ...facts, ...this.#address(directPath), mediaKeyTimestamp: Math.floor(Date.now() / 1000) };
  }

  /** Reads what a client has uploaded, as a contact's phone does. @throws Error when it is gone, or not what it should be */
  async download(message: Pick<proto.Message.IImageMessage, keyof MediaFields>, kind: MediaType): Promise<Buffer> {
    const stored = this.#files.get(message.directPath ?? '');
    if (!stored || stored.expired) throw new Error(`nothing lies at ${message.directPath}`);
    return openMedia(stored.ciphertext, message, kind);
  }

  /** From now on this path answers 404, as after some weeks; `renew` brings the file back under a new path. */
  expire(directPath: string): void {
    const stored = this.#files.get(directPath);
    if (stored) stored.expired = true;
  }

  /** What the sender's phone does when it is asked for a file again. @returns null when it has not got it either */
  renew(directPath: string | null | undefined): string | null {
    const stored = this.#files.get(directPath ?? '');
    return stored ? this.#store(stored.ciphertext) : null;
  }

  /** Damages the stored bytes: a download no longer fits its hashes. */
  corrupt(directPath: string): void {
    const stored = this.#files.get(directPath);
    if (stored) stored.ciphertext = Buffer.from(stored.ciphertext).fill(0, 0, 16);
  }

  #store(ciphertext: Buffer): string {
    const directPath = `/v/t62.7118-24/${randomUUID()}.enc?ccb=11-4`;
    this.#files.set(directPath, { ciphertext, expired: false });
    return directPath;
  }

  #address(directPath: string): { url: string; directPath: string } {
    return { url: this.url + directPath, directPath };
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = req.url ?? '';
    const status = await this.#answer(req, res, path).catch(() => this.#end(res, 400));
    this.requests.push({ method: req.method ?? '', path, status });
  }

  async #answer(req: IncomingMessage, res: ServerResponse, path: string): Promise<number> {
    const body = await bytesOf(req);
    if (this.failNext > 0) {
      this.failNext -= 1;
      return this.#end(res, 503);
    }
    if (req.method !== 'POST') return this.#download(res, path);
    const [, mms, , digest = ''] = path.split(/[/?]/);
    const actual = createHash('sha256').update(body).digest('base64url');
    if (mms !== 'mms' || decodeURIComponent(digest) !== actual) return this.#end(res, 400);
    const { url, directPath } = this.#address(this.#store(body));
    return this.#end(res, 200, JSON.stringify({ url, direct_path: directPath }));
  }

  #download(res: ServerResponse, path: string): number {
    const stored = this.#files.get(path);
    return stored && !stored.expired ? this.#end(res, 200, stored.ciphertext) : this.#end(res, 404);
  }

  #end(res: ServerResponse, status: number, body: Buffer | string = ''): number {
    res.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body);
    return status;
  }
}

async function bytesOf(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > LONGEST_UPLOAD) throw new Error('too large');
  }
  return Buffer.concat(chunks);
}
