import { proto } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { fuzzedProto } from '../../support/fuzzed-proto.js';
import type { Attack } from '../attack.js';

const MESSAGES = 2_000;
/** WhatsApp takes texts of this length; the gateway must not mind. */
const LONG = 65_000;

const card = (vcard: string): proto.Message.IContactMessage => ({ displayName: 'x', vcard });
const vcard = (line: string) => `BEGIN:VCARD\nVERSION:3.0\n${line}\nEND:VCARD`;

/** Contents whose cost grows faster than their length in a program that is not careful, or that are many in one. */
const DISPROPORTIONATE: ((n: number) => proto.IMessage)[] = [
  () => ({ contactMessage: card(vcard(`ORG:${';'.repeat(LONG)}x`)) }),
  () => ({
    contactsArrayMessage: { contacts: Array.from({ length: 20 }, () => card(vcard(`ORG:${';'.repeat(LONG)}x`))) },
  }),
  () => ({ contactsArrayMessage: { contacts: Array.from({ length: 5_000 }, (_, n) => card(vcard(`FN:${n}`))) } }),
  () => ({ contactMessage: card(vcard(`TEL${';a=b'.repeat(LONG / 4)}:1`)) }),
  () => ({ contactMessage: card(`${'\n '.repeat(LONG / 2)}x`) }),
  ...[' ', '\n', '@', '*', '\u200b', '\\', '(', '.', '-', '5', 'http://', '{{', '@5511999990001 ', '😀'].map(
    (piece) => () => ({ conversation: piece.repeat(Math.floor(LONG / piece.length)) }),
  ),
  () => ({
    extendedTextMessage: {
      text: 'oi '.repeat(100),
      contextInfo: {
        mentionedJid: Array.from({ length: 20_000 }, (_, n) => `55119${String(n).padStart(8, '0')}@s.whatsapp.net`),
      },
    },
  }),
  () => ({
    pollCreationMessageV3: { name: 'x', options: Array.from({ length: 10_000 }, (_, n) => ({ optionName: `${n}` })) },
  }),
  () => ({
    listMessage: {
      title: 'x',
      sections: Array.from({ length: 100 }, () => ({
        rows: Array.from({ length: 100 }, (_, n) => ({ rowId: `${n}`, title: 'x'.repeat(100) })),
      })),
    },
  }),
  () => ({
    buttonsMessage: {
      contentText: 'x',
      buttons: Array.from({ length: 10_000 }, (_, n) => ({ buttonId: `${n}`, buttonText: { displayText: 'x' } })),
    },
  }),
  () => ({ documentMessage: { fileName: '../'.repeat(LONG / 3), mimetype: 'a/'.repeat(LONG / 2) } }),
];

/** 2,000 hostile messages of one contact: contents made to cost, and bytes that no phone would send. */
export const inbound: Attack = {
  name: `1 ${MESSAGES} hostile messages of a contact`,
  async run({ stage }) {
    const { simulator, store } = stage.cast;
    const attacker = simulator.createContact({ number: '5511966660666', name: 'Mallory' });
    const seed = stage.cast.simulator.history.events.length;
    // Bytes that are no protobuf at all cannot be sent: about half.
    const fuzzed = fc.sample(fuzzedProto, { numRuns: MESSAGES * 3, seed }).flatMap((bytes) => decoded(bytes) ?? []);
    for (let n = 0; n < MESSAGES; n += 1) {
      const make = DISPROPORTIONATE[Math.floor(n / 20) % DISPROPORTIONATE.length]!;
      const message = n % 20 === 0 ? make(n) : fuzzed[n % fuzzed.length]!;
      const one = attacker.send(store, message);
      // In steps, as a network would hand them over.
      if (n % 50 === 49) await one.receipted.catch(() => undefined);
    }
    return { figure: `${MESSAGES} sent`, breaches: [] };
  },
};

function decoded(bytes: Buffer): proto.IMessage | null {
  try {
    return proto.Message.decode(bytes);
  } catch {
    return null;
  }
}
