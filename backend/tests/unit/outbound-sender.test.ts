import { afterEach, describe, expect, test } from '@jest/globals';
import { aGroup, anOutbound, closeAll, CONNECTION, FakeClock, HOUR, settle, until } from './outbound-fixtures.js';

afterEach(closeAll);
const WRITTEN = { onRelay: () => undefined };

describe('a message on its way', () => {
  test('is sent under its accepted id, and its outcome is one row change', async () => {
    const { send, channel, record, entries, events } = await anOutbound();
    const { whatsappId, rowId } = await send(aGroup(1), 'oi');
    await until(() => events.length === 1);
    expect(channel.relayed).toEqual([{ jid: aGroup(1), id: whatsappId, text: 'oi', freshDevices: false }]);
    expect(record(whatsappId)).toMatchObject({ attempts: 1, error: null, serverTime: 1_800_000_000_000 });
    expect(entries('outgoing')).toMatchObject([{ whatsappId, rowId, chatJid: aGroup(1), pn: null, lid: null }]);
    expect(entries('outcome')).toMatchObject([
      { whatsappId, chatJid: aGroup(1), error: null, serverTime: 1_800_000_000_000 },
    ]);
    expect(events).toEqual([{ name: 'sent', id: whatsappId }]);
  });

  test('is durably "sending", with its attempt counted, before it is written to the socket', async () => {
    const seen: unknown[] = [];
    const outbound = await anOutbound({
      script: { onRelay: ({ id }) => void seen.push([outbound.record(id).state, outbound.record(id).attempts]) },
    });
    await outbound.send(aGroup(1), 'oi');
    await until(() => seen.length === 1);
    expect(seen).toEqual([['sending', 1]]);
  });

  test('is not sent from another number than it was accepted for, and says so', async () => {
    const { send, channel, record, entries, journal, clock } = await anOutbound({ estado: 'disconnected' });
    channel.me = { id: '5511911110000:3@s.whatsapp.net' };
    const lost = await send(aGroup(1), 'oi');
    channel.me = { id: '5511922220000:1@s.whatsapp.net' };
    const kept = await send(aGroup(2), 'olá');
    channel.open();
    await until(() => record(lost.whatsappId).state === 'failed' && record(kept.whatsappId).state === 'sent');
    await settle(journal);
    clock.advance(HOUR);
    expect(record(lost.whatsappId)).toMatchObject({ error: 'NUMBER_CHANGED', attempts: 0 });
    expect(entries('outcome')).toEqual(
      expect.arrayContaining([expect.objectContaining({ whatsappId: lost.whatsappId, error: 'NUMBER_CHANGED' })]),
    );
    expect(channel.relayed.map(({ text }) => text)).toEqual(['olá']);
  });

  test('is sent from the same number in another spelling, linked anew', async () => {
    const { send, channel, record } = await anOutbound({ estado: 'disconnected' });
    channel.me = { id: '5551988887777:3@s.whatsapp.net' };
    const { whatsappId } = await send(aGroup(1), 'oi');
    channel.me = { id: '555188887777:9@s.whatsapp.net' };
    channel.open();
    await until(() => record(whatsappId).state === 'sent');
  });

  test('is sent when the ack comes before the relay has resolved', async () => {
    let release = (): void => undefined;
    const outbound = await anOutbound({
      script: {
        onRelay: ({ id }, channel) => {
          channel.ack(id);
          return new Promise((resolve) => (release = resolve));
        },
      },
    });
    const { whatsappId } = await outbound.send(aGroup(1), 'oi');
    await until(() => outbound.record(whatsappId).state === 'sent');
    release();
    await settle(outbound.journal);
    outbound.clock.advance(HOUR);
    expect(outbound.channel.relayed).toHaveLength(1);
  });

  test('goes out again under the same id when no ack came in time', async () => {
    const { send, channel, clock, record, events, journal } = await anOutbound({ script: WRITTEN });
    const { whatsappId } = await send(aGroup(1), 'oi');
    await until(() => channel.relayed.length === 1);
    await settle(journal);
    clock.advance(20_000);
    await until(() => events.length === 1);
    await settle(journal);
    clock.advance(2_001);
    await until(() => channel.relayed.length === 2);
    expect(new Set(channel.relayed.map(({ id }) => id))).toEqual(new Set([whatsappId]));
    expect(events).toEqual([{ name: 'ackOverdue', id: whatsappId }]);
    expect(record(whatsappId)).toMatchObject({ state: 'sending', attempts: 2 });
    channel.ack(whatsappId);
    await until(() => record(whatsappId).state === 'sent');
  });

  test('counts as sent when its ack comes while it waits for the next attempt', async () => {
    const { send, channel, clock, record, events, journal } = await anOutbound({ script: WRITTEN });
    const { whatsappId } = await send(aGroup(1), 'oi');
    await until(() => channel.relayed.length === 1);
    await settle(journal);
    clock.advance(20_000);
    await until(() => events.length === 1);
    await settle(journal);
    channel.ack(whatsappId);
    await until(() => record(whatsappId).state === 'sent');
    clock.advance(HOUR);
    await settle(journal);
    expect(channel.relayed).toHaveLength(1);
  });

  test('goes out again under the same id after the socket was lost in between', async () => {
    const { send, channel, record, journal } = await anOutbound({ script: WRITTEN });
    const { whatsappId } = await send(aGroup(1), 'oi');
    await until(() => channel.relayed.length === 1);
    channel.close();
    await settle(journal);
    expect(channel.relayed).toHaveLength(1);
    expect(record(whatsappId).state).toBe('sending');
    channel.script = {};
    channel.open();
    await until(() => record(whatsappId).state === 'sent');
    expect(channel.relayed.map(({ id }) => id)).toEqual([whatsappId, whatsappId]);
  });

  test('waits while its connection is away, and goes when it is back', async () => {
    const { send, channel, record, journal } = await anOutbound({ estado: 'reconnecting' });
    const { whatsappId } = await send(aGroup(1), 'oi');
    await settle(journal);
    expect(record(whatsappId)).toMatchObject({ state: 'accepted', attempts: 0 });
    channel.open();
    await until(() => record(whatsappId).state === 'sent');
  });
});

