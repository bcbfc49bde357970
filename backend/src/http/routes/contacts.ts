import type { ContactsPort } from '../people-ports.js';
import { ok, route, type Route } from '../route.js';
import { pageBothWays } from '../schemas/common.js';
import * as schema from '../schemas/contacts.js';

const BASE = '/api/whatsapp-integration/connections/:id';
const ONE = `${BASE}/contacts/:address`;
const ROWS = ['DATABASE_UNAVAILABLE', 'DATABASE_REFUSED', 'SCHEMA_OUTDATED'] as const;
const PERSON = ['CONNECTION_NOT_FOUND', 'INVALID_RECIPIENT', 'DEADLINE_EXCEEDED'] as const;
const ASKS = ['NOT_CONNECTED', 'RATE_LIMITED', 'QUERY_REFUSED', 'JOURNAL_FAILED'] as const;
const facts = { tag: 'contacts', access: 'read' } as const;

/** Who the people of a connection are, their pictures and addresses, and who is blocked. */
export function contactRoutes(contacts: ContactsPort): Route[] {
  return [...readRoutes(contacts), ...askRoutes(contacts), ...blockRoutes(contacts)];
}

function readRoutes(contacts: ContactsPort): Route[] {
  return [
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/contacts`,
      operationId: 'listContacts',
      summary: 'People and groups by name, number and block; who became known last comes first',
      input: { params: schema.connectionParams, query: schema.listQuery },
      replies: { 200: { description: 'One page of rows.', schema: pageBothWays(schema.contato) } },
      errors: ['CONNECTION_NOT_FOUND', 'DEADLINE_EXCEEDED', ...ROWS],
      handle: async ({ params: { id }, query: { limit, cursor, ...filter } }, { scope }) =>
        ok(await contacts.list(id, filter, { limit, cursor }, scope)),
    }),
    route({
      ...facts,
      method: 'get',
      path: ONE,
      operationId: 'getContact',
      summary: 'One person or group',
      input: { params: schema.contactParams },
      replies: { 200: { description: 'The row.', schema: schema.contactReply } },
      errors: [...PERSON, 'CONTACT_NOT_FOUND', ...ROWS],
      handle: async ({ params: { id, address } }, { scope }) => ok({ contato: await contacts.get(id, address, scope) }),
    }),
  ];
}

function askRoutes(contacts: ContactsPort): Route[] {
  return [
    route({
      ...facts,
      method: 'get',
      path: `${ONE}/picture`,
      operationId: 'getContactPicture',
      summary: 'Where the profile picture lies (cached a day, at most 20 questions a minute)',
      input: { params: schema.contactParams, query: schema.pictureQuery },
      replies: { 200: { description: "WhatsApp's link, which ends after some days.", schema: schema.pictureReply } },
      errors: [...PERSON, ...ASKS],
      handle: async ({ params: { id, address }, query: { refresh } }, { scope }) =>
        ok(await contacts.picture(id, address, refresh, scope)),
    }),
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/addresses/:address`,
      operationId: 'resolveAddress',
      summary: 'The LID of a number, or the number of a LID',
      input: { params: schema.contactParams },
      replies: { 200: { description: 'null = not known.', schema: schema.addressReply } },
      errors: [...PERSON, 'NOT_CONNECTED', 'RATE_LIMITED'],
      handle: async ({ params: { id, address } }, { scope }) =>
        ok({ data: await contacts.resolve(id, address, scope) }),
    }),
  ];
}

function blockRoutes(contacts: ContactsPort): Route[] {
  const block = (blocked: boolean) =>
    route({
      tag: 'contacts',
      access: 'manage',
      method: 'post',
      path: `${ONE}/${blocked ? 'block' : 'unblock'}`,
      operationId: blocked ? 'blockContact' : 'unblockContact',
      summary: blocked ? 'They can neither write nor call any more' : 'They can write and call again',
      input: { params: schema.contactParams },
      replies: { 200: { description: 'Who it was.', schema: schema.addressReply } },
      errors: [...PERSON, ...ASKS, 'NOT_ON_WHATSAPP', 'CONTACT_NOT_FOUND'],
      handle: async ({ params: { id, address } }, { scope }) =>
        ok({ data: await contacts.setBlocked(id, address, blocked, scope) }),
    });
  return [
    route({
      ...facts,
      method: 'get',
      path: `${BASE}/blocklist`,
      operationId: 'getBlocklist',
      summary: 'Whom the number has blocked, asked of WhatsApp',
      input: { params: schema.connectionParams },
      replies: { 200: { description: 'Their addresses, as far as they are known.', schema: schema.blocklistReply } },
      errors: ['CONNECTION_NOT_FOUND', 'DEADLINE_EXCEEDED', ...ASKS],
      handle: async ({ params: { id } }, { scope }) => ok({ data: await contacts.blocklist(id, scope) }),
    }),
    block(true),
    block(false),
  ];
}
