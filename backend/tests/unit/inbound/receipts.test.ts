import { describe, expect, test } from '@jest/globals';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import { ANA, aReceipt, BIA, decodeOne, GROUP, inGroup } from './entries.js';

const item = (id: string) => ({ tag: 'item', attrs: { id } });
const list = (...ids: string[]) => [{ tag: 'list', attrs: {}, content: ids.map(item) }];

describe('receipts', () => {
  test.each<[Record<string, string>, string]>([
    [{}, 'ENTREGUE'],
    [{ type: 'inactive' }, 'ENTREGUE'],
    [{ type: 'read' }, 'LIDA'],
    [{ type: 'played' }, 'REPRODUZIDA'],
  ])('%j of a customer is %s', async (attrs, status) => {
    expect(await decodeOne(aReceipt({ ...attrs, from: '5511911111111:4@s.whatsapp.net' }), 'status')).toMatchObject({
      status,
      whatsapp_id: 'OUT1',
      chat: { jid: ANA.pn, pn: ANA.pn },
      participante: null,
      timestamp: '2026-11-21T12:00:00.000Z',
    });
  });

  test('one receipt may speak of many messages', async () => {
    const events = await decodeEntry(aReceipt({ type: 'read' }, list('OUT2', 'OUT3', 'OUT1')));
    expect(events.map((event) => event.op === 'status' && event.whatsapp_id)).toEqual(['OUT1', 'OUT2', 'OUT3']);
  });

  test('in a group it names the participant', async () => {
    expect(await decodeOne(aReceipt(inGroup({ type: 'read' })), 'status')).toMatchObject({
      chat: { tipo: 'grupo', jid: GROUP },
      participante: { pn: ANA.pn, lid: ANA.lid },
    });
  });

  test('or several participants of one message', async () => {
    const users = [ANA.lid, BIA.lid].map((jid, index) => ({ tag: 'user', attrs: { jid, t: `${1795262400 + index}` } }));
    const content = [{ tag: 'participants', attrs: { key: 'OUT9' }, content: users }];
    const events = await decodeEntry(aReceipt({ from: GROUP, type: 'read' }, content));
    expect(events).toMatchObject([
      { whatsapp_id: 'OUT9', participante: { lid: ANA.lid }, timestamp: '2026-11-21T12:00:00.000Z' },
      { whatsapp_id: 'OUT9', participante: { lid: BIA.lid }, timestamp: '2026-11-21T12:00:01.000Z' },
    ]);
  });

  test.each(['read', 'read-self', 'played-self'])('%s of our own phone: the chat was read here', async (type) => {
    const attrs = { from: '5511900000000@s.whatsapp.net', recipient: ANA.pn, type, id: 'IN1' };
    expect(await decodeOne(aReceipt(attrs, list('IN2')), 'leitura')).toMatchObject({
      chat: { pn: ANA.pn },
      whatsapp_ids: ['IN1', 'IN2'],
    });
  });

  test('our own phone may read a group too', async () => {
    const entry = aReceipt(inGroup({ participant: '900000000000:0@lid', type: 'read-self', id: 'IN1' }));
    expect(await decodeOne(entry, 'leitura')).toMatchObject({ chat: { jid: GROUP }, whatsapp_ids: ['IN1'] });
  });

  test.each(['retry', 'sender', 'server-error', 'hist_sync', 'peer_msg', 'enc_rekey_retry', 'whatever'])(
    '%s is talk between devices',
    async (type) => {
      expect(await decodeEntry(aReceipt({ type }))).toEqual([]);
    },
  );

  test.each([undefined, 'sender', 'inactive'])('a delivery (%s) to our own devices is no news', async (type) => {
    const attrs = { from: '5511900000000:2@s.whatsapp.net', recipient: ANA.pn, ...(type ? { type } : {}) };
    expect(await decodeEntry(aReceipt(attrs))).toEqual([]);
  });

  test('who looked at our status is left out', async () => {
    expect(await decodeEntry(aReceipt({ from: 'status@broadcast', participant: ANA.pn, type: 'read' }))).toEqual([]);
  });
});