describe('after a restart', () => {
  test('a message that was written but not acknowledged goes out under the same id', async () => {
    const first = await anOutbound({ script: WRITTEN });
    const { whatsappId } = await first.send(aGroup(1), 'oi');
    await until(() => first.channel.relayed.length === 1);
    await first.crash();
    const second = await anOutbound({ dir: first.dir });
    await until(() => second.record(whatsappId).state === 'sent');
    expect(second.channel.relayed.map(({ id, text }) => [id, text])).toEqual([[whatsappId, 'oi']]);
    expect(second.record(whatsappId).attempts).toBe(2);
    expect(second.entries('outgoing')).toHaveLength(1);
  });

  test('unfinished messages go out in the order of acceptance, before newer ones', async () => {
    const first = await anOutbound({ estado: 'reconnecting' });
    for (const text of ['1', '2', '3']) await first.send(aGroup(1), text);
    await first.crash();
    const second = await anOutbound({ dir: first.dir, estado: 'reconnecting' });
    await second.send(aGroup(1), '4');
    second.channel.open();
    await until(() => second.channel.relayed.length === 4);
    expect(second.channel.relayed.map(({ text }) => text)).toEqual(['1', '2', '3', '4']);
  });

  test('a sender that was stopped takes up its work again', async () => {
    const { send, sender, channel, record, journal } = await anOutbound();
    await sender.stop();
    const { whatsappId } = await send(aGroup(1), 'oi');
    await settle(journal);
    expect(channel.relayed).toEqual([]);
    sender.start();
    await until(() => record(whatsappId).state === 'sent');
  });
});

describe('order and parallelism', () => {
  test('one message of a chat is under way at a time, also when one before it fails', async () => {
    const underWay: string[] = [];
    const outbound = await anOutbound({
      script: {
        onRelay: ({ id, text }, channel) => {
          underWay.push(text ?? '');
          setImmediate(() => channel.ack(id, text === '2' ? '400' : null));
        },
      },
    });
    const records = await Promise.all(['1', '2', '3', '4'].map((text) => outbound.send(aGroup(1), text)));
    await until(() => underWay.length === 1);
    await until(() =>
      records.every(({ whatsappId }) => ['sent', 'failed'].includes(outbound.record(whatsappId).state)),
    );
    expect(underWay).toEqual(['1', '2', '3', '4']);
    expect(records.map(({ whatsappId }) => outbound.record(whatsappId).state)).toEqual([
      'sent',
      'failed',
      'sent',
      'sent',
    ]);
  });

  test('many chats go at once, up to the limit', async () => {
    const { send, channel, journal } = await anOutbound({ script: WRITTEN, maxParallel: 5 });
    await Promise.all(Array.from({ length: 12 }, (_, n) => send(aGroup(n), 'oi')));
    await until(() => channel.relayed.length === 5);
    await settle(journal);
    expect(channel.relayed).toHaveLength(5);
    channel.ack(channel.relayed[0]?.id ?? '');
    await until(() => channel.relayed.length === 6);
  });

  test('both spellings of a Brazilian number are one line', async () => {
    const { send, channel, journal } = await anOutbound({
      script: { ...WRITTEN, numbers: { '5531988887777': { jid: '553188887777@s.whatsapp.net', lid: null } } },
      estado: 'reconnecting',
    });
    await send('5531988887777', '1');
    await send('553188887777', '2');
    channel.open();
    await until(() => channel.relayed.length === 1);
    await settle(journal);
    expect(channel.relayed.map(({ text }) => text)).toEqual(['1']);
    expect(channel.lookups).toHaveLength(1);
    channel.ack(channel.relayed[0]?.id ?? '');
    await until(() => channel.relayed.length === 2);
  });
});

