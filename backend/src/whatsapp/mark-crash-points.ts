import type { WASocket } from '@whiskeysockets/baileys';
import { crashPoint, isArmed } from '../lib/crash-points.js';

/** Two places inside Baileys, found by what it emits there; nothing is added to it unless a crash test wants one. */
export function markCrashPoints({ ev, ws }: Pick<WASocket, 'ev' | 'ws'>): void {
  if (isArmed('after:receipt')) {
    const emit = ev.emit.bind(ev);
    // handleMessage emits it after it has written the receipt (lib/Socket/messages-recv.js); buffered or not.
    ev.emit = (event, data) => {
      if (event === 'messages.upsert') crashPoint('after:receipt');
      return emit(event, data);
    };
  }
  if (isArmed('after:prekeys')) {
    ev.on('creds.update', ({ nextPreKeyId }) => {
      if (nextPreKeyId !== undefined) ws.once('frame', () => crashPoint('after:prekeys'));
    });
  }
}
