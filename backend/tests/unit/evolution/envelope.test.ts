import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import { WIRE_ITEMS, type RowEvent } from '../../../src/inbound/evolution/wire.js';
import { GatewayError, isGatewayError } from '../../../src/lib/errors.js';
import { checkedItem } from '../../../src/evolution/checked-item.js';
import { readEnvelope } from '../../../src/evolution/envelope.js';
import { eventKey } from '../../../src/evolution/event-key.js';
import { canonicalEvent } from '../../../src/evolution/event-names.js';
import { readTail } from '../../../src/evolution/path-tail.js';
import { stateChange } from '../../../src/evolution/state-events.js';
import type { Estado } from '../../../src/whatsapp/estado.js';
import { anEnvelope, type Json } from '../../../src/simulator/evolution/envelope.js';
import { aWireMessage } from '../../support/evolution-events.js';

test.each(['messages.upsert', 'MESSAGES_UPSERT', 'messages-upsert', ' Messages.Upsert '])('%s is one event', (name) => {
  expect(canonicalEvent(name)).toBe('messages.upsert');
});

describe('the instance is found', () => {
  const forms: [string, Json][] = [
    ['as a name', { instance: 'loja' }],
    ['as an object', { instance: { instanceName: 'loja' } }],
    ['beside it', { instanceName: 'loja' }],
    ['in data', { data: { instance: 'loja', state: 'open' } }],
    ['in the QR code', { data: { qrcode: { instance: 'loja', code: '2@x' } } }],
  ];
  test.each(forms)('%s', (_name, body) => {
    expect(readEnvelope({ event: 'connection.update', ...body }, null).instance).toBe('loja');
  });

  test.each([{}, { instance: '' }, { instance: 5 }, { instance: { a: 1 } }, { instance: 'a\0b' }])(
    'or not: %j',
    (body) => {
      expect(readEnvelope({ event: 'connection.update', ...body }, null).instance).toBeNull();
    },
  );
});

test.each([
  [{}, 'body.event'],
  [{ event: 5 }, 'body.event'],
  [{ event: 'x'.repeat(300) }, 'body.event'],
  [{ event: 'messages.upsert', data: nested(80) }, 'body'],
  [{ event: 'messages.upsert', data: Array.from({ length: 6000 }, () => 1) }, 'body.data'],
])('a body that cannot be read is refused with the field: %#', (body, field) => {
  expect(() => readEnvelope(body as Json, null)).toThrow(GatewayError);
  expect(() => readEnvelope(body as Json, null)).toThrow(field);
});

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = { a: value };
  return value;
}

test.each([
  [undefined, undefined, { secret: null, event: null }],
  ['messages-upsert', undefined, { secret: null, event: 'messages.upsert' }],
  ['group-participants-update', undefined, { secret: null, event: 'group.participants.update' }],
  ['a-secret-of-the-operator-1', undefined, { secret: 'a-secret-of-the-operator-1', event: null }],
  ['my-secret-1234567', 'qrcode-updated', { secret: 'my-secret-1234567', event: 'qrcode.updated' }],
])('the path may end with %s/%s', (first, second, expected) => {
  expect(readTail(first, second)).toEqual(expected);
});

describe('states', () => {
  const png = 'data:image/png;base64,iVBORw0KGgo=';
  const rows: [string, Json | string, Estado, object | null][] = [
    [
      'connection.update',
      { state: 'open', wuid: '5511900000000@s.whatsapp.net' },
      'qr_ready',
      { estado: 'ready', numero: '5511900000000' },
    ],
    ['connection.update', { state: 'connecting' }, 'ready', { estado: 'reconnecting' }],
    ['connection.update', { state: 'connecting' }, 'idle', { estado: 'initializing' }],
    ['connection.update', { state: 'connecting' }, 'qr_ready', null],
    [
      'connection.update',
      { state: 'close', statusReason: 401 },
      'ready',
      { estado: 'logged_out', motivo: 'LOGGED_OUT', numero: null },
    ],
    [
      'connection.update',
      { state: 'close', statusReason: '403' },
      'ready',
      { estado: 'banned', motivo: 'ACCOUNT_LOCKED' },
    ],
    ['connection.update', { state: 'close' }, 'ready', { estado: 'disconnected', motivo: 'CONNECTION_CLOSED' }],
    ['connection.update', { state: 'refused' }, 'qr_ready', { estado: 'disconnected', motivo: 'QR_EXPIRED' }],
    ['connection.update', { state: { a: 1 } }, 'ready', null],
    [
      'qrcode.updated',
      { qrcode: { code: '2@abc', base64: png } },
      'idle',
      { estado: 'qr_ready', qr: { code: '2@abc', image: png } },
    ],
    ['qrcode.updated', { qrcode: png }, 'idle', { estado: 'qr_ready', qr: { code: null, image: png } }],
    ['qrcode.updated', { qrcode: '2@abc' }, 'idle', { qr: { code: '2@abc', image: null } }],
    ['qrcode.updated', { message: 'QR code limit reached', statusCode: 500 }, 'qr_ready', { motivo: 'QR_EXPIRED' }],
    ['qrcode.updated', { qrcode: { base64: 'data:text/html;base64,AAAA' } }, 'idle', null],
    ['status.instance', { status: 'closed', disconnectionReasonCode: 401 }, 'ready', { estado: 'logged_out' }],
    ['logout.instance', {}, 'ready', { estado: 'logged_out' }],
    ['remove.instance', {}, 'ready', { estado: 'disconnected', motivo: 'REMOVED_AT_SERVER' }],
  ];
  test.each(rows)('%s %j in %s', (event, data, before, expected) => {
    const change = stateChange(readEnvelope({ ...anEnvelope(event, 'loja', data), sender: undefined }, null), before);
    if (expected === null) expect(change).toBeNull();
    else expect(change).toMatchObject(expected);
  });
});

