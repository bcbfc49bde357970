import { describe, expect, test } from '@jest/globals';
import { decodeEntry } from '../../../src/inbound/decode-entry.js';
import { DEFAULT_DECODE_OPTIONS } from '../../../src/inbound/decode-options.js';
import type { NotificationEntry, StoredNode } from '../../../src/journal/records.js';
import { ANA, AT, BIA, decodeRow, GROUP, ME, T } from './entries.js';

const node = (tag: string, attrs: Record<string, string> = {}, content?: StoredNode['content']): StoredNode =>
  content === undefined ? { tag, attrs } : { tag, attrs, content };
const member = ({ pn, lid }: { pn: string; lid: string }) => node('participant', { jid: lid, phone_number: pn });
const US = node('participant', { jid: '900000000000@lid' });
const STRANGER = node('participant', { jid: '333333333333@lid' });

/** What Ana did in the group, unless said otherwise. */
function aNotice(child: StoredNode | StoredNode[], attrs: Record<string, string> = {}): NotificationEntry {
  const ana = { participant: ANA.lid, participant_pn: ANA.pn, notify: 'Ana' };
  const all = { from: GROUP, type: 'w:gp2', id: '1234567890', t: String(T), ...ana, ...attrs };
  const content = Array.isArray(child) ? child : [child];
  return {
    kind: 'notification',
    seq: 5,
    connectionId: 'loja',
    at: AT,
    me: ME,
    node: node('notification', all, content),
  };
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

describe('notices of groups', () => {
  test.each<[string, StoredNode]>([
    ['Ana criou o grupo “Equipe”', node('create', {}, [node('group', { subject: 'Equipe' })])],
    ['Ana adicionou +5521922222222', node('add', {}, [member(BIA)])],
    ['Ana adicionou você e +5521922222222', node('add', {}, [US, member(BIA)])],
    ['+5521922222222 entrou no grupo', node('add', { reason: 'invite' }, [member(BIA)])],
    ['Ana removeu um participante', node('remove', {}, [STRANGER])],
    ['+5511911111111 saiu do grupo', node('remove', {}, [member(ANA)])],
    ['Ana tornou você administrador do grupo', node('promote', {}, [US])],
    ['Ana tornou +5521922222222 e você administradores do grupo', node('promote', {}, [member(BIA), US])],
    ['Ana retirou +5521922222222 da administração do grupo', node('demote', {}, [member(BIA)])],
    ['Ana mudou o nome do grupo para “Vendas”', node('subject', { subject: 'Vendas' })],
    ['Ana mudou a descrição do grupo', node('description', { id: '1' }, [node('body', {}, bytes('Só trabalho'))])],
    ['Ana apagou a descrição do grupo', node('description', { id: '1', delete: 'true' })],
    ['Ana definiu que só administradores podem enviar mensagens', node('announcement')],
    ['Ana definiu que todos podem enviar mensagens', node('not_announcement')],
    ['Ana definiu que só administradores podem editar os dados do grupo', node('locked')],
    ['Ana definiu que todos podem editar os dados do grupo', node('unlocked')],
    ['Ana redefiniu o link de convite do grupo', node('invite', { code: 'AbCd' })],
    ['Ana ativou as mensagens temporárias (7 dias)', node('ephemeral', { expiration: '604800' })],
    ['Ana desativou as mensagens temporárias', node('not_ephemeral')],
    ['Ana definiu que todos podem adicionar participantes', node('member_add_mode', {}, 'all_member_add')],
    ['Ana mudou as configurações do grupo', node('something_new', { x: '1' })],
  ])('%s', async (conteudo, child) => {
    const rows = (await decodeEntry(aNotice(child))).filter(({ op }) => op === 'mensagem');
    expect(rows).toMatchObject([
      {
        ...{ conteudo, remetente: 'SISTEMA', status: 'RECEBIDA', tipo: 'TEXTO', subtipo: 'AVISO_GRUPO', ordem: 5 },
        ...{ whatsapp_id: '1234567890', timestamp: '2026-11-21T12:00:00.000Z' },
        chat: { tipo: 'grupo', jid: GROUP },
        autor: { pn: ANA.pn, lid: ANA.lid, nome_perfil: 'Ana' },
        dados: { aviso: { acao: child.tag } },
      },
    ]);
  });

  test('what this number did is its own', async () => {
    const ours = { participant: '900000000000@lid', participant_pn: '5511900000000@s.whatsapp.net' };
    const row = await decodeRow(aNotice(node('add', {}, [member(BIA)]), ours));
    expect(row).toMatchObject({ autor: null, conteudo: 'Você adicionou +5521922222222', remetente: 'SISTEMA' });
  });

  test('many are counted', async () => {
    const people = Array.from({ length: 8 }, (_, n) =>
      member({ pn: `55119000000${n}@s.whatsapp.net`, lid: `10${n}@lid` }),
    );
    expect((await decodeRow(aNotice(node('add', {}, people)))).conteudo).toMatch(
      /^Ana adicionou (\+\d+(, )?){5} e mais 3$/,
    );
  });

  test('a new subject is the name of the group', async () => {
    const [contato] = await decodeEntry(aNotice(node('subject', { subject: 'Vendas' })));
    expect(contato).toMatchObject({ op: 'contato', contato: { tipo: 'grupo', jid: GROUP, nome: 'Vendas' } });
  });

  test('an invite code is not kept, the members and the new subject are', async () => {
    const invite = await decodeRow(aNotice(node('invite', { code: 'AbCdEf' })));
    expect(JSON.stringify(invite)).not.toContain('AbCdEf');
    const added = await decodeRow(aNotice(node('add', {}, [US])));
    expect(added.dados).toEqual({
      aviso: { acao: 'add', participantes: [{ jid: '900000000000@lid', pn: null, lid: '900000000000@lid', eu: true }] },
    });
  });

  test('several changes in one notification are several rows, the same ones every time', async () => {
    const entry = aNotice([node('locked'), node('announcement')]);
    const ids = async () =>
      (await decodeEntry(entry)).map((event) => event.op === 'mensagem' && [event.id, event.whatsapp_id]);
    const first = await ids();
    expect(first.map((each) => each && each[1])).toEqual(['1234567890', '1234567890.1']);
    expect(await ids()).toEqual(first);
  });

  test('a new picture of the group is told', async () => {
    const row = await decodeRow(aNotice(node('set', { id: '99' }), { type: 'picture' }));
    expect(row.conteudo).toBe('Ana mudou a foto do grupo');
  });

  test('a connection that leaves groups out has none', async () => {
    expect(await decodeEntry(aNotice(node('locked')), { ...DEFAULT_DECODE_OPTIONS, ignorarGrupos: true })).toEqual([]);
  });
});
