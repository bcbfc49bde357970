import { afterEach, describe, expect, test } from '@jest/globals';
import { TokenBucket } from '../../src/outbound/token-bucket.js';
import { anOutbound, closeAll, CONNECTION, FakeClock, HOUR, settle, until } from './outbound-fixtures.js';

afterEach(closeAll);

describe('the number check', () => {
  const numbers = { '5511999999999': { jid: '5511999999999@s.whatsapp.net', lid: null } };

  test('asks WhatsApp once in 30 days, across restarts', async () => {
    const first = await anOutbound({ script: { numbers } });
    await first.send('5511999999999', '1');
    await first.send('11999999999', '2');
    expect(first.channel.lookups).toHaveLength(1);
    await first.crash();
    const second = await anOutbound({ dir: first.dir, script: { numbers } });
    second.clock.advance(30 * 24 * HOUR - 1);
    await second.send('5511999999999', '3');
    expect(second.channel.lookups).toEqual([]);
    second.clock.advance(1);
    await second.send('5511999999999', '4');
    expect(second.channel.lookups).toHaveLength(1);
  });

  test('never asks for somebody whom this connection has met', async () => {
    const { journal, send, channel, entries } = await anOutbound();
    const mutations = { 'lid-mapping': { '553188887777': '42' } };
    await journal.commit({ keys: { connectionId: CONNECTION, mutations } });
    await send('5531988887777', 'oi');
    expect(channel.lookups).toEqual([]);
    expect(entries('outgoing')).toMatchObject([
      { chatJid: '553188887777@s.whatsapp.net', pn: '553188887777@s.whatsapp.net', lid: '42@lid' },
    ]);
  });

  test('believes "not on WhatsApp" for an hour', async () => {
    const { numbers: check, channel, clock } = await anOutbound();
    expect(await check.check(channel, '5511988887777')).toEqual({ kind: 'absent' });
    expect(await check.check(channel, '5511988887777')).toEqual({ kind: 'absent' });
    expect(channel.lookups).toHaveLength(1);
    clock.advance(HOUR);
    await check.check(channel, '5511988887777');
    expect(channel.lookups).toHaveLength(2);
  });

  test('asks once when many want to know at the same time', async () => {
    const { numbers: check, channel } = await anOutbound({ script: { numbers } });
    await Promise.all(Array.from({ length: 10 }, () => check.check(channel, '5511999999999')));
    expect(channel.lookups).toEqual(['5511999999999 551199999999']);
  });

  test('asks at most 20 times at once and 20 times a minute; what is over is accepted and resolved later', async () => {
    const clock = new FakeClock();
    const many = Array.from({ length: 25 }, (_, n) => `35191000${String(1000 + n)}`);
    const answers = Object.fromEntries(many.map((n) => [n, { jid: `${n}@s.whatsapp.net`, lid: null }]));
    const { send, channel, journal } = await anOutbound({ clock, script: { numbers: answers } });
    for (const number of many) await send(`+${number}`, 'oi');
    await until(() => channel.relayed.length === 20);
    await settle(journal);
    expect(channel.lookups).toHaveLength(20);
    for (let step = 0; step < 10; step++) {
      clock.advance(3_000);
      await settle(journal);
    }
    expect(channel.relayed).toHaveLength(25);
  });

  test('that gets no answer is no answer: the message waits', async () => {
    const outbound = await anOutbound({ script: { numbers } });
    let answers = false;
    const lookup = outbound.channel.lookupNumber.bind(outbound.channel);
    outbound.channel.lookupNumber = (spellings) => (answers ? lookup(spellings) : new Promise(() => undefined));
    const accepting = outbound.send('5511999999999', 'oi');
    await new Promise((resolve) => setImmediate(resolve));
    outbound.clock.advance(5_000);
    const { whatsappId } = await accepting;
    expect(outbound.record(whatsappId)).toMatchObject({ state: 'accepted', chatJid: null });
    answers = true;
    for (let step = 0; step < 4; step++) {
      await settle(outbound.journal);
      outbound.clock.advance(5_000);
    }
    await until(() => outbound.record(whatsappId).state === 'sent');
  });
});

describe('a token bucket', () => {
  test('gives its burst at once, then evenly, and never more than the burst after a pause', () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ perMinute: 60, burst: 3 }, clock);
    expect([1, 2, 3, 4].map(() => bucket.take())).toEqual([0, 0, 0, 1000]);
    clock.advance(999);
    expect(bucket.take()).toBe(1);
    clock.advance(1);
    expect([bucket.take(), bucket.take()]).toEqual([0, 1000]);
    clock.advance(HOUR);
    expect([1, 2, 3, 4].map(() => bucket.take())).toEqual([0, 0, 0, 1000]);
  });
});
