import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { messageFromOutbox } from '../../src/outbound/message-from-outbox.js';
import type { IdempotencyClaim } from '../../src/outbound/accept-message.js';
import { decodeMessage } from '../../src/outbound/text-message.js';
import { aGroup, anOutbound, closeAll, CONNECTION, settle, until } from './outbound-fixtures.js';

afterEach(closeAll);

const PN = '5511999999999@s.whatsapp.net';
const LID = '123456789012345@lid';

function aClaim(key: string, body = 'the body'): IdempotencyClaim {
  return { scope: `anonymous/${CONNECTION}`, key, bodySha256: createHash('sha256').update(body).digest() };
}

describe('an accepted message', () => {
  test('is in the outbox and in the log before the answer, with the ids it keeps', async () => {
    const { send, record, entries } = await anOutbound({ estado: 'reconnecting' });
    const accepted = await send(aGroup(1), 'olá');
    expect(record(accepted.whatsappId)).toEqual(accepted);
    expect(accepted.whatsappId).toMatch(/^3EB0[0-9A-F]{18}$/);
    expect(accepted).toMatchObject({ state: 'accepted', to: aGroup(1), chatJid: aGroup(1), remetente: 'ATENDENTE' });
    const [entry] = entries('outgoing');
    expect(entry).toMatchObject({ seq: accepted.seq, rowId: accepted.rowId, whatsappId: accepted.whatsappId });
    expect(decodeMessage(entry?.message ?? new Uint8Array()).extendedTextMessage?.text).toBe('olá');
  });

  test('can be asked for again by a recipient who could not decrypt it, also after a restart', async () => {
    const first = await anOutbound();
    const { whatsappId } = await first.send(aGroup(1), 'de novo');
    await until(() => first.record(whatsappId).state === 'sent');
    await first.crash();
    const { journal } = await anOutbound({ dir: first.dir });
    expect(messageFromOutbox(journal, CONNECTION, whatsappId)?.extendedTextMessage?.text).toBe('de novo');
    expect(messageFromOutbox(journal, CONNECTION, '3EB0UNKNOWN')).toBeUndefined();
    expect(messageFromOutbox(journal, 'another', whatsappId)).toBeUndefined();
  });

  test('carries its quote and its mentions', async () => {
    const { send } = await anOutbound({ estado: 'reconnecting' });
    const quoted = { stanzaId: 'QUOTED', participant: PN, text: 'a pergunta' };
    const { message } = await send(aGroup(1), '@5511999999999 a resposta', { quoted, mentions: [PN] });
    expect(decodeMessage(message).extendedTextMessage?.contextInfo).toMatchObject({
      stanzaId: 'QUOTED',
      participant: PN,
      quotedMessage: { conversation: 'a pergunta' },
      mentionedJid: [PN],
    });
  });

  test('has no lone surrogates, which have no place in UTF-8', async () => {
    const { send } = await anOutbound({ estado: 'reconnecting' });
    const { message } = await send(aGroup(1), 'a\ud800b 😀 \u202eعربى');
    expect(decodeMessage(message).extendedTextMessage?.text).toBe('a\ufffdb 😀 \u202eعربى');
  });

  test.each([
    ['', 'EMPTY_MESSAGE'],
    [' \n', 'EMPTY_MESSAGE'],
    ['x'.repeat(65_537), 'MESSAGE_TOO_LONG'],
  ])('is never empty or too long', async (text, code) => {
    const { send, entries, journal } = await anOutbound();
    await expect(send(aGroup(1), text)).rejects.toMatchObject({ code });
    expect(entries('outgoing')).toEqual([]);
    expect(journal.stats().outboxUnfinished).toBe(0);
  });
});

