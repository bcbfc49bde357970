import { beforeAll, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { contentsOf } from '../../src/outbound/disappearing.js';
import type { Contact, Group } from '../../src/simulator/index.js';
import { aGateway, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const DAY = 86_400;
const WEEK = 604_800;
const { EPHEMERAL_SETTING } = proto.Message.ProtocolMessage.Type;
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const OGG = Buffer.from(
  '4f67675300020000000000000000000000000000000000000000011e4f7075734865616401010000000000000000',
  'hex',
).toString('base64');

const gateway = aGateway({ FFMPEG_PATH: '/nonexistent/ffmpeg' });
let shop: PairedConnection;

beforeAll(async () => {
  shop = await gateway.aPairedConnection('temporarias');
});

const expiring = (seconds: number, settingAt?: number): proto.IMessage => ({
  extendedTextMessage: {
    text: 'some logo',
    contextInfo: { expiration: seconds, ...(settingAt && { ephemeralSettingTimestamp: settingAt }) },
  },
});
const setting = (seconds?: number): proto.IMessage => ({
  protocolMessage: { type: EPHEMERAL_SETTING, ...(seconds !== undefined && { ephemeralExpiration: seconds }) },
});
/** Nothing that was sent before it is still on its way in. */
const arrived = async (from: Contact) => void (await gateway.crm.mensagem(shop.id, from.send(shop.phone, 'oi').id));
const hears = async (from: Contact, ...contents: proto.IMessage[]) => {
  for (const content of contents) from.send(shop.phone, content);
  await arrived(from);
};

/** A group's first message brings its key beside the content. */
const contextOf = (message: proto.IMessage) =>
  contentsOf(message).find(({ contextInfo }) => contextInfo)?.contextInfo ?? {};

/** The context of what arrives at `reader` when this is sent. */
async function contextAt(reader: Contact, body: Record<string, unknown>): Promise<proto.IContextInfo> {
  const answer = await gateway.send(shop.id, body);
  expect(verdict(answer)).toBe('201');
  const { message } = await reader.nextMessage(({ id }) => id === answer.body.message.whatsappId);
  return contextOf(message);
}
const expiryAt = async (reader: Contact, to = reader.pnJid) =>
  (await contextAt(reader, { to, content: 'resposta' })).expiration ?? 0;

const CONTENTS: [string, Record<string, unknown>][] = [
  ['a text', { content: 'oi' }],
  ['a text that names somebody', { content: 'oi @5511955554444', mentions: ['5511955554444'] }],
  ['a picture', { type: 'image', mediaBase64: PNG, caption: 'veja' }],
  ['a picture to be seen once', { type: 'image', mediaBase64: PNG, viewOnce: true }],
  ['a document', { type: 'document', mediaBase64: 'T2zDoSE=', fileName: 'ola.txt' }],
  ['a document with a caption', { type: 'document', mediaBase64: 'T2zDoSE=', fileName: 'ola.txt', caption: 'leia' }],
  ['a voice message', { type: 'voice', mediaBase64: OGG }],
  ['a location', { type: 'location', location: { latitude: -23.5, longitude: -46.6 } }],
  ['a contact card', { type: 'contact', contacts: [{ name: 'Beto', numbers: ['11955554444'] }] }],
  ['contact cards', { type: 'contact', contacts: [1, 2].map((n) => ({ name: `B${n}`, numbers: [`1195555444${n}`] })) }],
  ['a poll', { type: 'poll', poll: { question: 'Dia?', options: ['a', 'b'] } }],
  ['a poll with several answers', { type: 'poll', poll: { question: 'Dia?', options: ['a', 'b'], selectable: 2 } }],
];

test.each(CONTENTS)("%s has the chat's timer", async (_what, body) => {
  const ana = gateway.aCustomer();
  await hears(ana, expiring(DAY, 1_700_000_000));
  expect(await contextAt(ana, { to: ana.pnJid, ...body })).toMatchObject({ expiration: DAY });
});

test('an answer names the moment at which the timer was set, and keeps what it mentions and quotes', async () => {
  const ana = gateway.aCustomer();
  await hears(ana, expiring(DAY, 1_700_000_000));
  const { id } = ana.send(shop.phone, 'cita');
  await gateway.crm.mensagem(shop.id, id);
  const context = await contextAt(ana, { to: ana.pnJid, content: 'sim', replyTo: id });
  expect(context).toMatchObject({ expiration: DAY, stanzaId: id });
  expect(Number(context.ephemeralSettingTimestamp)).toBe(1_700_000_000);
});

test('a forwarded message has it, too', async () => {
  const ana = gateway.aCustomer();
  await hears(ana, expiring(DAY));
  const { id } = ana.send(shop.phone, 'passe adiante');
  await gateway.crm.mensagem(shop.id, id);
  const forwarded = await contextAt(ana, { to: ana.pnJid, type: 'forward', messageId: id });
  expect(forwarded).toMatchObject({ expiration: DAY, isForwarded: true });
});

test('a caption of a document keeps its mentions', async () => {
  const ana = gateway.aCustomer();
  const file = { type: 'document', mediaBase64: 'T2zDoSE=', fileName: 'ola.txt', caption: '@5511955554444' };
  const context = await contextAt(ana, { to: ana.pnJid, ...file, mentions: ['5511955554444'] });
  expect(context.mentionedJid).toEqual(['5511955554444@s.whatsapp.net']);
});

test('reactions, edits and deletions have no timer of their own', async () => {
  const ana = gateway.aCustomer();
  await hears(ana, expiring(DAY));
  const sent = await gateway.send(shop.id, { to: ana.pnJid, content: 'um' });
  const messageId = sent.body.message.whatsappId;
  await ana.nextMessage();
  for (const body of [
    { type: 'reaction', messageId, emoji: '👍' },
    { type: 'edit', messageId, content: 'dois' },
    { type: 'delete', messageId },
  ]) {
    expect(verdict(await gateway.send(shop.id, body))).toBe('201');
    const { message } = await ana.nextMessage();
    expect(JSON.stringify(message)).not.toContain('expiration');
  }
});

test('a chat without a timer has none on the way out', async () => {
  const ana = gateway.aCustomer();
  await arrived(ana);
  expect(await expiryAt(ana)).toBe(0);
});

test.each(['pn', 'lid'] as const)('whoever writes by %s is answered with the timer at both addresses', async (by) => {
  const ana = gateway.aCustomer({ addressing: by });
  await hears(ana, expiring(DAY));
  expect(await expiryAt(ana, ana.pnJid)).toBe(DAY);
  expect(await expiryAt(ana, ana.lidJid)).toBe(DAY);
  expect(await expiryAt(ana, ana.number)).toBe(DAY);
});

test('a timer set by number is ended by LID', async () => {
  const ana = gateway.aCustomer({ addressing: 'pn' });
  await hears(ana, setting(DAY));
  expect(await expiryAt(ana)).toBe(DAY);
  ana.addressing = 'lid';
  await hears(ana, setting(0));
  expect(await expiryAt(ana, ana.pnJid)).toBe(0);
  expect(await expiryAt(ana, ana.lidJid)).toBe(0);
});

test.each([
  ['a setting', [setting(DAY)], DAY],
  ['a setting in the wrapper', [{ ephemeralMessage: { message: setting(WEEK) } }], WEEK],
  ['another setting', [setting(DAY), setting(WEEK)], WEEK],
  ['a setting of 0', [setting(DAY), setting(0)], 0],
  ['a setting without a number', [setting(DAY), setting()], 0],
  ['a setting of 0 in the wrapper', [setting(DAY), { ephemeralMessage: { message: setting(0) } }], 0],
  ['a wrapped message', [{ ephemeralMessage: { message: expiring(DAY) } }], DAY],
  ['a wrapped message that names no timer', [{ ephemeralMessage: { message: { conversation: 'x' } } }], WEEK],
  [
    'a wrapped message that names none in a chat that has one',
    [setting(DAY), { ephemeralMessage: { message: { conversation: 'x' } } }],
    DAY,
  ],
  [
    'a message with an older timer than the known one',
    [expiring(WEEK, 1_700_000_000), expiring(DAY, 1_600_000_000)],
    WEEK,
  ],
  ['a message with a newer one', [expiring(WEEK, 1_600_000_000), expiring(DAY, 1_700_000_000)], DAY],
  ['a time in milliseconds', [expiring(WEEK, 1_600_000_000_000), expiring(DAY, 1_700_000_000)], DAY],
  ['a time in the future, which holds nothing up', [expiring(WEEK, 4_000_000_000), setting(DAY)], DAY],
  ['a plain message, which ends nothing', [setting(DAY), { conversation: 'x' }], DAY],
])('%s is understood', async (_what, contents, seconds) => {
  const ana = gateway.aCustomer();
  await hears(ana, ...contents);
  expect(await expiryAt(ana)).toBe(seconds);
});

test("what is set on this number's own phone counts, whatever the address", async () => {
  const ana = gateway.aCustomer();
  await arrived(ana);
  const fromPhone = async (to: string, content: proto.IMessage) => {
    shop.phone.sendFromPhone(to, content);
    await gateway.crm.mensagem(shop.id, shop.phone.sendFromPhone(to, 'do celular').id);
  };
  await fromPhone(ana.lidJid, setting(DAY));
  expect(await expiryAt(ana)).toBe(DAY);
  await fromPhone(ana.pnJid, setting(0));
  expect(await expiryAt(ana)).toBe(0);
  await fromPhone(ana.pnJid, expiring(WEEK));
  expect(await expiryAt(ana, ana.lidJid)).toBe(WEEK);
});

test('a timer survives a restart, and what was accepted under it keeps it', async () => {
  const ana = gateway.aCustomer();
  await hears(ana, expiring(DAY));
  await gateway.restart();
  await gateway.untilEstado(shop.id, 'ready');
  expect(await expiryAt(ana)).toBe(DAY);
});

test('a message that was accepted before a change goes out as it was accepted', async () => {
  const ana = gateway.aCustomer();
  await hears(ana, setting(DAY));
  const { faults } = gateway.simulator;
  faults.httpStatusOnUpgrade(503);
  faults.close(shop.companion);
  await until('the connection to be away', async () => (await gateway.connection(shop.id)).estado !== 'ready');
  const answer = await gateway.send(shop.id, { to: ana.pnJid, content: 'antes' });
  expect(verdict(answer)).toBe('202');
  ana.send(shop.phone, setting(0));
  faults.httpStatusOnUpgrade(null);
  const { message } = await ana.nextMessage();
  expect(contextOf(message).expiration).toBe(DAY);
  await arrived(ana);
  expect(await expiryAt(ana)).toBe(0);
});

test('the old chats of a linked phone bring their timers along', async () => {
  const other = await gateway.aPairedConnection('historia', { settings: { sincronizarHistorico: true } });
  const ana = gateway.aCustomer();
  const chat = { jid: ana.lidJid, lidJid: ana.lidJid, ephemeralS: DAY };
  const [id] = other.phone.past.add(chat, [{ content: 'antiga', timestamp: 1_700_000_000 }]);
  await other.phone.syncHistory(other.companion);
  await gateway.crm.mensagem(other.id, id!);
  const answer = await gateway.send(other.id, { to: ana.lidJid, content: 'oi' });
  expect(verdict(answer)).toBe('201');
  const { message } = await ana.nextMessage();
  expect(contextOf(message).expiration).toBe(DAY);
});

function aGroup(ana: Contact, ephemeralS = 0): Group {
  const group = gateway.simulator.createGroup({ subject: 'Equipe', members: [ana, shop.phone] });
  group.ephemeralS = ephemeralS;
  return group;
}

/** What is heard of a group has it asked for. */
const known = async (group: Group, member: Contact) => {
  member.sendToGroup(group, 'oi, grupo');
  await until('the group', () => gateway.parts.journal.getKeys(shop.id, 'group-metadata', [group.jid])[group.jid]);
};

test("a group's timer is known from its data, and followed as its notices change it", async () => {
  const ana = gateway.aCustomer();
  const group = aGroup(ana, WEEK);
  await known(group, ana);
  expect(await expiryAt(ana, group.jid)).toBe(WEEK);
  const change = async (seconds: number) => {
    gateway.simulator.changeGroup(group, ana, { kind: 'ephemeral', seconds });
    const heard = () => gateway.parts.journal.getKeys(shop.id, 'chat-timer', [group.jid])[group.jid];
    await until('the notice', () => (heard() as { seconds: number } | undefined)?.seconds === seconds);
  };
  await change(DAY);
  expect(await expiryAt(ana, group.jid)).toBe(DAY);
  await change(0);
  expect(await expiryAt(ana, group.jid)).toBe(0);
});

test("a member's message tells a group's timer when its data did not", async () => {
  const ana = gateway.aCustomer();
  const group = aGroup(ana);
  await gateway.crm.mensagem(shop.id, ana.sendToGroup(group, expiring(DAY)).id);
  expect(await expiryAt(ana, group.jid)).toBe(DAY);
});
