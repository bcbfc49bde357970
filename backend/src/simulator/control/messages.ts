import { z } from 'zod';
import { withDeadline } from '../../lib/deadline.js';
import type { SentMessage } from '../sent-message.js';
import { ControlFailure, contactOf, contentFields, contentOf, phoneOf, present, route, type Route } from './route.js';

const RECEIPT_DEADLINE_MS = 10_000;
const sending = { ...contentFields, id: z.string().optional(), timestamp: z.number().optional() };

// Waiting ends with the receipt of every companion.
async function answered(sent: SentMessage, wait: boolean) {
  if (wait) await withDeadline(sent.receipted, RECEIPT_DEADLINE_MS, `the receipt for ${sent.id}`);
  return { id: sent.id, sentAt: sent.at, answers: sent.answers };
}

/** Messages, receipts and what contacts have received. */
export const messageRoutes: Route[] = [
  route(
    'POST',
    '/contacts/:number/messages',
    z.object({
      ...sending,
      phone: z.string(),
      damage: z.enum(['corrupt', 'unavailable']).optional(),
      wait: z.boolean().default(false),
    }),
    ({ simulator, params, body }) => {
      const { id, timestamp, damage } = body;
      const options = present({ id, timestamp, damage });
      const sent = contactOf(simulator, params.number).send(phoneOf(simulator, body.phone), contentOf(body), options);
      return answered(sent, body.wait);
    },
  ),
  route(
    'POST',
    '/groups/:jid/messages',
    z.object({ ...sending, from: z.string(), wait: z.boolean().default(false) }),
    ({ simulator, params, body }) => {
      const group = simulator.group(params.jid ?? '');
      if (!group) throw new ControlFailure(404, `there is no group ${params.jid}`);
      const { id, timestamp } = body;
      const author = contactOf(simulator, body.from);
      return answered(author.sendToGroup(group, contentOf(body), present({ id, timestamp })), body.wait);
    },
  ),
  route(
    'POST',
    '/phones/:number/messages',
    z.object({ ...sending, to: z.string(), wait: z.boolean().default(false) }),
    ({ simulator, params, body }) => {
      const { id, timestamp } = body;
      const phone = phoneOf(simulator, params.number);
      return answered(phone.sendFromPhone(body.to, contentOf(body), present({ id, timestamp })), body.wait);
    },
  ),
  route(
    'POST',
    '/contacts/:number/edits',
    z.object({ phone: z.string(), id: z.string(), text: z.string(), wait: z.boolean().default(false) }),
    ({ simulator, params, body }) => {
      const contact = contactOf(simulator, params.number);
      const edit = contact.sealedEdit(body.id, body.text);
      return answered(contact.send(phoneOf(simulator, body.phone), edit), body.wait);
    },
  ),
  route('GET', '/contacts/:number/inbox', z.unknown(), ({ simulator, params }) => ({
    messages: contactOf(simulator, params.number).inbox,
  })),
  route('GET', '/phones/:number/inbox', z.unknown(), ({ simulator, params }) => ({
    messages: phoneOf(simulator, params.number).inbox,
  })),
  route('GET', '/contacts/:number/next', z.unknown(), ({ simulator, params, query }) =>
    contactOf(simulator, params.number).nextMessage(undefined, Number(query.get('deadlineMs') ?? RECEIPT_DEADLINE_MS)),
  ),
  route(
    'POST',
    '/contacts/:number/receipts',
    z.object({ id: z.string(), type: z.enum(['delivered', 'read', 'played']).default('delivered') }),
    ({ simulator, params, body }) => {
      contactOf(simulator, params.number).sendReceipt(body.id, body.type);
      return {};
    },
  ),
  route(
    'POST',
    '/contacts/:number/calls',
    z.object({
      phone: z.string(),
      video: z.boolean().default(false),
      group: z.string().optional(),
      end: z.enum(['timeout', 'hangup', 'accepted_elsewhere', 'rejected_elsewhere']).optional(),
    }),
    ({ simulator, params, body: { phone, video, group, end } }) => {
      const call = contactOf(simulator, params.number).call(phoneOf(simulator, phone), present({ video, group }));
      if (end) call.end(end);
      return { id: call.id };
    },
  ),
  route('POST', '/contacts/:number/retries', z.object({ id: z.string() }), ({ simulator, params, body }) => {
    contactOf(simulator, params.number).requestRetry(body.id);
    return {};
  }),
  route(
    'POST',
    '/contacts/:number/typing',
    z.object({ phone: z.string(), state: z.enum(['composing', 'paused', 'recording']).default('composing') }),
    ({ simulator, params, body }) => {
      contactOf(simulator, params.number).typing(phoneOf(simulator, body.phone), body.state);
      return {};
    },
  ),
];