describe('a number', () => {
  test('is checked while connected, and the row carries the address that WhatsApp answered', async () => {
    const jid = '553188887777@s.whatsapp.net';
    const { send, channel, entries } = await anOutbound({
      script: { numbers: { '5531988887777': { jid, lid: LID } } },
    });
    const { whatsappId } = await send('+55 (31) 98888-7777', 'oi');
    expect(entries('outgoing')).toMatchObject([{ whatsappId, chatJid: jid, pn: jid, lid: LID }]);
    await until(() => channel.relayed.length === 1);
    expect(channel.relayed[0]?.jid).toBe(jid);
  });

  test('that is not on WhatsApp is refused while connected, and nothing is kept', async () => {
    const { send, channel, entries } = await anOutbound();
    await expect(send('5511999999999', 'oi')).rejects.toMatchObject({ code: 'NOT_ON_WHATSAPP' });
    expect(channel.lookups).toEqual(['5511999999999 551199999999']);
    expect(entries('outgoing')).toEqual([]);
  });

  test('that is not on WhatsApp fails at send time when it was accepted offline', async () => {
    const { send, channel, record, entries } = await anOutbound({ estado: 'reconnecting' });
    const { whatsappId } = await send('11 99999-9999', 'oi');
    expect(entries('outgoing')).toMatchObject([{ chatJid: PN, pn: PN, lid: null }]);
    channel.open();
    await until(() => record(whatsappId).state === 'failed');
    expect(record(whatsappId).error).toBe('NOT_ON_WHATSAPP');
    expect(entries('outcome')).toMatchObject([{ whatsappId, chatJid: PN, pn: PN, error: 'NOT_ON_WHATSAPP' }]);
    expect(channel.relayed).toEqual([]);
  });

  const MEXICAN = '525512345678';
  const RESPELLED = [
    {
      what: 'a Brazilian one without the ninth digit: one contato, now with WhatsApp’s number',
      asked: '5531988887777',
      known: { jid: '553188887777@s.whatsapp.net', lid: null },
      contacts: [{ pn: '553188887777@s.whatsapp.net', lid: null }],
      outcome: { pn: '553188887777@s.whatsapp.net', lid: null },
    },
    {
      what: 'a Mexican one with its extra digit: the LID ties both numbers together',
      asked: MEXICAN,
      known: { jid: '5215512345678@s.whatsapp.net', lid: LID },
      contacts: [
        { pn: `${MEXICAN}@s.whatsapp.net`, lid: LID },
        { pn: '5215512345678@s.whatsapp.net', lid: LID },
      ],
      outcome: { pn: '5215512345678@s.whatsapp.net', lid: LID },
    },
    {
      what: 'the same without a LID: the outcome names the row by its own number',
      asked: MEXICAN,
      known: { jid: '5215512345678@s.whatsapp.net', lid: null },
      contacts: [{ pn: `${MEXICAN}@s.whatsapp.net`, lid: null }],
      outcome: { pn: `${MEXICAN}@s.whatsapp.net`, lid: null },
    },
  ];

  test.each(RESPELLED)('accepted offline that WhatsApp spells otherwise: $what', async (row) => {
    const { send, channel, record, entries } = await anOutbound({
      script: { numbers: { [row.asked]: row.known } },
      estado: 'reconnecting',
    });
    const { whatsappId } = await send(`+${row.asked}`, 'oi');
    expect(entries('outgoing')).toMatchObject([{ pn: `${row.asked}@s.whatsapp.net`, lid: null }]);
    channel.open();
    await until(() => record(whatsappId).state === 'sent');
    const { jid } = row.known;
    expect(channel.relayed[0]?.jid).toBe(jid);
    expect(entries('contact')).toMatchObject(row.contacts.map((contact) => ({ ...contact, jid, tipo: 'pessoa' })));
    expect(entries('outcome')).toMatchObject([{ whatsappId, chatJid: jid, error: null, ...row.outcome }]);
  });

  test('given as a LID goes to the LID, and the row has the number if it was ever met', async () => {
    const { send, channel, journal, entries } = await anOutbound();
    const mutations = { 'lid-mapping': { '123456789012345_reverse': '5511999999999' } };
    await journal.commit({ keys: { connectionId: CONNECTION, mutations } });
    await send(LID, 'oi');
    await until(() => channel.relayed.length === 1);
    expect(channel.relayed[0]?.jid).toBe(LID);
    expect(entries('outgoing')).toMatchObject([{ chatJid: LID, pn: PN, lid: LID }]);
    expect(channel.lookups).toEqual([]);
  });
});

describe('an Idempotency-Key', () => {
  test('used twice gives the first answer, also after a restart', async () => {
    const first = await anOutbound();
    const claim = aClaim('pedido-1');
    const { whatsappId } = await first.send(aGroup(1), 'oi', { idempotency: claim });
    const again = await first.acceptor.accept({
      connectionId: CONNECTION,
      to: aGroup(1),
      content: { kind: 'text', text: 'oi' },
      remetente: 'ATENDENTE',
      idempotency: claim,
    });
    expect(again).toMatchObject({ replayed: true, record: { whatsappId } });
    await first.crash();
    const second = await anOutbound({ dir: first.dir });
    expect(second.acceptor.replay(CONNECTION, claim)).toMatchObject({ replayed: true, record: { whatsappId } });
    expect((await second.send(aGroup(1), 'oi', { idempotency: claim })).whatsappId).toBe(whatsappId);
    expect(second.entries('outgoing')).toHaveLength(1);
  });

  test('used many times at once makes one message', async () => {
    const { send, channel, entries, journal } = await anOutbound();
    const sends = Array.from({ length: 20 }, () => send(aGroup(1), 'oi', { idempotency: aClaim('pedido-1') }));
    const ids = (await Promise.all(sends)).map(({ whatsappId }) => whatsappId);
    await settle(journal);
    expect(new Set(ids).size).toBe(1);
    expect(entries('outgoing')).toHaveLength(1);
    expect(channel.relayed).toHaveLength(1);
  });

  test('used with another body, or for another connection, is refused', async () => {
    const { send, entries } = await anOutbound();
    await send(aGroup(1), 'oi', { idempotency: aClaim('pedido-1') });
    const conflict = { code: 'IDEMPOTENCY_CONFLICT' };
    await expect(send(aGroup(1), 'outra', { idempotency: aClaim('pedido-1', 'other') })).rejects.toMatchObject(
      conflict,
    );
    await expect(
      send(aGroup(1), 'oi', { idempotency: aClaim('pedido-1'), connectionId: 'loja-2' }),
    ).rejects.toMatchObject(conflict);
    expect(entries('outgoing')).toHaveLength(1);
  });

  test('of a request that was refused is free again', async () => {
    const { send, entries } = await anOutbound();
    const claim = aClaim('pedido-1');
    const refused = send(aGroup(1), '', { idempotency: claim });
    const accepted = send(aGroup(1), 'oi', { idempotency: claim });
    await expect(refused).rejects.toMatchObject({ code: 'EMPTY_MESSAGE' });
    await accepted;
    expect(entries('outgoing')).toHaveLength(1);
  });

  test('is forgotten after seven days', async () => {
    const { send, clock, acceptor } = await anOutbound();
    await send(aGroup(1), 'oi', { idempotency: aClaim('pedido-1') });
    clock.advance(7 * 86_400_000);
    expect(acceptor.replay(CONNECTION, aClaim('pedido-1'))).toBeNull();
  });
});
