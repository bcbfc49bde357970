import type { z } from 'zod';
import { WIRE_ITEMS, type RowEvent } from '../inbound/evolution/wire.js';
import { bad } from './envelope.js';

/**
 * Checks one item of an event against the form that rows are made of, so that the projector meets none that it cannot read.
 * @returns the id of the message that it is about; null when it is about none
 * @throws GatewayError `BAD_REQUEST` naming what is wrong
 */
export function checkedItem(event: RowEvent, item: unknown, index: number): string | null {
  const form: z.ZodType = WIRE_ITEMS[event];
  const result = form.safeParse(item);
  if (result.success) return (result.data as { key?: { id: string } }).key?.id ?? null;
  const [issue] = result.error.issues;
  const path = ['body.data', index, ...(issue?.path ?? [])].map(String).join('.');
  throw bad(path, issue?.message.startsWith('must') ? issue.message : `must be what ${event} has there`);
}
