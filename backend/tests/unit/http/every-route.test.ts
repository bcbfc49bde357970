import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { allRoutes } from '../../../src/http/create-http-app.js';
import type { Route, RouteInput } from '../../../src/http/route.js';
import { ROUTE_CALLS, type RouteCall } from '../../support/route-calls.js';
import { anApp, scriptedPorts, UUID } from './scripted-gateway.js';

const routes = allRoutes(scriptedPorts()).map((row) => [row.operationId, row] as const);
const { http } = anApp();
const OURS = { connectionId: 'c1', atendimentoId: UUID, messageId: UUID, apiKeyId: UUID, webhookId: UUID };
const planOf = (row: Route): RouteCall => {
  const plan = ROUTE_CALLS[row.operationId];
  if (!plan) throw new Error(`${row.operationId} has no entry in tests/support/route-calls.ts`);
  return plan({ ...OURS, scheduledId: UUID, templateId: UUID });
};

function send(row: Route, { params = {}, query = '', body }: Partial<RouteCall>) {
  const path = row.path
    .replace(/\{([^}]*)\}/g, (_, part: string) => (params[part.slice(2)] ? part : ''))
    .replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? UUID));
  const request = http[row.method](path + query);
  return body === undefined ? request : request.send(body as object);
}

type Place = keyof RouteInput;
const fieldsOf = (row: Route, place: Place) => Object.keys(row.input[place]?.shape ?? {});
const accepts = (row: Route, place: Place, name: string, value: unknown) =>
  (row.input[place]!.shape[name] as z.ZodType).safeParse(value).success;

/** What no field of ours takes: in a body an object of nonsense, in a URL what is no id, number, cursor or word. */
const WRONG: Record<Place, unknown[]> = {
  body: [{ $wrong: true }, 7, '\u0000'],
  query: ['\u0000', '-1', '!', 'x'.repeat(3000)],
  params: ['!', '\u0000', 'x'.repeat(3000)],
  headers: ['\u0000', 'x'.repeat(3000)],
};

/** The first field of a route that can be wrong, and how. */
function aMistake(row: Route): { place: Place; name: string; value: unknown } | null {
  for (const place of ['body', 'query', 'params'] as const) {
    for (const name of fieldsOf(row, place)) {
      const value = WRONG[place].find((wrong) => !accepts(row, place, name, wrong));
      if (value !== undefined) return { place, name, value };
    }
  }
  return null;
}

function withMistake(row: Route, { place, name, value }: NonNullable<ReturnType<typeof aMistake>>): Partial<RouteCall> {
  const good = planOf(row);
  if (place === 'params') return { ...good, params: { ...good.params, [name]: String(value) } };
  if (place === 'query') return { ...good, query: `?${name}=${encodeURIComponent(String(value))}` };
  return { ...good, body: { ...(good.body as object), [name]: value } };
}

/** Routes that read nothing of a request, so that nothing in it can be wrong. */
const READS_NOTHING = {
  'the state of the process': ['live', 'ready', 'getStatus', 'getStats', 'getWatchdog', 'getMetrics', 'listOrphans'],
  'done to the gateway as a whole': ['initialize', 'restart', 'selfTest', 'restoreClients'],
  "all of the caller's, in one page": [
    ...['listApiKeys', 'listConnections', 'listWebhooks', 'listTemplates', 'listReadyClients', 'listClients'],
    'getPoolStats',
  ],
};

