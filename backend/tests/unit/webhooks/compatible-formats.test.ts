import { expect, test } from '@jest/globals';
import type { proto } from '@whiskeysockets/baileys';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import { announceRows } from '../../../src/integration/announce-rows.js';
import type { LogEntry } from '../../../src/journal/records.js';
import { evolutionEnvelope } from '../../../src/notifications/webhooks/envelopes/evolution.js';
import { sentinelaEnvelope } from '../../../src/notifications/webhooks/envelopes/sentinela.js';
import { wahaEnvelope } from '../../../src/notifications/webhooks/envelopes/waha.js';
import type { WebhookEvent } from '../../../src/notifications/webhooks/webhook-events.js';
import { ANA, anOutgoing, aPart, aStanza, aStanzaOf, BIA, GROUP, inGroup } from '../inbound/entries.js';

const facts = {
  connection: { name: 'Loja', numero: '5511900000000', lid: null },
  url: 'https://example.com/hook',
  version: '1.0.0',
  qrImage: async () => '',
};

async function told(entry: LogEntry): Promise<WebhookEvent> {
  const eventos = await decodeEntry(entry);
  const [event] = announceRows({ entry, eventos, resultados: [] }, () => ({ ownerId: null, companyId: null }), true);
  // As it comes out of the journal.
  return JSON.parse(JSON.stringify(event)) as WebhookEvent;
}
type Body = Record<string, never> & { data: Record<string, unknown>; payload: Record<string, unknown> };
const evolution = async (entry: LogEntry) => (await evolutionEnvelope.render(await told(entry), facts)) as Body;
const waha = async (entry: LogEntry) => (await wahaEnvelope.render(await told(entry), facts)) as Body;

const SECRET = new Uint8Array([7, 7, 7]);
const QUOTE = {
  stanzaId: 'ANTES',
  participant: BIA.pn,
  quotedMessage: { imageMessage: { caption: 'a foto', mimetype: 'image/jpeg', mediaKey: SECRET } },
};
const AD = {
  externalAdReply: {
    title: 'Promo',
    sourceType: 'ad',
    sourceId: '123',
    sourceUrl: 'https://fb.me/x',
    ctwaClid: 'CLID',
  },
  entryPointConversionSource: 'ctwa_ad',
};
const PLACE = { degreesLatitude: -23.5, degreesLongitude: -46.6, name: 'Loja', address: 'Rua A' };
const VCARD = 'BEGIN:VCARD\nVERSION:3.0\nFN:Bia\nEND:VCARD';

interface Row {
  what: string;
  message: proto.IMessage;
  /** Of Evolution's `data`: as reference 2A has it, and what its 2.3.6 hands on of Baileys' message. */
  evolution: object;
  /** Of WAHA's `payload` (WAMessage of openapi 2026.7.1). */
  waha: object;
}

