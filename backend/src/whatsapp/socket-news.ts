import type { ConnectionState, NewChatMessageCapInfo } from '@whiskeysockets/baileys';
import type { CallFacts } from '../journal/records.js';
import type { ContactLearner } from './contact-learner.js';
import type { GatewaySocketDeps } from './gateway-socket.js';
import type { Pairing } from './pairing.js';
import type { Pulse } from './pulse.js';
import type { ServerAck } from './server-ack.js';

/** What a socket says that matters to its connection. */
export interface SocketNews {
  update: (update: Partial<ConnectionState>) => void;
  ack: (ack: ServerAck) => void;
  ringing: (call: CallFacts) => void;
  message: () => void;
  passkeyRequired: () => void;
  undecryptable: (error: string) => void;
  messageCap: (info: NewChatMessageCapInfo) => void;
}

interface Hearers {
  on: SocketNews;
  contacts: Pick<ContactLearner, 'listen'>;
  pulse: Pulse;
  /** Null unless codes are being shown. */
  pairing: () => Pairing | null;
  /** The account is in: no more codes. */
  paired: () => void;
}

/** The listeners of one socket: each is deaf as soon as `current` says that the socket's epoch is over. */
export function listenersWhile(current: () => boolean, hearers: Hearers): GatewaySocketDeps['on'] {
  const { on, contacts, pulse, pairing, paired } = hearers;
  return {
    update: (update) => {
      if (!current()) return;
      if (update.qr) pairing()?.show(update.qr);
      if (update.connection === 'open') paired();
      on.update(update);
    },
    ack: (ack) => current() && on.ack(ack),
    ringing: (call) => current() && on.ringing(call),
    companionRegRefresh: () => current() && pairing()?.refresh(),
    passkeyRequired: () => current() && on.passkeyRequired(),
    frame: () => current() && pulse.beat(),
    message: () => current() && on.message(),
    undecryptable: (error) => current() && on.undecryptable(error),
    messageCap: (info) => current() && on.messageCap(info),
    // The socket is cut already; its close event follows.
    journalFailed: () => undefined,
    events: (sock) => contacts.listen(sock),
  };
}