/** Whose valid call needs WhatsApp, or a state, that the access matrix has not: the integration test in which it succeeds. */
const SUCCEEDS_IN: Record<string, [file: string, call: string | RegExp]> = {
  retryDeadLetter: ['dead-letters', '/retry'],
  discardDeadLetter: ['dead-letters', '/discard'],
  sendMessage: ['gateway-outbound', 'gateway.send('],
  markRead: ['gateway-outbound-kinds', '/messages/read'],
  sendPresence: ['gateway-outbound-kinds', '/chats/presence'],
  checkNumber: ['gateway-outbound-kinds', '/numbers/'],
  readMediaLink: ['gateway-media-in', 'body.link.url'],
  takeWebhook: ['evolution-webhooks', '/api/webhook/whatsapp'],
  takeEvolutionWebhook: ['evolution-webhooks', '/api/webhook/evolution'],
  takeUserWebhook: ['evolution-webhooks', '/api/webhook/user/'],
  testWebhookIn: ['evolution-webhooks', '/api/webhook/test'],
  listGroups: ['groups', /get<[^(]*\(base\)/],
  getGroup: ['groups', /get<[^(]*\(`\$\{base\}\/\$\{group\.jid\}`/],
  createGroup: ['groups', /post<[^(]*\(base/],
  changeGroup: ['groups', "'PATCH'"],
  changeGroupMembers: ['groups', '/participants'],
  leaveGroup: ['groups', '/leave'],
  getGroupInvite: ['groups', '/invite`'],
  revokeGroupInvite: ['groups', '/invite/revoke'],
  joinGroup: ['groups', '/join'],
  getContactPicture: ['contacts', '/picture'],
  resolveAddress: ['contacts', 'addresses/'],
  getBlocklist: ['contacts', "get<{ data: AddressResource[] }>('blocklist')"],
  blockContact: ['contacts', "'block'"],
  unblockContact: ['contacts', "'unblock'"],
  sendByClient: ['pool', "'a2/send'"],
  sendByAny: ['pool', "sendBy(a, 'send',"],
  evolutionCreateInstance: ['evolution-dropin', "'POST', '/instance/create', { instanceName: 'outra' }"],
  evolutionSendText: ['evolution-dropin', "'send-text'"],
  evolutionSendMedia: ['evolution-dropin', "'send-image'"],
  evolutionSendAudio: ['evolution-dropin', "'send-audio'"],
  evolutionSendSticker: ['evolution-dropin', '/message/sendSticker/'],
  evolutionSendLocation: ['evolution-dropin', '/message/sendLocation/'],
  evolutionSendContact: ['evolution-dropin', "'send-contact'"],
  evolutionSendPoll: ['evolution-dropin', "'send-poll'"],
  evolutionSendReaction: ['evolution-dropin', "'send-reaction'"],
  evolutionUpdateMessage: ['evolution-dropin', "'update-message'"],
  evolutionDeleteMessage: ['evolution-dropin', "'delete-message'"],
  evolutionNumbers: ['evolution-dropin', "'check-number'"],
  evolutionSendPresence: ['evolution-dropin', "'send-presence'"],
  evolutionMediaBase64: ['evolution-dropin', "'get-media-base64'"],
};

/** The root key is nobody's user: it has to say whose instance it means. */
const AS_ROOT: Record<string, Partial<RouteCall>> = {
  connectInstance: { body: { userId: UUID } },
  getInstance: { query: `?userId=${UUID}` },
};

// Somebody else's data: tests/integration/access-matrix.test.ts makes the same calls on the real gateway, and fails for a
// route that the table lacks.
describe.each(routes)('%s', (operationId, row) => {
  test('good input is answered with 2xx', async () => {
    const { status, text } = await send(row, { ...planOf(row), ...AS_ROOT[operationId] });
    expect([status, status >= 200 && status < 300 ? '' : text]).toEqual([status, '']);
  });

  test('good input succeeds on the real gateway', async () => {
    const succeeds = planOf(row).right.some((status) => status < 300);
    const [file, call] = SUCCEEDS_IN[operationId] ?? [];
    if (succeeds) return expect(file).toBeUndefined();
    const source = await readFile(new URL(`../../integration/${file}.test.ts`, import.meta.url), 'utf8');
    expect(source).toMatch(call ?? '');
  });

  test('bad input is 400 and names the field; or nothing is read', async () => {
    const mistake = aMistake(row);
    if (mistake === null) return expect(Object.values(READS_NOTHING).flat()).toContain(operationId);
    expect(Object.values(READS_NOTHING).flat()).not.toContain(operationId);
    const { status, text } = await send(row, withMistake(row, mistake));
    expect([status, text]).toEqual([400, expect.stringContaining(mistake.name)]);
  });
});