/** Field by field: what comes in, and what clients of either find. */
const ROWS: Row[] = [
  {
    what: 'a text',
    message: { conversation: 'oi' },
    evolution: { messageType: 'conversation', message: { conversation: 'oi' }, contextInfo: null },
    waha: { body: 'oi', hasMedia: false, replyTo: null, vCards: [], _data: { message: { conversation: 'oi' } } },
  },
  {
    what: 'a text that quotes a picture',
    message: { extendedTextMessage: { text: 'linda', contextInfo: QUOTE } },
    evolution: {
      messageType: 'conversation',
      message: { conversation: 'linda' },
      contextInfo: {
        ...{ stanzaId: 'ANTES', participant: BIA.pn },
        quotedMessage: { imageMessage: { caption: 'a foto', mimetype: 'image/jpeg' } },
      },
    },
    waha: {
      body: 'linda',
      replyTo: {
        ...{ id: 'ANTES', participant: '5521922222222@c.us', body: 'a foto' },
        _data: { imageMessage: { caption: 'a foto' } },
      },
    },
  },
  {
    what: 'a mention',
    message: { extendedTextMessage: { text: '@222222222222 veja', contextInfo: { mentionedJid: [BIA.lid] } } },
    evolution: { message: { conversation: '@222222222222 veja' }, contextInfo: { mentionedJid: [BIA.lid] } },
    waha: { _data: { message: { extendedTextMessage: { contextInfo: { mentionedJid: [BIA.lid] } } } } },
  },
  {
    what: "an ad's first message",
    message: { extendedTextMessage: { text: 'quero', contextInfo: AD } },
    evolution: { contextInfo: AD },
    waha: { _data: { message: { extendedTextMessage: { contextInfo: AD } } } },
  },
  {
    what: 'a choice from a list',
    message: {
      listResponseMessage: {
        ...{ title: 'Suporte', description: 'Falar com gente', listType: 1 },
        singleSelectReply: { selectedRowId: 'opt_2' },
        contextInfo: { stanzaId: 'LISTA' },
      },
    },
    evolution: {
      messageType: 'listResponseMessage',
      message: {
        listResponseMessage: {
          title: 'Suporte',
          listType: 'SINGLE_SELECT',
          singleSelectReply: { selectedRowId: 'opt_2' },
        },
      },
      contextInfo: { stanzaId: 'LISTA' },
    },
    waha: {
      replyTo: { id: 'LISTA' },
      _data: { message: { listResponseMessage: { singleSelectReply: { selectedRowId: 'opt_2' } } } },
    },
  },
  {
    what: 'a pressed button',
    message: { buttonsResponseMessage: { selectedButtonId: 'sim', selectedDisplayText: 'Sim', type: 1 } },
    evolution: {
      messageType: 'buttonsResponseMessage',
      message: { buttonsResponseMessage: { selectedButtonId: 'sim' } },
    },
    waha: { body: 'Sim', _data: { message: { buttonsResponseMessage: { selectedButtonId: 'sim' } } } },
  },
  {
    what: 'a pressed template button',
    message: { templateButtonReplyMessage: { selectedId: 'x1', selectedDisplayText: 'Ok', selectedIndex: 2 } },
    evolution: { message: { templateButtonReplyMessage: { selectedId: 'x1', selectedIndex: 2 } } },
    waha: { body: 'Ok' },
  },
  {
    what: 'a flow that was filled in',
    message: {
      interactiveResponseMessage: {
        body: { text: 'Enviado' },
        nativeFlowResponseMessage: { name: 'flow', paramsJson: '{"a":1}' },
      },
    },
    evolution: {
      message: { interactiveResponseMessage: { nativeFlowResponseMessage: { name: 'flow', paramsJson: '{"a":1}' } } },
    },
    waha: { body: 'Enviado' },
  },
  {
    what: 'a picture',
    message: { imageMessage: { caption: 'olha', mimetype: 'image/jpeg', fileLength: 1234, height: 10, width: 20 } },
    evolution: {
      messageType: 'imageMessage',
      message: { imageMessage: { caption: 'olha', mimetype: 'image/jpeg', fileLength: '1234', height: 10, width: 20 } },
    },
    waha: { body: 'olha', hasMedia: true, media: { mimetype: 'image/jpeg' } },
  },
  {
    what: 'a voice note',
    message: { audioMessage: { mimetype: 'audio/ogg; codecs=opus', seconds: 4, ptt: true } },
    evolution: { messageType: 'audioMessage', message: { audioMessage: { seconds: 4, ptt: true } } },
    waha: { hasMedia: true, media: { mimetype: 'audio/ogg; codecs=opus' } },
  },
  {
    what: 'a document with a caption',
    message: {
      documentWithCaptionMessage: {
        message: { documentMessage: { fileName: 'nota.pdf', caption: 'a nota', contextInfo: { stanzaId: 'ANTES' } } },
      },
    },
    evolution: {
      messageType: 'documentWithCaptionMessage',
      message: { documentWithCaptionMessage: { message: { documentMessage: { fileName: 'nota.pdf' } } } },
      contextInfo: { stanzaId: 'ANTES' },
    },
    waha: { hasMedia: true, body: 'a nota', media: { filename: 'nota.pdf' }, replyTo: { id: 'ANTES' } },
  },
  {
    what: 'a message that disappears',
    message: {
      ephemeralMessage: { message: { extendedTextMessage: { text: 'some', contextInfo: { expiration: 86400 } } } },
    },
    evolution: { message: { conversation: 'some' }, contextInfo: { expiration: 86400 }, messageType: 'conversation' },
    waha: { body: 'some' },
  },
  {
    what: 'a place',
    message: { locationMessage: PLACE },
    evolution: { messageType: 'locationMessage', message: { locationMessage: PLACE } },
    waha: { location: { latitude: -23.5, longitude: -46.6, description: 'Loja' } },
  },
  {
    what: 'a contact',
    message: { contactMessage: { displayName: 'Bia', vcard: VCARD } },
    evolution: { message: { contactMessage: { displayName: 'Bia', vcard: VCARD } } },
    waha: { vCards: [VCARD] },
  },
  {
    what: 'several contacts',
    message: {
      contactsArrayMessage: { displayName: '2', contacts: [{ displayName: 'Bia', vcard: VCARD }, { vcard: VCARD }] },
    },
    evolution: { message: { contactsArrayMessage: { contacts: [{ vcard: VCARD }, { vcard: VCARD }] } } },
    waha: { vCards: [VCARD, VCARD] },
  },
  {
    what: 'a poll',
    message: {
      pollCreationMessageV3: { name: '?', options: [{ optionName: 'a' }], selectableOptionsCount: 1 },
      messageContextInfo: { messageSecret: SECRET },
    },
    evolution: {
      messageType: 'pollCreationMessageV3',
      message: { pollCreationMessageV3: { name: '?', options: [{ optionName: 'a' }], selectableOptionsCount: 1 } },
    },
    waha: { _data: { message: { pollCreationMessageV3: { name: '?' } } } },
  },
];

