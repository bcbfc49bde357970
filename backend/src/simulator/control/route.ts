import { proto } from '@whiskeysockets/baileys';
import { z } from 'zod';
import type { Contact } from '../contact.js';
import type { Content } from '../message-shape.js';
import type { Phone } from '../phone.js';
import type { Simulator } from '../simulator.js';

/** A request that the control API cannot serve; `status` is the HTTP one. */
export class ControlFailure extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'ControlFailure';
  }
}

/** What a route works on. */
export interface RouteContext<Body> {
  readonly simulator: Simulator;
  /** The `:names` of the path, decoded. */
  readonly params: Record<string, string>;
  readonly query: URLSearchParams;
  readonly body: Body;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** With `:name` for one path segment. */
  readonly path: string;
  /** Checks the body and answers; what it returns becomes the JSON of the response. */
  readonly run: (context: RouteContext<unknown>) => unknown;
}

/** A route whose body is checked before `run` sees it. */
export function route<Schema extends z.ZodType>(
  method: Route['method'],
  path: string,
  schema: Schema,
  run: (context: RouteContext<z.infer<Schema>>) => unknown,
): Route {
  return { method, path, run: (context) => run({ ...context, body: schema.parse(context.body) }) };
}

/** The fields of a message: `text`, or `message` as protobuf JSON (bytes in base64). */
export const contentFields = {
  text: z.string().optional(),
  message: z.record(z.string(), z.unknown()).optional(),
};

/** @throws ControlFailure 400 without either field */
export function contentOf(body: { text?: string | undefined; message?: Record<string, unknown> | undefined }): Content {
  if (body.message) return proto.Message.fromObject(body.message);
  if (body.text === undefined) throw new ControlFailure(400, 'text or message is needed');
  return body.text;
}

/** @throws ControlFailure 404 */
export function phoneOf(simulator: Simulator, number: string | undefined): Phone {
  const phone = simulator.phone(number ?? '');
  if (!phone) throw new ControlFailure(404, `there is no phone ${number}`);
  return phone;
}

/** @throws ControlFailure 404 */
export function contactOf(simulator: Simulator, number: string | undefined): Contact {
  const contact = simulator.contact(number ?? '');
  if (!contact) throw new ControlFailure(404, `there is no contact ${number}`);
  return contact;
}

/** Only the fields that are there: what `exactOptionalPropertyTypes` wants from parsed bodies. */
export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> };
}
