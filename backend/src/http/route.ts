import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Grant } from '../access/identity.js';
import type { Scope } from '../integration/resources.js';
import type { ErrorCode } from '../lib/errors.js';
import type { Uploads } from './middleware/multipart-body.js';
import type { ErrorShape } from './middleware/answer-errors.js';
import { parseInput, type IssueCodes } from './parse-input.js';

/**
 * Who may call. Every row of the route table says it; there is no default.
 * - `public`: everybody, without a key. Tells nothing but that the process is there, or what a link signed by us is for.
 * - `docs`: like `read`, and any program on this machine.
 * - `read`: sees rows and states of the caller's scope.
 * - `send`: messages, presence, read marks.
 * - `manage`: creates, changes, links and removes. QR and pairing codes belong here: linking is taking over.
 * - `root`: what concerns the gateway as a whole, and so no owner that a scope could name.
 */
export type Access = 'public' | 'docs' | Grant | 'root';

/** Who calls, as far as a route needs to know. */
export interface Caller {
  /** Under this name idempotency keys are kept: `root`, `key:<id>`, `user:<uuid>`, or `anonymous` while no key is set. */
  name: string;
  /** Whose rows and connections it may touch; null = all. The table's `access` was checked before; this was not. */
  scope: Scope | null;
  /** Whether it may create, link and remove: codes that link a phone are for such callers alone. */
  mayManage: boolean;
  /** The media type that the Accept header likes best. */
  prefers(types: readonly string[]): string | null;
  /** What `upload` made of the file of a form; undefined without one. */
  upload: unknown;
  /** Aborted when the caller has left, or was told that it took too long. */
  signal: AbortSignal;
}

/** What a route answers; a stream, Buffer or string goes out under `type`, everything else as JSON. */
export interface Reply {
  status: number;
  body: object | string | Buffer | Readable;
  type?: string;
  headers?: Record<string, string>;
}

/** The places in a request that are read, each with its schema. */
export interface RouteInput {
  params?: z.ZodObject;
  query?: z.ZodObject;
  headers?: z.ZodObject;
  body?: z.ZodObject;
}
export type Parsed<I extends RouteInput> = { [K in keyof I]: I[K] extends z.ZodType ? z.output<I[K]> : undefined };
export type RawInput = { [K in keyof RouteInput]?: unknown };

/** What a status means and what its body is; `media` lists further media types of the same answer. */
export interface ReplySpec {
  description: string;
  /** Absent: the answer is no JSON. */
  schema?: z.ZodType;
  media?: string[];
}

interface RouteFacts<I extends RouteInput> {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** In Express' spelling: `/connections/:id`. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  /** What the caller must be allowed to do; see {@link Access}. */
  access: Access;
  input: I;
  replies: Record<number, ReplySpec>;
  /** Codes that this route can answer with beside those that any can. */
  errors: readonly ErrorCode[];
  /** A named error instead of BAD_REQUEST: field → kind of zod issue → code. */
  issueCodes?: IssueCodes;
  /** Habitual names of body fields, and the fields that they mean. */
  aliases?: Record<string, string>;
  /** For what is called by programs that were made for another server. Everywhere else an unknown field is refused. */
  unknownFields?: 'ignored';
  /** After this long the caller gets 504; 30 s unless said otherwise. */
  deadlineMs?: number;
  /** The route also takes `multipart/form-data`, whose file goes here while it arrives. */
  upload?: Uploads;
  /** For `public` routes with a proof of their own: asked before the body is read. Rejects for who may not call. */
  admit?: (raw: RawInput) => Promise<unknown>;
  /** Failures in another shape than our envelope, for clients that were made for another gateway. */
  errorShape?: ErrorShape;
  /** A request without a body is one with `{}`. */
  optionalBody?: true;
  /** Largest JSON body, such as `22mb`; 1 MB unless said otherwise. */
  maxJson?: string;
}

/** One row of the route table: the app mounts it, OpenAPI describes it, 405 is derived from it. */
export interface Route extends RouteFacts<RouteInput> {
  run(raw: RawInput, caller: Caller): Promise<Reply>;
}

/** Makes a table row whose handler gets exactly what its schemas yield. */
export function route<const I extends RouteInput>(
  facts: RouteFacts<I> & { handle: (input: Parsed<I>, caller: Caller) => Promise<Reply> | Reply },
): Route {
  const { handle, ...rest } = facts;
  const given = (raw: RawInput) => (rest.optionalBody && raw.body === undefined ? { ...raw, body: {} } : raw);
  return { ...rest, run: async (raw, caller) => handle(await checked(rest, given(raw), caller), caller) };
}

/** A request whose fields are wrong leaves no file behind; beyond that it is the use case's. */
async function checked<I extends RouteInput>(
  facts: RouteFacts<I>,
  raw: RawInput,
  { upload }: Caller,
): Promise<Parsed<I>> {
  try {
    return parseInput(facts, raw);
  } catch (error) {
    if (upload !== undefined) await facts.upload?.drop(upload);
    throw error;
  }
}

export function ok(body: object): Reply {
  return { status: 200, body: { success: true, ...body } };
}
