import { afterEach, describe, expect, test } from '@jest/globals';
import { type ErrorCode, GatewayError } from '../../src/lib/errors.js';
import { ACK_ERRORS, RELAY_FAILURES } from '../../src/outbound/failure-tables.js';
import { aGroup, anOutbound, closeAll, HOUR, settle, until, type Outbound } from './outbound-fixtures.js';

afterEach(closeAll);

/** Lets time pass until the outbox says how it ended. */
async function untilEnded(outbound: Outbound, whatsappId: string): Promise<void> {
  for (let minute = 0; outbound.record(whatsappId).state === 'sending' && minute < 20; minute++) {
    await settle(outbound.journal);
    outbound.clock.advance(60_001);
    await settle(outbound.journal);
  }
}

describe('an error ack', () => {
  const ROWS = [
    { error: '463', code: 'REACHOUT_LOCKED', relays: [false], events: ['failed', 'reachoutLocked'] },
    { error: '479', code: 'REJECTED_BY_WHATSAPP', relays: [false, true], events: ['failed'] },
    { error: '400', code: 'REJECTED_BY_WHATSAPP', relays: [false], events: ['failed'] },
    { error: 'unheard-of', code: 'REJECTED_BY_WHATSAPP', relays: [false], events: ['failed'] },
  ];

  test('every row of the table is tested here', () => {
    expect(Object.keys(ACK_ERRORS).every((error) => ROWS.some((row) => row.error === error))).toBe(true);
  });

  test.each(ROWS)('$error ends as $code after relays with fresh devices $relays', async (row) => {
    const outbound = await anOutbound({
      script: { onRelay: ({ id }, channel) => channel.ack(id, row.error) },
    });
    const { whatsappId } = await outbound.send(aGroup(1), 'oi');
    await until(() => outbound.record(whatsappId).state === 'failed');
    outbound.clock.advance(HOUR);
    await settle(outbound.journal);
    expect(outbound.record(whatsappId)).toMatchObject({ error: row.code, errorDetail: row.error, serverTime: null });
    expect(outbound.channel.relayed.map(({ freshDevices }) => freshDevices)).toEqual(row.relays);
    expect(outbound.channel.relayed.every(({ id }) => id === whatsappId)).toBe(true);
    expect(outbound.entries('outcome')).toMatchObject([{ whatsappId, error: row.code }]);
    expect(outbound.events.map(({ name }) => name)).toEqual(row.events);
  });

  test('479 and then a good ack is sent', async () => {
    const outbound = await anOutbound({
      script: { onRelay: ({ id, freshDevices }, channel) => channel.ack(id, freshDevices ? null : '479') },
    });
    const { whatsappId } = await outbound.send(aGroup(1), 'oi');
    await until(() => outbound.record(whatsappId).state === 'sent');
    expect(outbound.record(whatsappId)).toMatchObject({ error: null, attempts: 2 });
  });

  test('for a message that was sent already changes nothing', async () => {
    const outbound = await anOutbound();
    const { whatsappId } = await outbound.send(aGroup(1), 'oi');
    await until(() => outbound.record(whatsappId).state === 'sent');
    outbound.channel.ack(whatsappId, '479');
    outbound.channel.ack('an id of somebody else', '463');
    await settle(outbound.journal);
    expect(outbound.record(whatsappId).state).toBe('sent');
    expect(outbound.entries('outcome')).toHaveLength(1);
  });
});

