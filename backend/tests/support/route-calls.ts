/** What the access matrix works on: things of one owner, whose texts nobody else may ever read. */
export interface Belongings {
  connectionId: string;
  atendimentoId: string;
  apiKeyId: string;
  webhookId: string;
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

const all = (right: number[]): RouteCall => ({ right, foreign: 'nothing of ours' });

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
  listDeadLetters: () => all([200]),
  retryDeadLetter: () => ({ ...all([404]), params: { seq: '1' } }),
  discardDeadLetter: () => ({ ...all([404]), params: { seq: '1' } }),

  createApiKey: () => ({ ...all([201]), body: { name: 'matrix', grants: ['read'] } }),
  listApiKeys: () => all([200]),
  rotateApiKey: ({ apiKeyId }) => ({ ...all([200]), params: { id: apiKeyId }, body: {} }),
  revokeApiKey: ({ apiKeyId }) => ({ ...all([200]), params: { id: apiKeyId } }),
  listAudit: () => all([200]),
  getMetrics: () => all([200]),
  listOrphans: () => all([200]),

  createWebhook: () => ({ ...all([201]), body: { url: 'https://receiver.example/hook' } }),
  listWebhooks: () => all([200]),
  getWebhook: ({ webhookId }) => ({ params: { id: webhookId }, right: [200], foreign: '404' }),
  updateWebhook: ({ webhookId }) => ({
    params: { id: webhookId },
    body: { active: false },
    right: [200],
    foreign: '404',
  }),
  testWebhook: ({ webhookId }) => ({ params: { id: webhookId }, right: [200, 409], foreign: '404' }),
  listDeliveries: ({ webhookId }) => ({ params: { id: webhookId }, right: [200], foreign: '404' }),
  replayDeliveries: ({ webhookId }) => ({
    params: { id: webhookId },
    body: { state: 'failed' },
    right: [200],
    foreign: '404',
  }),
  deleteWebhook: ({ webhookId }) => ({ params: { id: webhookId }, right: [200], foreign: '404' }),

  createConnection: ({ connectionId }) => ({
    ...{ body: { connectionId }, right: [200], foreign: 'nothing of ours' },
  }),
  listConnections: () => all([200]),
  getConnection: ({ connectionId }) => ({ params: { id: connectionId }, right: [200], foreign: '404' }),
  deleteConnection: ({ connectionId }) => ({ params: { id: connectionId }, right: [200], foreign: '404' }),
  getQr: ({ connectionId }) => ({ params: { id: connectionId }, right: [200, 409], foreign: '404' }),
  requestPairingCode: ({ connectionId }) => ({
    ...{ params: { id: connectionId }, body: { phoneNumber: '+55 11 97777-1234' }, right: [200, 409], foreign: '404' },
  }),

  sendMessage: ({ connectionId }) => ({
    ...{ body: { connectionId, to: '5511988887777', content: 'Olá' }, right: [409], foreign: '404' },
  }),
  listMessages: ({ atendimentoId }) => ({ params: { atendimentoId }, right: [200], foreign: '404' }),
  listActiveAtendimentos: () => all([200]),
};