describe('the end', () => {
  test('a logged-out connection fails what waits for it', async () => {
    const { send, channel, record, journal } = await anOutbound({ script: WRITTEN });
    const first = await send(aGroup(1), 'under way');
    const second = await send(aGroup(1), 'waiting');
    await until(() => channel.relayed.length === 1);
    channel.close('logged_out');
    await until(() => [first, second].every(({ whatsappId }) => record(whatsappId).error === 'LOGGED_OUT'));
    await settle(journal);
    expect(channel.relayed).toHaveLength(1);
  });

  test('a deleted connection has no waiting messages', async () => {
    const { send, sender, record } = await anOutbound({ estado: 'reconnecting' });
    const records = await Promise.all(Array.from({ length: 50 }, (_, n) => send(aGroup(n), 'oi')));
    await sender.abandon(CONNECTION);
    expect(records.map(({ whatsappId }) => record(whatsappId).error)).toEqual(records.map(() => 'LOGGED_OUT'));
  });

  test('stop takes the acks that come within its grace', async () => {
    const { send, sender, channel, record } = await anOutbound({ script: WRITTEN });
    const { whatsappId } = await send(aGroup(1), 'oi');
    await until(() => channel.relayed.length === 1);
    const stopped = sender.stop();
    expect(sender.stop()).toBe(stopped);
    channel.ack(whatsappId);
    await stopped;
    expect(record(whatsappId).state).toBe('sent');
  });

  test('nothing is written once the sender has stopped, not even what was begun', async () => {
    const { send, sender, channel, clock, journal } = await anOutbound({ script: WRITTEN });
    await send(aGroup(1), 'under way');
    await send(aGroup(1), 'next');
    await until(() => channel.relayed.length === 1);
    const stopped = sender.stop();
    clock.advance(3_000);
    await stopped;
    channel.ack(channel.relayed[0]?.id ?? '');
    channel.open();
    await settle(journal);
    expect(channel.relayed).toHaveLength(1);
    expect(journal.stats().outboxUnfinished).toBe(2);
  });

  test('stop ends within 5 s though the server is silent, and leaves no timer behind', async () => {
    const { send, sender, channel, clock, record } = await anOutbound({ script: WRITTEN });
    const { whatsappId } = await send(aGroup(1), 'oi');
    await until(() => channel.relayed.length === 1);
    const before = clock.now();
    const stopped = sender.stop();
    clock.advance(3_000);
    await stopped;
    expect(clock.now() - before).toBeLessThanOrEqual(5_000);
    expect(record(whatsappId).state).toBe('sending');
    expect(clock.timers).toBe(0);
  });
});

describe('waiting for the outcome', () => {
  test('ends with the outcome', async () => {
    const { send, sender, channel } = await anOutbound({ script: WRITTEN });
    const { whatsappId } = await send(aGroup(1), 'oi');
    const waiting = sender.waitForOutcome(CONNECTION, whatsappId, 10_000);
    await until(() => channel.relayed.length === 1);
    channel.ack(whatsappId, '463');
    expect(await waiting).toMatchObject({ state: 'failed', error: 'REACHOUT_LOCKED', errorDetail: '463' });
    expect(await sender.waitForOutcome(CONNECTION, whatsappId, 10_000)).toMatchObject({ state: 'failed' });
  });

  test('ends without one when the time is over', async () => {
    const clock = new FakeClock();
    const { send, sender, channel } = await anOutbound({ script: WRITTEN, clock });
    const { whatsappId } = await send(aGroup(1), 'oi');
    await until(() => channel.relayed.length === 1);
    const waiting = sender.waitForOutcome(CONNECTION, whatsappId, 10_000);
    clock.advance(10_000);
    expect(await waiting).toMatchObject({ state: 'sending' });
    await expect(sender.waitForOutcome(CONNECTION, 'unknown', 0)).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
  });
});