describe('a relay that rejects', () => {
  const ROWS: { code: ErrorCode; endsAs: ErrorCode | null; relays: number; fresh: boolean }[] = [
    { code: 'NOT_CONNECTED', endsAs: null, relays: 21, fresh: false },
    { code: 'STALE_EPOCH', endsAs: null, relays: 21, fresh: false },
    { code: 'DEADLINE_EXCEEDED', endsAs: null, relays: 21, fresh: false },
    { code: 'MEDIA_FETCH_FAILED', endsAs: null, relays: 21, fresh: false },
    { code: 'MEDIA_NOT_FOUND', endsAs: 'MEDIA_NOT_FOUND', relays: 1, fresh: false },
    { code: 'REMOTE_UNAVAILABLE', endsAs: null, relays: 21, fresh: false },
    { code: 'REMOTE_NOT_CONFIGURED', endsAs: 'REMOTE_NOT_CONFIGURED', relays: 1, fresh: false },
    { code: 'REMOTE_REFUSED', endsAs: 'REJECTED_BY_WHATSAPP', relays: 1, fresh: false },
    { code: 'NOT_ON_WHATSAPP', endsAs: 'NOT_ON_WHATSAPP', relays: 1, fresh: false },
    { code: 'UNSUPPORTED_TYPE', endsAs: 'UNSUPPORTED_TYPE', relays: 1, fresh: false },
    { code: 'MEDIA_TOO_LARGE', endsAs: 'MEDIA_TOO_LARGE', relays: 1, fresh: false },
    { code: 'GROUP_NOT_FOUND', endsAs: 'GROUP_NOT_FOUND', relays: 1, fresh: false },
    { code: 'GROUP_FORBIDDEN', endsAs: 'GROUP_FORBIDDEN', relays: 1, fresh: false },
    { code: 'OUTCOME_UNKNOWN', endsAs: 'OUTCOME_UNKNOWN', relays: 1, fresh: false },
    { code: 'JOURNAL_FAILED', endsAs: null, relays: 21, fresh: false },
    { code: 'JOURNAL_FULL', endsAs: null, relays: 21, fresh: false },
    { code: 'ENCRYPTION_FAILED', endsAs: 'ENCRYPTION_FAILED', relays: 4, fresh: true },
    { code: 'INTERNAL', endsAs: 'INTERNAL', relays: 5, fresh: false },
  ];

  test('every row of the table is tested here', () => {
    expect(Object.keys(RELAY_FAILURES).every((code) => ROWS.some((row) => row.code === code))).toBe(true);
  });

  test.each(ROWS)('with $code forever ends as $endsAs after $relays relays in 20 minutes', async (row) => {
    const outbound = await anOutbound({
      script: { onRelay: () => Promise.reject(new GatewayError(row.code)) },
    });
    const { whatsappId } = await outbound.send(aGroup(1), 'oi');
    await until(() => outbound.channel.relayed.length === 1);
    await untilEnded(outbound, whatsappId);
    expect(outbound.record(whatsappId).error).toBe(row.endsAs);
    expect(outbound.channel.relayed).toHaveLength(row.relays);
    expect(outbound.channel.relayed.at(-1)?.freshDevices).toBe(row.fresh);
  });

  test('and later works has sent the message under its id, and the next one follows it', async () => {
    let refusals = 3;
    const outbound = await anOutbound({
      script: {
        onRelay: ({ id }, channel) => {
          if (refusals-- > 0) return Promise.reject(new GatewayError('ENCRYPTION_FAILED'));
          channel.ack(id);
          return Promise.resolve();
        },
      },
    });
    const first = await outbound.send(aGroup(1), '1');
    const second = await outbound.send(aGroup(1), '2');
    await untilEnded(outbound, first.whatsappId);
    await until(() => outbound.record(second.whatsappId).state === 'sent');
    expect(outbound.record(first.whatsappId).state).toBe('sent');
    expect(outbound.channel.relayed.map(({ text }) => text)).toEqual(['1', '1', '1', '1', '2']);
  });

  test('one that never ends is given up, and the same id goes out again', async () => {
    const outbound = await anOutbound({ script: { onRelay: () => new Promise(() => undefined) } });
    const { whatsappId } = await outbound.send(aGroup(1), 'oi');
    await until(() => outbound.channel.relayed.length === 1);
    await settle(outbound.journal);
    outbound.channel.script = {};
    outbound.clock.advance(60_000);
    await settle(outbound.journal);
    outbound.clock.advance(2_001);
    await until(() => outbound.record(whatsappId).state === 'sent');
    expect(outbound.channel.relayed).toHaveLength(2);
  });
});

test('an outcome that the journal refused at first is written later, and the message is not sent again', async () => {
  const outbound = await anOutbound({ script: { onRelay: () => undefined } });
  const { whatsappId } = await outbound.send(aGroup(1), 'oi');
  await until(() => outbound.channel.relayed.length === 1);
  const commit = outbound.journal.commit.bind(outbound.journal);
  outbound.journal.commit = () => Promise.reject(new GatewayError('JOURNAL_FAILED'));
  outbound.channel.ack(whatsappId);
  await new Promise((resolve) => setImmediate(resolve));
  outbound.journal.commit = commit;
  await settle(outbound.journal);
  expect(outbound.record(whatsappId).state).toBe('sending');
  outbound.clock.advance(1_001);
  await until(() => outbound.record(whatsappId).state === 'sent');
  expect(outbound.channel.relayed).toHaveLength(1);
});
