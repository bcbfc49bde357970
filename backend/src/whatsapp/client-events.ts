import type { CallFacts } from '../journal/records.js';
import type { NumberChange } from './number-change.js';
import type { Estado } from './estado.js';
import type { ServerAck } from './server-ack.js';
import type { NewChatPause } from './new-chat-pause.js';
import type { QrCode } from './pairing.js';

/** What happens to connections, told by all clients of a pool through one emitter. */
export interface ClientEvents {
  stateChanged: { connectionId: string; estado: Estado; motivo: string | null };
  qr: { connectionId: string; qr: QrCode };
  ready: { connectionId: string; numero: string | null };
  /** Another number than before was paired (digits). */
  numberChanged: { connectionId: string } & NumberChange;
  /** The socket ended; `retryInMs` null = nothing more happens by itself. */
  closed: { connectionId: string; code: number; reason: string; retryInMs: number | null };
  ack: { connectionId: string } & ServerAck;
  /** Somebody calls, now. */
  callRinging: { connectionId: string; call: CallFacts };
  /** New chats are paused (replies go on), or not any more (null). */
  newChatsPaused: { connectionId: string; pause: NewChatPause | null };
  /** So many messages a minute cannot be decrypted. */
  decryptFlood: { connectionId: string; perMinute: number };
}
