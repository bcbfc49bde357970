import type { SendChannel } from '../outbound/send-channel.js';
import type { ClientEvents } from '../whatsapp/client-events.js';
import type { NewChatGate } from './new-chat-gate.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';

/** One client as the sender sees it: its own events only, out of the emitter that all clients share. */
export class ClientSendChannel implements SendChannel {
  readonly connectionId: string;
  readonly events: SendChannel['events'];

  constructor(
    private readonly client: WhatsAppClientService,
    private readonly newChats: NewChatGate,
  ) {
    this.connectionId = client.connectionId;
    this.events = {
      on: (name, listener) =>
        client.events.on(name, (event: ClientEvents[typeof name]) => {
          return event.connectionId === this.connectionId ? listener(event) : undefined;
        }),
    };
  }

  get estado() {
    return this.client.estado;
  }
  get me() {
    return this.client.me;
  }
  relay: SendChannel['relay'] = (jid, message, options) => this.client.calls.relay(jid, message, options);
  newChatHoldMs: NonNullable<SendChannel['newChatHoldMs']> = (to) => this.newChats.holdMs(this.client, to);
  showTyping: NonNullable<SendChannel['showTyping']> = (jid, as) => this.client.calls.chat.presence(jid, as);
  uploadMedia: SendChannel['uploadMedia'] = (file, about) => this.client.calls.media.upload(file, about);
  lookupNumber: SendChannel['lookupNumber'] = (spellings) => this.client.calls.lookupNumber(spellings);
}
