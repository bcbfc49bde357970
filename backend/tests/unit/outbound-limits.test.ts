import { afterEach, describe, expect, test, jest } from '@jest/globals';
import { aGroup, anOutbound, closeAll, CONNECTION, HOUR, settle, until } from './outbound-fixtures.js';

afterEach(closeAll);
const WRITTEN = { onRelay: () => undefined };

describe('limits', () => {
  test('no more messages a minute than the limit says', async () => {
    const { send, channel, clock, journal } = await anOutbound({ ratePerMinute: 60 });
    await Promise.all(Array.from({ length: 30 }, (_, n) => send(aGroup(n), 'oi')));
    await until(() => channel.relayed.length === 10);
    await settle(journal);
    expect(channel.relayed).toHaveLength(10);
    for (let second = 1; second <= 5; second++) {
      clock.advance(1_000);
      await until(() => channel.relayed.length === 10 + second);
      await settle(journal);
    }
    expect(channel.relayed).toHaveLength(15);
  });

  test('a message that WhatsApp did not take in time ends as EXPIRED, connected or not', async () => {
    const { send, clock, record, entries, channel } = await anOutbound({ estado: 'reconnecting', expiryMs: HOUR });
    const { whatsappId } = await send('5511999999999', 'oi');
    clock.advance(HOUR + 30_000);
    await until(() => record(whatsappId).state === 'failed');
    expect(record(whatsappId).error).toBe('EXPIRED');
    expect(entries('outcome')).toMatchObject([
      { whatsappId, error: 'EXPIRED', pn: '5511999999999@s.whatsapp.net', chatJid: '5511999999999@s.whatsapp.net' },
    ]);
    expect(channel.relayed).toEqual([]);
  });

  test('a message of a connection that never comes back expires, too', async () => {
    const { send, clock, record } = await anOutbound({ attached: false, estado: 'idle', expiryMs: HOUR });
    const { whatsappId } = await send(aGroup(1), 'oi');
    clock.advance(HOUR + 30_000);
    await until(() => record(whatsappId).state === 'failed');
  });

  test('an ack that comes after the expiry turns the failure into a success', async () => {
    const { send, channel, clock, record, entries, journal } = await anOutbound({ script: WRITTEN, expiryMs: HOUR });
    const { whatsappId } = await send(aGroup(1), 'oi');
    await until(() => channel.relayed.length === 1);
    channel.close();
    await settle(journal);
    clock.advance(HOUR + 30_000);
    await until(() => record(whatsappId).state === 'failed');
    channel.ack(whatsappId);
    await until(() => record(whatsappId).state === 'sent');
    expect(entries('outcome').map(({ error }) => error)).toEqual(['EXPIRED', null]);
  });

  test('an ack that comes while the failure is being written counts as well', async () => {
    const { send, channel, clock, record, journal } = await anOutbound({ script: WRITTEN, expiryMs: HOUR });
    const { whatsappId } = await send(aGroup(1), 'oi');
    await until(() => channel.relayed.length === 1);
    channel.close();
    await settle(journal);
    const commit = journal.commit.bind(journal);
    jest.spyOn(journal, 'commit').mockImplementation(async (batch) => {
      const done = await commit(batch);
      if (batch.entries?.some(({ kind }) => kind === 'outcome')) channel.ack(whatsappId);
      return done;
    });
    clock.advance(HOUR + 30_000);
    await until(() => record(whatsappId).state === 'sent');
  });

  test('10,000 waiting messages are held as a window, and all go out in order', async () => {
    const { send, channel, sender, journal } = await anOutbound({ estado: 'reconnecting', window: 200 });
    for (let batch = 0; batch < 20; batch++) {
      await Promise.all(Array.from({ length: 500 }, (_, n) => send(aGroup(n % 25), String(batch * 500 + n))));
    }
    let listed = 0;
    const list = journal.listUnfinishedOutbox.bind(journal);
    journal.listUnfinishedOutbox = function* (...args) {
      for (const record of list(...args)) {
        listed++;
        yield record;
      }
    };
    sender.kick(CONNECTION);
    expect(listed).toBeLessThanOrEqual(201);
    channel.open();
    await until(() => channel.relayed.length === 10_000, 60_000);
    const texts = channel.relayed.map(({ jid, text }) => [jid, Number(text)] as const);
    for (let chat = 0; chat < 25; chat++) {
      const ofChat = texts.filter(([jid]) => jid === aGroup(chat)).map(([, text]) => text);
      expect(ofChat).toEqual([...ofChat].sort((a, b) => a - b));
    }
    await until(() => journal.stats().outboxUnfinished === 0);
    expect(new Set(channel.relayed.map(({ id }) => id)).size).toBe(10_000);
    expect(listed).toBeLessThan(12_000);
  }, 90_000);
});
