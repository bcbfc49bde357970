import { expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { decodeEntry } from '../../src/inbound/decode-entry.js';
import { announceRows } from '../../src/integration/announce-rows.js';
import type { LogEntry, OpenedEntry } from '../../src/journal/records.js';
import { ANA, aStanza } from './inbound/entries.js';

const told = async (entry: LogEntry) => {
  const eventos = await decodeEntry(entry);
  return announceRows({ entry, eventos, resultados: [] }, () => ({ ownerId: null, companyId: null }));
};
const ana = { tipo: 'pessoa', jid: ANA.pn, pn: ANA.pn, lid: ANA.lid } as const;
const { Type } = proto.Message.ProtocolMessage;

test('of what is sealed nobody is told before it is open; of a vote, that there is one', async () => {
  const sealed = { encPayload: new Uint8Array([1]), encIv: new Uint8Array([2]) };
  const key = { fromMe: true, id: 'A' };
  const edit = { secretEncryptedMessage: { targetMessageKey: key, ...sealed, secretEncType: 2 } };
  expect(await told(aStanza(edit))).toEqual([]);
  const vote = { pollUpdateMessage: { pollCreationMessageKey: key, vote: sealed } };
  expect(await told(aStanza(vote))).toMatchObject([
    { type: 'messageUpdated', data: { dados: { votosPendentes: true } } },
  ]);
  expect(JSON.stringify(await told(aStanza(vote)))).not.toContain('encPayload');
});

test('an opened edit is told like a plain one; one that cannot be opened, that there is one', async () => {
  const editedMessage = { conversation: 'novo' };
  const plaintext = proto.Message.encode({ protocolMessage: { type: Type.MESSAGE_EDIT, editedMessage } }).finish();
  const entry: OpenedEntry = {
    ...{ kind: 'opened', seq: 1, connectionId: 'loja', at: 0, key: 'edicaoCifrada:B', em: '2026-11-21T12:00:00.000Z' },
    ...{ target: { chat: ana, author: ana, whatsappId: 'A' }, author: ana, plaintext, error: null },
  };
  expect(await told(entry)).toMatchObject([{ type: 'messageEdited', data: { conteudo: 'novo', whatsappId: 'A' } }]);
  expect(await told({ ...entry, plaintext: null, error: 'naoAbre' })).toMatchObject([
    { type: 'messageUpdated', data: { dados: { edicaoIlegivelEm: entry.em } } },
  ]);
});

test('of a file and of a poll nobody is told the keys, nor of what an unknown message holds', async () => {
  const bytes = new Uint8Array(32).fill(7);
  const context = { messageContextInfo: { messageSecret: bytes } };
  const image = { ...context, imageMessage: { mediaKey: bytes, directPath: '/v/1', fileSha256: bytes } };
  const poll = { ...context, pollCreationMessage: { name: '?', options: [{ optionName: 'a' }] } };
  const card = { header: { title: 'Bolo', imageMessage: { mediaKey: bytes } } };
  const nested = { interactiveMessage: { carouselMessage: { cards: [card] } } };
  const [first, second, third] = await Promise.all([told(aStanza(image)), told(aStanza(poll)), told(aStanza(nested))]);
  expect(first).toMatchObject([{ data: { dados: { midia: { classe: 'image', directPath: '/v/1' } } } }]);
  expect(second).toMatchObject([{ data: { dados: { enquete: { pergunta: '?' } } } }]);
  expect(third).toMatchObject([{ data: { dados: { cartoes: [{ header: { title: 'Bolo' } }] } } }]);
  const key = Buffer.from(bytes).toString('base64');
  // The hash is no secret.
  expect(JSON.stringify([first, second, third]).split(key)).toHaveLength(2);
});
