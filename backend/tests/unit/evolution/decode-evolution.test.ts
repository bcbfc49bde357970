import { describe, expect, test } from '@jest/globals';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import { mediaJobs } from '../../../src/inbound/media-jobs.js';
import type { EvolutionEntry } from '../../../src/journal/records.js';
import type { Evento, EventoMensagem } from '../../../src/supabase/evento.js';
import type { Json } from '../../../src/simulator/evolution/envelope.js';
import { aWireMessage } from '../../support/evolution-events.js';

const ME = { id: '5511900000000@s.whatsapp.net', lid: '900000000000@lid' };
const ANA = { pn: '5511911111111@s.whatsapp.net', lid: '111111111111@lid' };
const GROUP = '120363000000000001@g.us';

function anEntry(event: string, item: unknown, changes: Partial<EvolutionEntry> = {}): EvolutionEntry {
  const entry = { kind: 'evolution' as const, seq: 7, connectionId: 'loja', at: 1_795_262_405_000, event };
  return { ...entry, data: JSON.stringify(item), whatsappId: null, me: ME, mediaUrl: null, ...changes };
}
const decode = (event: string, item: unknown, changes?: Partial<EvolutionEntry>): Promise<Evento[]> =>
  decodeEntry(anEntry(event, item, changes));
async function row(changes: Json, event = 'messages.upsert'): Promise<EventoMensagem> {
  const [first] = await decode(event, aWireMessage(changes));
  if (first?.op !== 'mensagem') throw new Error(`no row, but ${first?.op}`);
  return first;
}

describe('the sender is known by number and by LID, the number first', () => {
  const forms: [string, Json][] = [
    ['2.3.6: remoteJidAlt', { remoteJid: ANA.lid, remoteJidAlt: ANA.pn }],
    ['2.3.0: senderPn', { remoteJid: ANA.lid, remoteJidAlt: undefined, senderPn: ANA.pn }],
    ['both', { remoteJid: ANA.lid, remoteJidAlt: ANA.pn, senderPn: '5511988888888@s.whatsapp.net' }],
    ['the other way round', { remoteJid: ANA.pn, remoteJidAlt: ANA.lid }],
  ];
  test.each(forms)('%s', async (_name, key) => {
    const { chat, autor, remetente } = await row({ key });
    expect(chat).toMatchObject({ tipo: 'pessoa', pn: ANA.pn, lid: ANA.lid, nome_perfil: 'Ana' });
    expect(autor).toEqual(chat);
    expect(remetente).toBe('CLIENTE');
  });

  test('only the LID is told: the chat is the LID', async () => {
    const { chat } = await row({ key: { remoteJid: ANA.lid, remoteJidAlt: undefined } });
    expect(chat).toMatchObject({ jid: ANA.lid, pn: null, lid: ANA.lid });
  });

  test('an own number as "other address" of what the phone sent is passed over', async () => {
    const { chat, autor, remetente, status } = await row({
      key: { fromMe: true, remoteJid: ANA.lid, remoteJidAlt: ME.id },
    });
    expect(chat).toMatchObject({ jid: ANA.lid, pn: null });
    expect(chat.nome_perfil).toBeUndefined();
    expect([autor, remetente, status]).toEqual([null, 'ATENDENTE', 'ENTREGUE']);
  });

  test('a group has its member as author', async () => {
    const { chat, autor } = await row({
      key: { remoteJid: GROUP, remoteJidAlt: undefined, participant: ANA.lid, participantAlt: ANA.pn },
    });
    expect(chat).toMatchObject({ tipo: 'grupo', jid: GROUP });
    expect(autor).toMatchObject({ pn: ANA.pn, lid: ANA.lid });
  });
});

describe('contents', () => {
  test('a flattened reply gets its quote back', async () => {
    const quoting = { stanzaId: '3EB0OLD', participant: ANA.pn, quotedMessage: { conversation: 'antes' } };
    const { conteudo, resposta_a, dados } = await row({ message: { conversation: 'sim' }, contextInfo: quoting });
    expect([conteudo, resposta_a]).toEqual(['sim', '3EB0OLD']);
    expect(dados).toMatchObject({ citacao: { conteudo: 'antes' } });
  });

  test('a quote that cannot be read does not take the message with it', async () => {
    const { conteudo } = await row({ message: { conversation: 'sim' }, contextInfo: { quotedMessage: 5 } });
    expect(conteudo).toBe('sim');
  });

  const bytes: [string, unknown][] = [
    ['base64', 'AAECAw=='],
    ['a Uint8Array through JSON', { 0: 0, 1: 1, 2: 2, 3: 3 }],
    ['a Buffer through JSON', { type: 'Buffer', data: [0, 1, 2, 3] }],
    ['a list', [0, 1, 2, 3]],
  ];
  test.each(bytes)('bytes as %s', async (_name, mediaKey) => {
    const imageMessage = {
      mimetype: 'image/jpeg',
      caption: 'olha',
      mediaKey,
      url: 'https://mmg.whatsapp.net/x',
      fileLength: '1234',
    };
    const image = await row({ message: { imageMessage, base64: 'ignored', speechToText: 'x' } });
    expect(image).toMatchObject({ tipo: 'IMAGEM', conteudo: 'olha', midia_tamanho: 1234 });
    expect(image.dados?.['midia']).toMatchObject({ mediaKey: 'AAECAw==', classe: 'image' });
  });

  test('a content that is none is shown as unknown, with all of it kept', async () => {
    const { subtipo, dados } = await row({ message: { imageMessage: 'not an object' } });
    expect(subtipo).toBe('DESCONHECIDO');
    expect(dados).toMatchObject({ evolution: { imageMessage: 'not an object' } });
  });

  test('a file that came along names the row; its job fetches nothing', async () => {
    const file = '6d0f2f3e-5a8c-4f5e-9d53-0c8d7f0f3a11';
    const entry = anEntry('messages.upsert', aWireMessage({ message: { imageMessage: {} } }), { file });
    const eventos = await decodeEntry(entry);
    expect(eventos[0]).toMatchObject({ id: file });
    const result = { indice: 0, resultado: 'inserida', mensagem_id: file } as never;
    expect(mediaJobs(entry, eventos, [result], 5)).toMatchObject([{ rowId: file, source: { kind: 'staged', file } }]);
  });

  test('a file at the server is fetched from there when WhatsApp does not have it', async () => {
    const entry = anEntry('messages.upsert', aWireMessage({ message: { imageMessage: {} } }), {
      mediaUrl: 'https://s3.example/x',
    });
    const eventos = await decodeEntry(entry);
    const result = { indice: 0, resultado: 'inserida', mensagem_id: 'r' } as never;
    expect(mediaJobs(entry, eventos, [result], 5)).toMatchObject([
      { source: { kind: 'url', url: 'https://s3.example/x' } },
    ]);
  });

  test('history is history', async () => {
    expect(await row({}, 'messages.set')).toMatchObject({ historico: true });
  });
});

