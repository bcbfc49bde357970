import { expect, test } from '@jest/globals';
import type { PossiblyExtendedCacheStore } from '@whiskeysockets/baileys';
import { UserDevicesCache } from '../../src/whatsapp/user-devices-cache.js';

const DEVICES = { '5511999990001': [{ user: '5511999990001', device: 0 }] };

/** As Baileys' getUSyncDevices stores and looks up (Socket/messages-send.js). */
async function storeAsBaileysDoes(cache: PossiblyExtendedCacheStore): Promise<void> {
  const entries = Object.entries(DEVICES);
  if (cache.mset) await cache.mset(entries.map(([key, value]) => ({ key, value })));
  else for (const [key, value] of entries) await cache.set(key, value);
}

test('devices that Baileys has learnt are found by the next send', async () => {
  const cache = new UserDevicesCache();
  try {
    await storeAsBaileysDoes(cache);
    expect(cache.get('5511999990001')).toEqual(DEVICES['5511999990001']);
    cache.del('5511999990001');
    expect(cache.get('5511999990001')).toBeUndefined();
  } finally {
    cache.close();
  }
});
