import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import fc from 'fast-check';
import { decodeEntry } from '../../src/inbound/decode-entry.js';
import { decodeOptions } from '../../src/inbound/decode-options.js';
import { openMessage } from '../../src/inbound/describe.js';
import type { LogEntry } from '../../src/journal/records.js';
import type { ResultadoEvento } from '../../src/supabase/evento.js';
import { aTestDatabase, type TestDatabase } from '../support/database.js';
import { aSession } from '../support/eventos.js';
import { fuzzedProto } from '../support/fuzzed-proto.js';
import { ANA, anOutgoing, aReceipt, aStanza, aText, BIA, fromOurPhone, inGroup } from '../unit/inbound/entries.js';

/** What the decoder makes of the log is what the real SQL function takes: no entry of any kind may end as a dead letter. */

const ME = '5511900000000@s.whatsapp.net';
const EVERYTHING = decodeOptions({ ignorarStatus: false, ignorarCanais: false });
/** More with `npm run test:fuzz`. */
const FUZZED = Number(process.env['FUZZ_MESSAGES'] ?? 300);
let db: TestDatabase;
let sessao: string;
let seq = 1;

beforeAll(async () => {
  db = await aTestDatabase();
  const session = aSession();
  sessao = session.sessao;
  await db.service.registrarEventos([session]);
});
afterAll(() => db?.close());

async function write(entry: LogEntry): Promise<ResultadoEvento[]> {
  const eventos = await decodeEntry({ ...entry, connectionId: sessao, seq: seq++ }, EVERYTHING);
  return eventos.length === 0 ? [] : db.service.registrarEventos(eventos);
}

const message = async (id: string) =>
  (await db.sql.unsafe('select * from whatsapp_mensagens where whatsapp_id = $1', [id]))[0];

