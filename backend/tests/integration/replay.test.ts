import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import type { ReplayRecord } from '../../src/journal/records.js';
import { aGateway, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();

/** What the phone sends its devices: a key of the app state. */
function aKeyShare(keyId: Buffer): proto.IMessage {
  const keyData = { keyData: randomBytes(32), fingerprint: { rawId: 1, currentIndex: 0, deviceIndexes: [0] } };
  const keys = [{ keyId: { keyId }, keyData: { ...keyData, timestamp: 1 } }];
  const type = proto.Message.ProtocolMessage.Type.APP_STATE_SYNC_KEY_SHARE;
  return { protocolMessage: { type, appStateSyncKeyShare: { keys } } };
}

const keyOf = (shop: PairedConnection, keyId: Buffer) => {
  const id = keyId.toString('base64');
  return gateway.parts.journal.getKeys(shop.id, 'app-state-sync-key', [id])[id];
};

/** As a process that died between the receipt and Baileys' own work leaves it behind. */
function unfinished(shop: PairedConnection, message: proto.IMessage): ReplayRecord {
  const sha256 = randomBytes(32);
  const from = shop.phone.pnJid;
  const plaintext = Buffer.concat([proto.Message.encode(message).finish(), Buffer.of(1)]);
  return {
    connectionId: shop.id,
    sha256,
    node: {
      tag: 'message',
      attrs: { from, id: randomBytes(8).toString('hex'), t: '1700000000', type: 'text', category: 'peer' },
      content: [{ tag: 'enc', attrs: { v: '2', type: 'msg' }, content: sha256 }],
    },
    parts: [{ sha256, plaintext }],
    me: { id: shop.companion.jid, lid: shop.companion.lid },
    at: Date.now(),
    tries: 0,
  };
}

test("Baileys' own work for a stanza that was never finished is done after the next open", async () => {
  const shop = await gateway.aPairedConnection();
  const keyId = randomBytes(6);
  await gateway.parts.journal.commit({ replays: [unfinished(shop, aKeyShare(keyId))] });
  expect(keyOf(shop, keyId)).toBeUndefined();
  await gateway.restart();
  await until('the key', () => keyOf(shop, keyId));
  await until('an empty list', () => gateway.parts.journal.listReplays(shop.id).length === 0);
});

test('what Baileys has finished is not replayed', async () => {
  const shop = await gateway.aPairedConnection();
  const keyId = randomBytes(6);
  await shop.phone.sendPeer(shop.companion, aKeyShare(keyId)).receipted;
  await until('the key', () => keyOf(shop, keyId));
  await until('an empty list', () => gateway.parts.journal.listReplays(shop.id).length === 0);
});

test('what came while the connection was away counts as finished, too', async () => {
  const shop = await gateway.aPairedConnection();
  await gateway.parts.pool.get(shop.id)!.disconnect();
  const keyId = randomBytes(6);
  const share = shop.phone.sendPeer(shop.companion, aKeyShare(keyId));
  gateway.parts.pool.get(shop.id)!.initialize();
  await share.receipted;
  await until('the key', () => keyOf(shop, keyId));
  await until('an empty list', () => gateway.parts.journal.listReplays(shop.id).length === 0);
});

test('one that Baileys cannot digest is given up after a few starts, and the connection is none the worse', async () => {
  const shop = await gateway.aPairedConnection();
  const broken = { ...unfinished(shop, aKeyShare(randomBytes(6))), tries: 4 };
  broken.node = { ...broken.node, attrs: { category: 'peer' } };
  await gateway.parts.journal.commit({ replays: [broken] });
  await gateway.restart();
  await until('an empty list', () => gateway.parts.journal.listReplays(shop.id).length === 0);
  await gateway.untilEstado(shop.id, 'ready');
});

test('unlinking takes along what was left to do for the device', async () => {
  const shop = await gateway.aPairedConnection();
  await gateway.parts.journal.commit({ replays: [unfinished(shop, aKeyShare(randomBytes(6)))] });
  await gateway.http.delete(`/api/whatsapp-integration/connections/${shop.id}`);
  expect(gateway.parts.journal.listReplays(shop.id)).toEqual([]);
});
