import { proto } from '@whiskeysockets/baileys';
import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { Companion } from './companion.js';

/** What a phone sends a device it has just linked: the key of the app state, and the (empty) history. Without the
 *  history Baileys holds every event of the first connection back for 20 seconds (Socket/chats.js). */
export function syncAfterPairing(companion: Companion): void {
  const { phone } = companion;
  const { Type } = proto.Message.ProtocolMessage;
  const keyData = { keyData: randomBytes(32), fingerprint: { rawId: 1, currentIndex: 0, deviceIndexes: [0] } };
  const keys = [{ keyId: { keyId: randomBytes(6) }, keyData: { ...keyData, timestamp: Date.now() } }];
  phone.sendPeer(companion, {
    protocolMessage: { type: Type.APP_STATE_SYNC_KEY_SHARE, appStateSyncKeyShare: { keys } },
  });
  const { HistorySyncType } = proto.HistorySync;
  for (const syncType of [HistorySyncType.INITIAL_BOOTSTRAP, HistorySyncType.RECENT]) {
    const history = proto.HistorySync.encode({ syncType, progress: 100, chunkOrder: 1 }).finish();
    phone.sendPeer(companion, {
      protocolMessage: {
        type: Type.HISTORY_SYNC_NOTIFICATION,
        historySyncNotification: {
          syncType: syncType as number as proto.Message.HistorySyncType,
          progress: 100,
          chunkOrder: 1,
          initialHistBootstrapInlinePayload: deflateSync(history),
        },
      },
    });
  }
}
