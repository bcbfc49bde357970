import { PEOPLE_CALLS } from './people-calls.js';

/** What the access matrix works on: things of one owner, whose texts nobody else may ever read. */
export interface Belongings {
  connectionId: string;
  atendimentoId: string;
  messageId: string;
  apiKeyId: string;
  webhookId: string;
  scheduledId: string;
  templateId: string;
}

/** A valid call of a route. */
export interface RouteCall {
  params?: Record<string, string>;
  query?: string;
  body?: unknown;
  /** Statuses for who may: the call is valid, though what it is about may not be in the state for it. */
  right: number[];
  /** What somebody else's key is told: that there is no such thing, or an answer (a list, an own thing) without ours. */
  foreign: '404' | 'nothing of ours';
}

const AGENT = '11111111-1111-4111-8111-111111111111';
const all = (right: number[]): RouteCall => ({ right, foreign: 'nothing of ours' });

/** Something done with an atendimento: 409 when a call before has closed it, or given it to somebody. */
const act =
  (body: object) =>
  ({ atendimentoId }: Belongings): RouteCall => ({
    ...{ params: { id: atendimentoId }, body, right: [200, 409], foreign: '404' },
  });
const atendimento = ({ atendimentoId }: Belongings): RouteCall => ({
  ...{ params: { id: atendimentoId }, right: [200], foreign: '404' },
});
const webhook =
  (body?: object) =>
  ({ webhookId }: Belongings): RouteCall => ({
    ...{ params: { id: webhookId }, right: [200], foreign: '404', ...(body && { body }) },
  });

const instance =
  (body?: object, right = [200]) =>
  ({ connectionId }: Belongings): RouteCall => ({
    ...{ params: { instanceName: connectionId }, right, foreign: '404', ...(body && { body }) },
  });

const client = ({ connectionId }: Belongings): RouteCall => ({
  ...{ params: { id: connectionId }, right: [200], foreign: '404' },
});

