import { describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { readEnvelope } from '../../../src/evolution/envelope.js';
import { canonicalEvent, isEventSuffix } from '../../../src/evolution/event-names.js';
import { messagePrint } from '../../../src/evolution/message-print.js';
import { parseRecipient, digitsOfJid } from '../../../src/lib/phone-number.js';
import {
  fillTemplate,
  hasBrokenBraces,
  namesIn,
  robotValues,
} from '../../../src/integration/templates/fill-template.js';
import { Cuts } from '../../../src/inbound/content/caps.js';
import { readVcard } from '../../../src/inbound/content/vcard.js';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import type { EvolutionEntry, HistoryEntry, LogEntry, NotificationEntry } from '../../../src/journal/records.js';
import { redact } from '../../../src/lib/redact.js';
import { shortLine, storableText } from '../../../src/lib/text.js';
import { applyGroupNotice } from '../../../src/whatsapp/apply-group-notice.js';
import { expectLinear, textsOf } from '../../support/linear.js';
import { listPaths, stringPaths, withValue, type ProtoPath } from '../../support/proto-strings.js';
import { ANA, aReceipt, aStanza, aText, AT, GROUP, inGroup, ME } from './entries.js';

/** What a message says beside its content is tried once, in a text. */
const BESIDE = ['contextInfo', 'messageContextInfo'];
const CONTENT = stringPaths('Message', BESIDE);
const AROUND = [...stringPaths('ContextInfo').map((path) => ['extendedTextMessage', 'contextInfo', ...path])];
const PATHS = distinct([...CONTENT, ...AROUND]);
const LISTS = distinct([
  ...listPaths('Message', BESIDE),
  ...listPaths('ContextInfo').map((path) => ['extendedTextMessage', 'contextInfo', ...path]),
]);

/** The same type stands at many places of a template; its last names say how it is read. */
function distinct(paths: ProtoPath[]): ProtoPath[] {
  return [...new Map(paths.map((path) => [path.slice(-2).join('.'), path])).values()];
}

function messageWith(path: ProtoPath, value: unknown, items?: number): proto.IMessage {
  return proto.Message.fromObject(withValue(path, value, items) as Record<string, unknown>);
}

/** Errors are answers, too: what counts is the work. */
async function decode(entry: LogEntry): Promise<void> {
  await decodeEntry(entry).catch(() => undefined);
}

function attempt(work: () => unknown): void {
  try {
    work();
  } catch {
    // A refusal is an answer.
  }
}

function aHistory(info: proto.IWebMessageInfo, chat: Partial<HistoryEntry['chat']> = {}): HistoryEntry {
  const bytes = proto.WebMessageInfo.encode(info).finish();
  const of = { jid: ANA.pn, pn: null, lid: null, nome: null, ...chat };
  return { kind: 'history', seq: 3, connectionId: 'loja', at: AT, me: ME, info: bytes, chat: of, missed: true };
}

function anEvolution(data: Record<string, unknown>, event = 'messages.upsert'): EvolutionEntry {
  const facts = { event, data: JSON.stringify(data), whatsappId: 'X', me: ME, mediaUrl: null };
  return { kind: 'evolution', seq: 3, connectionId: 'loja', at: AT, ...facts };
}

function aNotice(tag: string, attrs: Record<string, string>, participant: Record<string, string>): NotificationEntry {
  const content = [{ tag, attrs, content: [{ tag: 'participant', attrs: participant }] }];
  const node = { tag: 'notification', attrs: { from: GROUP, id: 'N', type: 'w:gp2', ...inGroup() }, content };
  return { kind: 'notification', seq: 3, connectionId: 'loja', at: AT, me: ME, node };
}

describe('whatever a stranger writes costs time in proportion to its length', () => {
  test('the definition of the pinned Baileys is read', () => {
    expect(PATHS.length).toBeGreaterThan(400);
    expect(LISTS.length).toBeGreaterThan(40);
    expect(PATHS).toContainEqual(['contactMessage', 'vcard']);
  });

  const byField = groupedBy(PATHS);
  test.each([...byField])('every string of %s', async (field, paths) => {
    for (const path of paths) {
      await expectLinear(path.join('.'), async (size) => {
        for (const text of textsOf(size, 'usual')) await decode(aStanza(messageWith(path, text)));
      });
    }
    expect(field).not.toBe('');
  });

  test.each(LISTS.map((path) => [path.join('.'), path] as const))('the list %s', async (name, path) => {
    const item = ['contacts', 'cards'].includes(path.at(-2)!) ? {} : undefined;
    const probe = (items: number) => {
      for (const value of [item ?? {}, 'x']) {
        try {
          return messageWith(path, value, items);
        } catch {
          // A list of the other kind.
        }
      }
      return null;
    };
    await expectLinear(name, async (size) => {
      const message = probe(size / 4);
      if (message !== null) await decode(aStanza(message));
    });
  });

  const SIMPLE: [string, (text: string) => unknown][] = [
    ...['FN', 'N', 'TEL', 'TEL;waid=', 'EMAIL', 'ORG', 'item1.TEL', ''].map(
      (property): [string, (text: string) => unknown] => [
        `the property ${property} of a vCard`,
        (text) => readVcard(`BEGIN:VCARD\nVERSION:3.0\n${property}:${text}\nEND:VCARD`, new Cuts()),
      ],
    ),
    ['the parameters of a vCard', (text) => readVcard(`TEL;${text}:1\nTEL;type=${text};waid=12:1`, new Cuts())],
    ['a text with variables', (text) => [fillTemplate(text, { nome: 'Ana' }), namesIn(text), hasBrokenBraces(text)]],
    [
      'the name in a greeting',
      (text) =>
        robotValues({ nome: text, numero: text, atendimentoId: 'x', at: new Date(AT), fuso: 'America/Sao_Paulo' }),
    ],
    [
      'a recipient',
      (text) =>
        [() => parseRecipient(text), () => parseRecipient(`+${text}`), () => digitsOfJid(text)].forEach(attempt),
    ],
    ['a recipient with a server', (text) => attempt(() => parseRecipient(`${text}@s.whatsapp.net`))],
    ['a text for one line', (text) => [shortLine(text), storableText(text)]],
    ['a line of the log', (text) => redact({ text, error: new Error(text) }, 'info')],
    ["the name of an Evolution server's event", (text) => [canonicalEvent(text), isEventSuffix(text)]],
    [
      "an Evolution server's envelope",
      (text) => attempt(() => readEnvelope({ event: 'x', instance: text, sender: text, data: {} }, null)),
    ],
    ['the print of a message', (text) => messagePrint({ imageMessage: { caption: text } })],
  ];
  test.each(SIMPLE)('%s', async (name, read) => {
    await expectLinear(name, (size) => {
      for (const text of textsOf(size)) read(text);
    });
  });

  const ENTRIES: [string, (text: string) => LogEntry][] = [
    ...['from', 'id', 't', 'notify', 'sender_lid', 'type', 'edit'].map((name): [string, (text: string) => LogEntry] => [
      `the attribute ${name} of a stanza`,
      (text) => aText('oi', { attrs: { [name]: text } }),
    ]),
    ...['participant', 'participant_pn'].map((name): [string, (text: string) => LogEntry] => [
      `the attribute ${name} of a group's stanza`,
      (text) => aText('oi', { attrs: inGroup({ [name]: text }) }),
    ]),
    ['the id of a receipt', (text) => aReceipt({ id: text })],
    ['the sender of a receipt', (text) => aReceipt({ from: `${text}@s.whatsapp.net` })],
    ["a group's new subject", (text) => aNotice('subject', { subject: text }, { jid: ANA.pn })],
    ['a member of a changed group', (text) => aNotice('add', {}, { jid: text, phone_number: text, lid: text })],
    [
      'the text of an old message',
      (text) => aHistory({ key: { id: 'A', remoteJid: ANA.pn }, message: { conversation: text } }),
    ],
    [
      "names in the phone's history",
      (text) =>
        aHistory(
          { key: { id: 'A', participant: text }, pushName: text, message: { conversation: 'x' } },
          { nome: text },
        ),
    ],
    [
      'a name in the address book',
      (text) => ({
        kind: 'contact',
        seq: 3,
        connectionId: 'loja',
        at: AT,
        tipo: 'pessoa',
        jid: text,
        pn: text,
        lid: text,
        nome: text,
      }),
    ],
    [
      "an Evolution server's message",
      (text) => anEvolution({ key: { remoteJid: ANA.pn, id: 'X' }, pushName: text, message: { conversation: text } }),
    ],
    [
      "an Evolution server's key",
      (text) => anEvolution({ key: { remoteJid: text, id: text, participant: text }, message: { conversation: 'x' } }),
    ],
    [
      "an Evolution server's contact",
      (text) => anEvolution({ remoteJid: ANA.pn, pushName: text, name: text }, 'contacts.update'),
    ],
    [
      "an Evolution server's bytes",
      (text) =>
        anEvolution({
          key: { remoteJid: ANA.pn, id: 'X' },
          message: { imageMessage: { mediaKey: text, fileLength: text, caption: text } },
        }),
    ],
  ];
  test.each(ENTRIES)('%s', async (name, make) => {
    await expectLinear(name, async (size) => {
      for (const text of textsOf(size)) await decode(make(text));
    });
  });

  test('members who leave a group of many', async () => {
    const members = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `${at}@lid`, admin: null }));
    const notice = (count: number) => ({
      action: 'remove',
      actor: null,
      members: members(count),
      value: null,
      reason: null,
    });
    await expectLinear(
      'members',
      (count) =>
        void applyGroupNotice(
          { id: GROUP, subject: 'x', owner: undefined, participants: members(count) },
          notice(count),
          [],
        ),
      [1_024, 4_096],
    );
  });
});

function groupedBy(paths: ProtoPath[]): Map<string, ProtoPath[]> {
  const groups = new Map<string, ProtoPath[]>();
  for (const path of paths) groups.set(path[0]!, [...(groups.get(path[0]!) ?? []), path]);
  return groups;
}
