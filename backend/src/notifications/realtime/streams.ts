import type { NewEvent } from '../../journal/webhooks/records.js';
import { sentinelaEnvelope } from '../webhooks/envelopes/sentinela.js';
import type { WebhookEvent } from '../webhooks/webhook-events.js';
import { roomsToldOtherwise } from './rooms.js';
import { tellUsers, type NotificationFacts } from './user-notifications.js';

/** What a client is told: the name of the socket.io event, and its one argument. */
export interface Message {
  name: string;
  body: Record<string, unknown>;
  /** Rooms that are not told. */
  except?: readonly string[];
}

/** A socket.io namespace, and how events are written in it. */
export interface Stream {
  namespace: string;
  /** null = this stream has no word for it. */
  render(event: NewEvent, facts: NotificationFacts): Promise<Message | null> | Message | null;
}

/** Every event under its own name, with the body that webhooks of format `sentinela` get. */
const events: Stream = {
  namespace: '/',
  render: (event) => ({
    name: event.type,
    body: sentinelaEnvelope.render(event as unknown as WebhookEvent, undefined as never) as Message['body'],
  }),
};

/** What the page of a signed-in user shows: `{ type, data }`, always under the name `notification`. */
const notifications: Stream = {
  namespace: '/notifications',
  render: async (event, facts) => {
    const said = await tellUsers(event, facts);
    if (!said) return null;
    const { id, at } = event;
    const body = { id, timestamp: new Date(at).toISOString(), ...said };
    return { name: 'notification', body, except: roomsToldOtherwise(event) };
  },
};

export const STREAMS: readonly Stream[] = [events, notifications];