test.each(ROWS)('Evolution: $what comes with all its fields', async ({ message, evolution: expected }) => {
  const body = await evolution(aStanza(message));
  expect(body).toMatchObject({ event: 'messages.upsert', instance: 'loja', sender: '5511900000000@s.whatsapp.net' });
  expect(body.data).toMatchObject({
    key: { remoteJid: ANA.pn, remoteJidAlt: ANA.lid, fromMe: false, id: '3EB0AAAA', addressingMode: 'pn' },
    ...{ pushName: 'Ana', status: 'DELIVERY_ACK', instanceId: 'loja', messageTimestamp: 1795262400 },
    ...expected,
  });
});

test.each(ROWS)('WAHA: $what comes with all its fields', async ({ message, waha: expected }) => {
  const body = await waha(aStanza(message));
  expect(body).toMatchObject({ event: 'message', session: 'loja', engine: 'NOWEB' });
  expect(body.payload).toMatchObject({
    id: 'false_5511911111111@c.us_3EB0AAAA',
    ...{ from: '5511911111111@c.us', to: '5511900000000@c.us', fromMe: false, timestamp: 1795262400, ack: 2 },
    ...expected,
  });
  expect(body.payload['_data']).toMatchObject({
    key: { remoteJid: ANA.pn, fromMe: false, id: '3EB0AAAA' },
    ...{ pushName: 'Ana', messageTimestamp: 1795262400 },
  });
});

test.each(ROWS)('no secret leaves with $what, and our own format has no fields of WhatsApp', async ({ message }) => {
  const entry = aStanza({ ...message, messageContextInfo: { messageSecret: SECRET } });
  for (const body of [await evolution(entry), await waha(entry)]) {
    expect(JSON.stringify(body)).not.toMatch(/mediaKey|messageSecret|BwcH/);
  }
  expect(await sentinelaEnvelope.render(await told(entry), facts)).not.toHaveProperty('data.original');
});

test('what this number sends by API is told with the same fields: send.message, message.any', async () => {
  const entry = anOutgoing({
    extendedTextMessage: { text: 'certo', contextInfo: { stanzaId: 'ANTES', participant: ANA.pn } },
  });
  expect(await evolution(entry)).toMatchObject({
    event: 'send.message',
    data: { key: { fromMe: true }, message: { conversation: 'certo' }, contextInfo: { stanzaId: 'ANTES' } },
  });
  expect(await waha(entry)).toMatchObject({
    event: 'message.any',
    payload: { fromMe: true, source: 'api', replyTo: { id: 'ANTES', participant: '5511911111111@c.us' } },
  });
});

test("a group's first message, which brings a key, is told without the key, with its author", async () => {
  const key = aPart({ senderKeyDistributionMessage: { groupId: GROUP } }, { type: 'pkmsg' });
  const text = aPart({ conversation: 'oi grupo' }, { type: 'skmsg' });
  const body = await evolution(aStanzaOf([key, text], { attrs: inGroup() }));
  expect(body.data).toMatchObject({ key: { remoteJid: GROUP, participant: ANA.lid, participantAlt: ANA.pn } });
  expect(body.data['message']).toEqual({ conversation: 'oi grupo' });
});

test('a picture that is part of a message gives way when the message would be too large', async () => {
  const large = { caption: 'olha', jpegThumbnail: new Uint8Array(80_000).fill(1) };
  const { data } = await evolution(aStanza({ imageMessage: large }));
  expect(data['message']).toEqual({ imageMessage: { caption: 'olha' } });
});
