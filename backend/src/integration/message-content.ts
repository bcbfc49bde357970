import { GatewayError } from '../lib/errors.js';
import type { Clock } from '../lib/clock.js';
import type { MessageContext, OutgoingContent, Target } from '../outbound/content.js';
import type { MediaIntake } from '../media/media-intake.js';
import type { MediaStore } from '../media/media-store.js';
import { findMessage, findRow, type FindMessageDeps, type FoundMessage } from './find-message.js';
import { forwardedContent } from './forward.js';
import { mediaContent } from './outgoing-media.js';
import type { MediaMessageInput, MessageInput, SendMessageInput } from './resources.js';

export interface MessageContentDeps extends FindMessageDeps {
  clock: Pick<Clock, 'now'>;
  intake: MediaIntake;
  mediaStore: MediaStore;
}

/** What is sent, and where to: the chat of the message that it changes, else as the caller says. */
export interface Composed {
  to: string;
  content: OutgoingContent;
  context: Pick<MessageContext, 'forwarded'>;
}

type Inputs = {
  [T in MessageInput['type']]: T extends MediaMessageInput['type']
    ? MediaMessageInput
    : Extract<MessageInput, { type: T }>;
};
type Composers = {
  [T in MessageInput['type']]: (
    deps: MessageContentDeps,
    input: SendMessageInput,
    message: Inputs[T],
  ) => Promise<Composed> | Composed;
};

/** Later ones are dropped by the recipients' phones without a word: the row would say what nobody sees. */
const EDIT_WINDOW_MS = 15 * 60_000;
const DELETE_WINDOW_MS = 60 * 3_600_000;

/** One row per type of the API. */
const COMPOSERS: Composers = {
  text: (_deps, input, { text }) => composed(input, { kind: 'text', text }),
  location: (_deps, input, { latitude, longitude, name, address }) =>
    composed(input, { kind: 'location', latitude, longitude, name, address }),
  contact: (_deps, input, { contacts }) => composed(input, { kind: 'contact', contacts }),
  poll: (_deps, input, { question, options, selectable }) =>
    composed(input, { kind: 'poll', question, options, selectable }),
  image: media,
  video: media,
  audio: media,
  voice: media,
  document: media,
  sticker: media,
  reaction: async (deps, { connectionId }, { messageId, emoji }) => {
    const { target } = await findMessage(deps, connectionId, messageId);
    return changing(target, { kind: 'reaction', target, emoji });
  },
  edit: async (deps, { connectionId }, { messageId, text }) => {
    const found = await findMessage(deps, connectionId, messageId);
    if (!found.target.fromMe) throw new GatewayError('FORBIDDEN', 'Only messages of this number can be edited.');
    assertInTime(deps.clock, found, EDIT_WINDOW_MS);
    await assertEditable(deps, connectionId, found);
    return changing(found.target, { kind: 'edit', target: found.target, text });
  },
  delete: async (deps, { connectionId }, { messageId }) => {
    const found = await findMessage(deps, connectionId, messageId);
    const { target } = found;
    // In a group an admin may delete what others wrote; WhatsApp decides who is one.
    if (!target.fromMe && !target.chatJid.endsWith('@g.us')) {
      throw new GatewayError('FORBIDDEN', 'Only messages of this number can be deleted.');
    }
    assertInTime(deps.clock, found, DELETE_WINDOW_MS);
    return changing(target, { kind: 'delete', target });
  },
  forward: async (deps, input, { messageId }) => {
    const found = await findMessage(deps, input.connectionId, messageId);
    const content = await forwardedContent(deps, input.connectionId, found, input.signal);
    return { ...composed(input, content), context: { forwarded: true } };
  },
};

/** @throws GatewayError `MESSAGE_NOT_FOUND`, `FORBIDDEN`, `TOO_LATE`, `UNSUPPORTED_TYPE`, `INVALID_RECIPIENT`, `DATABASE_UNAVAILABLE` */
export async function composeMessage(deps: MessageContentDeps, input: SendMessageInput): Promise<Composed> {
  const compose = COMPOSERS[input.message.type] as (
    deps: MessageContentDeps,
    input: SendMessageInput,
    message: MessageInput,
  ) => Promise<Composed> | Composed;
  return compose(deps, input, input.message);
}

async function media(deps: MessageContentDeps, input: SendMessageInput, message: MediaMessageInput): Promise<Composed> {
  return composed(input, await mediaContent(deps.intake, message, input.signal));
}

function composed({ to }: SendMessageInput, content: OutgoingContent): Composed {
  if (to === undefined) throw new GatewayError('INVALID_RECIPIENT', 'to must say who gets it.');
  return { to, content, context: {} };
}

function changing(target: Target, content: OutgoingContent): Composed {
  return { to: target.chatJid, content, context: {} };
}

function assertInTime(clock: Pick<Clock, 'now'>, { timestamp }: FoundMessage, windowMs: number): void {
  if (clock.now() - timestamp > windowMs) throw new GatewayError('TOO_LATE', undefined, { details: { windowMs } });
}

/** As far as can be told: an edit does not wait for a database that is away. A caption is part of its file's message, and is
 *  not changed by the edit of a text. */
async function assertEditable(deps: FindMessageDeps, connectionId: string, found: FoundMessage): Promise<void> {
  const row = found.row ?? (await findRow(deps, connectionId, found.target.id).catch(() => null));
  if (row?.['apagada_em'] != null) throw new GatewayError('TOO_LATE', 'This message was deleted.');
  if (row && row['tipo'] !== 'TEXTO')
    throw new GatewayError('UNSUPPORTED_TYPE', 'messageId must be a text: files are not edited.');
}