describe('changes of messages', () => {
  const own = { remoteJid: ANA.pn, fromMe: true };
  const changes: [string, string, Json, object[]][] = [
    [
      'delivered',
      'messages.update',
      { keyId: '3EB01', ...own, status: 'DELIVERY_ACK' },
      [{ op: 'status', status: 'ENTREGUE' }],
    ],
    ['read', 'messages.update', { keyId: '3EB01', ...own, status: 'READ' }, [{ op: 'status', status: 'LIDA' }]],
    ['refused', 'messages.update', { keyId: '3EB01', ...own, status: 'ERROR' }, [{ op: 'status', status: 'ERRO' }]],
    [
      'an older form',
      'messages.update',
      { key: { id: '3EB01', ...own }, update: { status: 4 } },
      [{ op: 'status', status: 'LIDA' }],
    ],
    [
      'read here',
      'messages.update',
      { keyId: '3EB01', remoteJid: ANA.pn, fromMe: false, status: 'READ' },
      [{ op: 'leitura', whatsapp_ids: ['3EB01'] }],
    ],
    ['unknown status', 'messages.update', { keyId: '3EB01', ...own, status: 'NEWER' }, []],
    [
      'deleted, as a status',
      'messages.update',
      { keyId: '3EB01', ...own, status: 'DELETED' },
      [{ op: 'apagamento', alvo: { autor: null } }],
    ],
    [
      'deleted',
      'messages.delete',
      { id: '3EB01', remoteJid: ANA.pn, fromMe: false },
      [{ op: 'apagamento', alvo: { whatsapp_id: '3EB01' } }],
    ],
    [
      'edited',
      'messages.edited',
      { key: { id: '3EB01', ...own }, editedMessage: { conversation: 'novo' }, timestampMs: 1_795_262_400_000 },
      [{ op: 'edicao', conteudo: 'novo' }],
    ],
    [
      'votes',
      'messages.update',
      { keyId: '3EB01', ...own, pollUpdates: [{ name: 'sim', voters: [ANA.pn] }] },
      [{ op: 'dados', dados: { votosEvolution: [{ opcao: 'sim', votantes: [ANA.pn] }] } }],
    ],
    [
      'a contact',
      'contacts.upsert',
      { remoteJid: ANA.pn, pushName: 'Ana', profilePicUrl: null },
      [{ op: 'contato', contato: { pn: ANA.pn, nome_perfil: 'Ana' } }],
    ],
    [
      'a contact, older form',
      'contacts.update',
      { id: ANA.pn, name: 'Ana Lima' },
      [{ op: 'contato', contato: { nome: 'Ana Lima' } }],
    ],
    ['ourselves', 'contacts.update', { remoteJid: ME.id, pushName: 'Loja' }, []],
    [
      'a group',
      'groups.upsert',
      { id: GROUP, subject: 'Família' },
      [{ op: 'contato', contato: { tipo: 'grupo', nome: 'Família' } }],
    ],
    ['a group without a subject', 'groups.update', { id: GROUP, announce: true }, []],
  ];
  test.each(changes)('%s', async (_name, event, item, expected) => {
    const eventos = await decode(event, item);
    expect(eventos).toHaveLength(expected.length);
    expect(eventos).toMatchObject(expected);
  });

  test('a reaction changes its message and is no row', async () => {
    const reactionMessage = {
      key: { remoteJid: ANA.pn, fromMe: true, id: '3EB0OURS' },
      text: '👍',
      senderTimestampMs: '1795262400000',
    };
    const [event, ...others] = await decode('messages.upsert', aWireMessage({ message: { reactionMessage } }));
    expect(others).toEqual([]);
    expect(event).toMatchObject({ op: 'reacao', emoji: '👍', alvo: { whatsapp_id: '3EB0OURS' } });
  });
});