describe('a delivery is recognised', () => {
  const one = aWireMessage();
  const key = (item: unknown, event = 'messages.upsert') => eventKey(event, '3EB0', item, null);

  test('whatever its status has become', () => {
    expect(key({ ...one, status: 'READ' })).toBe(key(one));
  });
  test('and each status of it once', () => {
    expect(key({ status: 'READ' }, 'messages.update')).not.toBe(key({ status: 'DELIVERY_ACK' }, 'messages.update'));
    expect(key({ status: 'READ' }, 'messages.update')).toBe(key({ status: 'READ' }, 'messages.update'));
  });
  test('each edit and each member’s receipt is one of its own', () => {
    expect(key({ editedMessage: 'a' }, 'messages.edited')).not.toBe(key({ editedMessage: 'b' }, 'messages.edited'));
    expect(key({ status: 'READ', participant: 'a' }, 'messages.update')).not.toBe(
      key({ status: 'READ', participant: 'b' }, 'messages.update'),
    );
  });
});

/** Values that a wrong or hostile server may put anywhere. */
const nasty = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('5511911111111@s.whatsapp.net', '1@lid', '120363000000000001@g.us', '__proto__', -1, 1e308, true),
);
const fields = [
  'conversation',
  'imageMessage',
  'audioMessage',
  'reactionMessage',
  'protocolMessage',
  'pollUpdateMessage',
  'contactMessage',
  'listMessage',
  'viewOnceMessage',
  'messageContextInfo',
  'base64',
  'mediaUrl',
];
const message = fc.dictionary(fc.constantFrom(...fields), nasty, { maxKeys: 3 });
const key = fc.record(
  { remoteJid: nasty, id: nasty, fromMe: nasty, participant: nasty, remoteJidAlt: nasty },
  { requiredKeys: [] },
);
const item = fc.oneof(
  fc.record(
    { key, message, contextInfo: nasty, pushName: nasty, messageTimestamp: nasty, status: nasty, editedMessage: nasty },
    { requiredKeys: [] },
  ),
  fc.record({
    key: fc.constant(aWireMessage().key),
    message,
    contextInfo: nasty,
    messageTimestamp: nasty,
    editedMessage: message,
    pollUpdates: nasty,
    status: nasty,
  }),
  fc.record(
    { remoteJid: nasty, keyId: nasty, id: nasty, status: nasty, subject: nasty, pushName: nasty },
    { requiredKeys: [] },
  ),
  nasty,
);

test('whatever is posted is refused as a bad request, or can be read by the projector', async () => {
  const event = fc.constantFrom(...(Object.keys(WIRE_ITEMS) as RowEvent[]));
  const property = fc.asyncProperty(event, item, async (name, value) => {
    try {
      const { items } = readEnvelope({ event: name, instance: 'loja', data: value }, null);
      for (const [index, each] of items.entries()) {
        const whatsappId = checkedItem(name, each, index);
        eventKey(name, whatsappId, each, null);
        const base = { kind: 'evolution', seq: 1, connectionId: 'loja', at: 1_795_262_405_000, event: name } as const;
        await decodeEntry({ ...base, data: JSON.stringify(each), whatsappId, me: null, mediaUrl: null });
      }
    } catch (error) {
      expect([isGatewayError(error) && error.code, error]).toEqual(['BAD_REQUEST', error]);
    }
  });
  await fc.assert(property, { numRuns: 1000 });
}, 60_000);

test('whatever a state event says, it is understood or changes nothing', () => {
  const names = ['connection.update', 'qrcode.updated', 'status.instance', 'logout.instance'];
  fc.assert(
    fc.property(fc.constantFrom(...names), nasty, (event, data) => {
      const envelope = readEnvelope({ event, instance: 'loja', data }, null);
      const change = stateChange(envelope, 'idle');
      expect(change === null || typeof change.estado === 'string').toBe(true);
    }),
    { numRuns: 1000 },
  );
});