/** One entry for every row of the route table; a row without one fails the matrix. */
export const ROUTE_CALLS: Record<string, (ours: Belongings) => RouteCall> = {
  live: () => all([200]),
  ready: () => all([200]),
  initialize: () => all([200]),
  restart: () => all([200]),
  getStatus: () => all([200]),
  getStats: () => all([200]),
  getWatchdog: () => all([200]),
  selfTest: () => all([200, 503]),
  listOrphans: () => all([200]),
  getMetrics: () => all([200]),
  listDeadLetters: () => all([200]),
  retryDeadLetter: () => ({ ...all([404]), params: { seq: '1' } }),
  discardDeadLetter: () => ({ ...all([404]), params: { seq: '1' } }),

  createApiKey: () => ({ ...all([201]), body: { name: 'matrix', grants: ['read'] } }),
  listApiKeys: () => all([200]),
  rotateApiKey: ({ apiKeyId }) => ({ ...all([200]), params: { id: apiKeyId }, body: {} }),
  revokeApiKey: ({ apiKeyId }) => ({ ...all([200]), params: { id: apiKeyId } }),
  listAudit: () => all([200]),

  createConnection: ({ connectionId }) => ({
    ...{ body: { connectionId }, right: [200], foreign: 'nothing of ours' },
  }),
  listConnections: () => all([200]),
  getConnection: ({ connectionId }) => ({ params: { id: connectionId }, right: [200], foreign: '404' }),
  changeConnection: ({ connectionId }) => ({
    ...{ params: { id: connectionId }, body: { settings: { ignorarGrupos: true } }, right: [200], foreign: '404' },
  }),
  deleteConnection: ({ connectionId }) => ({ params: { id: connectionId }, right: [200], foreign: '404' }),
  getQr: ({ connectionId }) => ({ params: { id: connectionId }, right: [200, 409], foreign: '404' }),
  requestPairingCode: ({ connectionId }) => ({
    ...{ params: { id: connectionId }, body: { phoneNumber: '+55 11 97777-1234' }, right: [200, 409], foreign: '404' },
  }),

  sendMessage: ({ connectionId }) => ({
    ...{ body: { connectionId, to: '5511988887777', content: 'Olá' }, right: [409], foreign: '404' },
  }),
  markRead: ({ connectionId }) => ({
    ...{ body: { connectionId, messageIds: ['3EB0'] }, right: [404], foreign: '404' },
  }),
  sendPresence: ({ connectionId }) => ({
    ...{ body: { connectionId, to: '5511988887777', state: 'composing' }, right: [409], foreign: '404' },
  }),
  checkNumber: ({ connectionId }) => ({
    ...{ params: { id: connectionId, number: '5511988887777' }, right: [409], foreign: '404' },
  }),
  getMessageMedia: ({ messageId }) => ({ params: { messageId }, right: [200], foreign: '404' }),
  getMessageMediaLink: ({ messageId }) => ({ params: { messageId }, right: [200], foreign: '404' }),
  // Its signature is its key; this one is forged.
  readMediaLink: ({ messageId }) => ({
    ...{
      params: { messageId },
      query: `?expires=4102444800&signature=${'A'.repeat(43)}`,
      right: [401],
      foreign: '404',
    },
  }),
  retryMessageMedia: ({ messageId }) => ({ params: { messageId }, right: [200], foreign: '404' }),
  getMessageStatus: ({ messageId }) => ({ params: { id: messageId }, right: [200], foreign: '404' }),
  listMessages: ({ atendimentoId }) => ({ params: { atendimentoId }, right: [200], foreign: '404' }),
  listActiveAtendimentos: () => all([200]),

  listAtendimentos: () => all([200]),
  countUnread: () => all([200]),
  getAtendimento: atendimento,
  listAtendimentoEvents: atendimento,
  exportAtendimento: atendimento,
  assignAtendimento: act({ atendenteId: AGENT }),
  startAtendimento: act({ atendenteId: AGENT }),
  transferAtendimento: act({ atendenteId: AGENT }),
  finishAtendimento: act({}),
  cancelAtendimento: act({}),
  prioritizeAtendimento: act({ prioridade: 1 }),
  tagAtendimento: act({ adicionar: ['vip'] }),
  noteAtendimento: act({ texto: 'ligar amanhã' }),
  getRobot: ({ connectionId }) => ({ params: { id: connectionId }, right: [200], foreign: '404' }),
  setRobot: ({ connectionId }) => ({
    ...{ params: { id: connectionId }, body: { autoResposta: true }, right: [200], foreign: '404' },
  }),

  // Without a secret for incoming webhooks none is taken, whoever posts it.
  takeWebhook: () => ({ ...all([403]), body: {} }),
  takeEvolutionWebhook: () => ({ ...all([403]), body: {} }),
  takeUserWebhook: () => ({ ...all([403]), params: { userId: 'ana' }, body: {} }),
  testWebhookIn: () => ({ ...all([403]), body: {} }),

  scheduleMessage: ({ connectionId }) => ({
    body: {
      connectionId,
      to: '5511988887777',
      content: 'Olá',
      sendAt: new Date(Date.now() + 86_400_000).toISOString(),
    },
    ...{ right: [201], foreign: '404' },
  }),
  listScheduled: () => all([200]),
  getScheduled: ({ scheduledId }) => ({ params: { id: scheduledId }, right: [200], foreign: '404' }),
  changeScheduled: ({ scheduledId }) => ({
    ...{ params: { id: scheduledId }, body: { content: 'Olá!' }, right: [200], foreign: '404' },
  }),
  cancelScheduled: ({ scheduledId }) => ({ params: { id: scheduledId }, right: [200], foreign: '404' }),
  createTemplate: () => ({ ...all([201, 409]), body: { nome: 'lembrete', texto: 'Oi, {{nome}}!' } }),
  listTemplates: () => all([200]),
  getTemplate: ({ templateId }) => ({ params: { id: templateId }, right: [200], foreign: '404' }),
  updateTemplate: ({ templateId }) => ({
    ...{ params: { id: templateId }, body: { texto: 'Olá!' }, right: [200], foreign: '404' },
  }),
  deleteTemplate: ({ templateId }) => ({ params: { id: templateId }, right: [200], foreign: '404' }),
  ...PEOPLE_CALLS,

  listReadyClients: () => all([200]),
  listClients: () => all([200]),
  getPoolStats: () => all([200]),
  createClient: ({ connectionId }) => ({
    ...{ body: { clientId: connectionId }, right: [200], foreign: 'nothing of ours' },
  }),
  disconnectClient: client,
  reconnectClient: client,
  logoutClient: client,
  deleteClient: client,
  restoreClients: () => all([200]),
  sendByClient: ({ connectionId }) => ({
    ...{ params: { id: connectionId }, body: { to: '5511988887777', text: 'Olá' }, right: [409], foreign: '404' },
  }),
  sendByAny: () => ({ ...all([409]), body: { to: '5511988887777', text: 'Olá' } }),

  connectInstance: () => ({ ...all([200, 201]), body: {} }),
  getInstance: () => all([200, 404]),
  notifyUser: () => ({ ...all([201, 403]), body: { userId: 'ana', message: 'oi' } }),

  createWebhook: ({ connectionId }) => ({
    ...{ body: { url: 'https://example.com/hook', connectionId }, right: [201], foreign: '404' },
  }),
  listWebhooks: () => all([200]),
  getWebhook: webhook(),
  updateWebhook: webhook({ active: true }),
  deleteWebhook: webhook(),
  testWebhook: webhook(),
  listDeliveries: webhook(),
  replayDeliveries: webhook({ since: '2026-01-01T00:00:00Z' }),

  // It is there already.
  evolutionCreateInstance: ({ connectionId }) => ({
    ...{ body: { instanceName: connectionId }, right: [403], foreign: 'nothing of ours' },
  }),
  evolutionFetchInstances: () => all([200]),
  evolutionConnectionState: instance(),
  evolutionConnect: instance(),
  evolutionRestart: instance(),
  evolutionLogout: instance(),
  evolutionDelete: instance(),
  evolutionSendText: instance({ number: '5511988887777', text: 'oi' }, [409]),
  evolutionSendMedia: instance({ number: '5511988887777', mediatype: 'image', media: 'iVBORw0KGgo=' }, [409]),
  evolutionSendAudio: instance({ number: '5511988887777', audio: 'T2dnUw==' }, [409, 422, 503]),
  evolutionSendSticker: instance({ number: '5511988887777', sticker: 'UklGRg==' }, [409]),
  evolutionSendLocation: instance({ number: '5511988887777', latitude: 1, longitude: 1 }, [409]),
  evolutionSendContact: instance(
    { number: '5511988887777', contact: [{ fullName: 'Bia', phoneNumber: '5511977776666' }] },
    [409],
  ),
  evolutionSendPoll: instance({ number: '5511988887777', name: 'Qual?', values: ['a', 'b'] }, [409]),
  evolutionSendReaction: instance({ key: { id: '3EB0' }, reaction: '👍' }, [404, 409]),
  evolutionUpdateMessage: instance({ key: { id: '3EB0' }, text: 'oi' }, [404, 409]),
  evolutionDeleteMessage: instance({ id: '3EB0' }, [404, 409]),
  evolutionNumbers: instance({ numbers: ['5511988887777'] }, [409]),
  evolutionMarkRead: instance({ readMessages: [{ id: '3EB0' }] }, [201]),
  evolutionSendPresence: instance({ number: '5511988887777', presence: 'composing' }, [409]),
  evolutionFindMessages: instance({}),
  evolutionFindChats: instance({}),
  evolutionMediaBase64: instance({ message: { key: { id: '3EB0' } } }, [404]),
  evolutionSetWebhook: instance({ webhook: { url: 'https://example.com/hook' } }, [201]),
  evolutionFindWebhook: instance(),
};