describe('entries in the database', () => {
  test.each<[string, LogEntry]>([
    ['a private text', aText('oi', { attrs: { id: 'A' } })],
    ['a text with NUL', aText('a\u0000b', { attrs: { id: 'B' } })],
    ['a group text', aText('oi', { attrs: inGroup({ id: 'C' }) })],
    ['ours from the phone', aText('oi', { attrs: fromOurPhone({ id: 'D' }) })],
    ['ours in a group', aText('oi', { attrs: inGroup({ participant: ME, participant_pn: '', id: 'E' }) })],
    ['a note to oneself', aText('nota', { attrs: fromOurPhone({ recipient: ME, id: 'F' }) })],
    ["a customer's broadcast list", aText('oi', { attrs: { from: '16@broadcast', participant: ANA.pn, id: 'G' } })],
    ['a status', aText('oi', { attrs: { from: 'status@broadcast', participant: ANA.pn, id: 'H' } })],
    ['a channel', aText('oi', { attrs: { from: '12036@newsletter', id: 'I' } })],
    ['a sender of an unknown kind', aText('oi', { attrs: { from: 'x@bot', id: 'J' } })],
    ['an accepted send', anOutgoing({ conversation: 'x' }, { whatsappId: 'K' })],
  ])('%s is a row', async (_, entry) => {
    expect(await write(entry)).toMatchObject([{ resultado: 'inserida' }]);
  });

  test('reaction, edit, vote, pin and deletion find their message', async () => {
    const key = { fromMe: true, id: 'T' };
    const { Type } = proto.Message.ProtocolMessage;
    await write(aText('oi', { attrs: { id: 'T' } }));
    const changes: proto.IMessage[] = [
      { reactionMessage: { key, text: '👍' } },
      { protocolMessage: { type: Type.MESSAGE_EDIT, key, editedMessage: { conversation: 'olá' } } },
      { pollUpdateMessage: { pollCreationMessageKey: key, vote: { encPayload: new Uint8Array([1]) } } },
      { pinInChatMessage: { key, type: 1 } },
    ];
    for (const change of changes) {
      expect(await write(aStanza(change, { attrs: { id: 'V' } }))).toMatchObject([{ resultado: 'atualizada' }]);
    }
    expect(await message('T')).toMatchObject({
      conteudo: 'olá',
      dados: { fixada: true, 'voto:V': { encPayload: 'AQ==' } },
    });
    await write(aStanza({ protocolMessage: { type: Type.REVOKE, key } }, { attrs: { edit: '7' } }));
    expect(await message('T')).toMatchObject({ conteudo: 'Mensagem apagada' });
  });

  test('a message that could not be read is replaced in place by its content', async () => {
    await write(aText('x', { error: 'Bad MAC', attrs: { id: 'W' } }));
    const waiting = await message('W');
    await write(aText('enfim', { attrs: { id: 'W' } }));
    expect(await message('W')).toMatchObject({ id: waiting?.['id'] as string, conteudo: 'enfim', subtipo: null });
  });

  test('receipts move our message, reading here marks theirs', async () => {
    await write(anOutgoing({ conversation: 'x' }, { whatsappId: 'S', rowId: '11111111-2222-4333-8444-666666666666' }));
    await write(aReceipt({ id: 'S', type: 'read' }));
    expect(await message('S')).toMatchObject({ status: 'LIDA' });
    await write(aText('oi', { attrs: { id: 'R' } }));
    await write(aReceipt({ from: ME, recipient: ANA.pn, type: 'read', id: 'R' }));
    expect(await message('R')).toMatchObject({ lida: true });
  });

  test('names, addresses and the session too', async () => {
    const base = { seq: 0, at: 0, connectionId: '' };
    const contact = { ...base, kind: 'contact' as const, tipo: 'pessoa' as const, jid: BIA.lid, ...BIA, nome: 'Bia' };
    await write(contact);
    await write({
      ...base,
      kind: 'session',
      changes: { status: 'connected', estado: 'ready', numero: '5511900000000' },
    });
    const sessions = await db.sql.unsafe('select * from whatsapp_sessions where session_name = $1', [sessao]);
    expect(sessions[0]).toMatchObject({ status: 'connected', estado: 'ready' });
  });

  test('whatever people write, the database takes it', async () => {
    const fields = Object.keys(proto.Message.prototype).filter((field) => field !== 'toJSON');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), fc.string({ unit: 'binary' }), async (field, text) => {
        const key = { id: text };
        const value = {
          text,
          caption: text,
          name: text,
          vcard: text,
          message: { conversation: text },
          key,
          fileLength: -1,
        };
        let content: proto.IMessage;
        try {
          content = proto.Message.fromObject({ [field]: field === 'conversation' ? text : value });
          await write(aStanza(content, { attrs: { id: `Z${seq}`, notify: text } }));
        } catch (error) {
          // Only what the protocol can carry is a case.
          if (!(error instanceof TypeError)) throw error;
        }
      }),
      { numRuns: 150 },
    );
  });

  test(
    `${FUZZED} fuzzed protos: each is a row, a change of one, or nothing for a reason that has a name`,
    async () => {
      const seen = { row: 0, change: 0, reason: 0 };
      await fc.assert(
        fc.asyncProperty(fuzzedProto, fc.constantFrom({}, inGroup(), fromOurPhone()), async (bytes, who) => {
          const entry = aStanza({}, { attrs: { ...who, id: `F${seq}` } });
          entry.parts[0]!.plaintext = Buffer.concat([bytes, Buffer.of(1)]);
          const eventos = await decodeEntry({ ...entry, connectionId: sessao, seq: seq++ }, EVERYTHING);
          if (eventos.length > 0) await db.service.registrarEventos(eventos);
          else expect(reasonFor(bytes)).not.toBeNull();
          const [first] = eventos;
          seen[first === undefined ? 'reason' : first.op === 'mensagem' ? 'row' : 'change'] += 1;
          for (const evento of eventos) {
            if (evento.op === 'mensagem') expect(evento.conteudo).not.toMatch(/^\s*$|^\[object/);
          }
        }),
        { numRuns: FUZZED },
      );
      // A fuzzer that only makes garbage proves nothing.
      expect(seen.row).toBeGreaterThan(FUZZED / 4);
    },
    60_000 + FUZZED * 40,
  );
});

/** Why a content makes nothing: it is none (keys, settings), or it is a change that names no message. */
function reasonFor(bytes: Buffer): string | null {
  const { handler, field } = openMessage(proto.Message.decode(bytes));
  if (handler?.as === 'nothing') return handler.why;
  return handler?.as === 'action' ? `a ${field} that speaks to devices` : null;
}
