import type { ContactsPort, GroupsPort } from '../../../src/http/people-ports.js';

const NOW = '2026-01-02T03:04:05.000Z';
const GROUP = '120363000000000001@g.us';
const ANA = { numero: '5511999999999', pn: '5511999999999@s.whatsapp.net', lid: '100000000000001@lid' };

function aGroup(id = GROUP) {
  const settings = { announce: false, locked: false, addressing: 'lid' as const };
  const member = { jid: ANA.lid, numero: ANA.numero, lid: ANA.lid, admin: 'admin' as const, nome: 'Ana', eu: false };
  return {
    ...{ id, subject: 'Família', description: null, size: 1, ...settings, owner: ANA.lid },
    ...{ createdAt: NOW, fetchedAt: NOW, participants: [member] },
  };
}

function aResult(participant: string) {
  const invite = { code: 'AbCdEf', expiresAt: NOW };
  return { participant, jid: ANA.lid, ok: false, status: '403', motivo: 'não permite', invite };
}

function aContato() {
  return {
    ...{ id: '3f0e8c1a-6a1f-4f2e-9b7a-1f2e3d4c5b6a', tipo: 'pessoa', jid: ANA.pn, numero: ANA.numero, lid: ANA.lid },
    ...{ nome: null, nome_perfil: 'Ana', nome_empresa: null, foto_url: null, foto_em: null, bloqueado: false },
  };
}

/** Answers of the use cases around groups and contacts. */
export function scriptedPeople(script: { groups?: Partial<GroupsPort>; contacts?: Partial<ContactsPort> }) {
  const invite = { code: 'AbCdEfGh', link: 'https://chat.whatsapp.com/AbCdEfGh' };
  const groups: GroupsPort = {
    list: async () => {
      const { participants: _participants, ...summary } = aGroup();
      return [summary];
    },
    info: async (_id, jid) => aGroup(jid),
    create: async (_id, { participants }) => ({ group: aGroup(), results: participants.map(aResult) }),
    changeMembers: async (_id, _jid, { participants }) => participants.map(aResult),
    change: async (_id, jid) => aGroup(jid),
    invite: async () => invite,
    revokeInvite: async () => invite,
    join: async () => GROUP,
    leave: async () => undefined,
    ...script.groups,
  };
  const contacts: ContactsPort = {
    list: async () => ({ data: [aContato()], nextCursor: null, prevCursor: '~a' }),
    get: async () => aContato(),
    picture: async () => ({ url: 'https://pps.whatsapp.net/a.jpg', fetchedAt: NOW, ageS: 3 }),
    resolve: async () => ANA,
    blocklist: async () => [ANA],
    setBlocked: async () => ANA,
    ...script.contacts,
  };
  return { groups, contacts };
}
