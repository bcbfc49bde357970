import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { GroupMetadata } from '@whiskeysockets/baileys';
import type { Journal } from '../../src/journal/journal.js';
import type { StoredNode } from '../../src/journal/records.js';
import { addressesOf } from '../../src/journal/group-records.js';
import { GroupCache } from '../../src/whatsapp/group-cache.js';
import { CONNECTION, openJournal } from './journal-fixture.js';
import { FakeClock } from './outbound-fixtures.js';

const GROUP = '120363000000000001@g.us';
const ME = ['5511900000000:5@s.whatsapp.net', '900:5@lid'];
const DAY = 86_400_000;

let journal: Journal;
let clock: FakeClock;
let cache: GroupCache;
const opened: GroupCache[] = [];
const aCache = () => {
  const made = new GroupCache({ connectionId: CONNECTION, journal, clock });
  opened.push(made);
  return made;
};

beforeEach(async () => {
  journal = await openJournal();
  clock = new FakeClock();
  cache = aCache();
  await cache.put([aGroup()]);
});
afterEach(() => opened.splice(0).forEach((each) => each.close()));

function aGroup(changes: Partial<GroupMetadata> = {}): GroupMetadata {
  const participants = [
    { id: '900@lid', phoneNumber: '5511900000000@s.whatsapp.net', admin: 'superadmin' as const },
    { id: '101@lid', phoneNumber: '5511911111111@s.whatsapp.net', admin: null },
  ];
  return { id: GROUP, subject: 'Equipe', owner: undefined, announce: false, restrict: false, participants, ...changes };
}

const participant = (jid: string, more: Record<string, string> = {}) => ({
  tag: 'participant',
  attrs: { jid, ...more },
});
function aNotice(tag: string, attrs: Record<string, string> = {}, content: StoredNode[] = []): StoredNode {
  const all = { from: GROUP, type: 'w:gp2', id: '1', participant: '101@lid' };
  return { tag: 'notification', attrs: all, content: [{ tag, attrs, content }] };
}
const members = (group = cache.get(GROUP)) =>
  group?.participants.map(({ id, admin }) => (admin ? `${id} ${admin}` : id));
/** As the socket does it. */
async function apply(node: StoredNode): Promise<void> {
  const mutations = cache.mutationsOf(node, ME);
  if (mutations) await journal.commit({ keys: { connectionId: CONNECTION, mutations } });
}

describe('groups that are known', () => {
  test.each<[string, StoredNode, string[]]>([
    [
      'added',
      aNotice('add', {}, [participant('102@lid', { phone_number: '5511922222222@s.whatsapp.net' })]),
      ['900@lid superadmin', '101@lid', '102@lid'],
    ],
    ['removed', aNotice('remove', {}, [participant('101@lid')]), ['900@lid superadmin']],
    ['removed by number', aNotice('remove', {}, [participant('5511911111111@s.whatsapp.net')]), ['900@lid superadmin']],
    ['promoted', aNotice('promote', {}, [participant('101@lid')]), ['900@lid superadmin', '101@lid admin']],
    ['demoted', aNotice('demote', {}, [participant('900@lid')]), ['900@lid', '101@lid']],
  ])('a member who is %s, once or twice, also after a restart', async (_what, node, expected) => {
    await apply(node);
    expect(members()).toEqual(expected);
    await apply(node);
    expect(members()).toEqual(expected);
    expect(members(aCache().get(GROUP))).toEqual(expected);
  });

  test.each<[StoredNode, Partial<GroupMetadata>]>([
    [aNotice('subject', { subject: 'Vendas' }), { subject: 'Vendas' }],
    [aNotice('announcement'), { announce: true }],
    [aNotice('locked'), { restrict: true }],
    [aNotice('ephemeral', { expiration: '604800' }), { ephemeralDuration: 604_800 }],
    [aNotice('description', {}, [{ tag: 'body', attrs: {}, content: 'Só trabalho' }]), { desc: 'Só trabalho' }],
  ])('%j', async (node, expected) => {
    await apply(node);
    expect(aCache().get(GROUP)).toMatchObject(expected);
  });

  test.each([
    ['we are removed', aNotice('remove', {}, [participant('900@lid')])],
    ['somebody has a new number', aNotice('modify', {}, [participant('103@lid')])],
  ])('a group is forgotten when %s: whoever needs it asks again', async (_why, node) => {
    await apply(node);
    expect(cache.get(GROUP)).toBeUndefined();
    expect(aCache().get(GROUP)).toBeUndefined();
  });

  test('what changes nothing that is kept writes nothing', () => {
    expect(cache.mutationsOf(aNotice('invite', { code: 'x' }), ME)).toBeUndefined();
    const elsewhere = aNotice('subject', { subject: 'x' });
    elsewhere.attrs.from = '120363000000000999@g.us';
    expect(cache.mutationsOf(elsewhere, ME)).toBeUndefined();
  });

  test('a group is asked for when it is not known, and again after a day', () => {
    expect(cache.wants('120363000000000999@g.us')).toBe(true);
    expect(cache.wants(GROUP)).toBe(false);
    clock.advance(DAY + 1);
    expect(cache.wants(GROUP)).toBe(true);
    expect(cache.get(GROUP)).toBeDefined();
  });

  test('the keys of a deleted connection take its groups along', async () => {
    await journal.auth.delete(CONNECTION);
    expect(aCache().get(GROUP)).toBeUndefined();
  });
});

test('both addresses of a member are found, whichever the group uses', () => {
  expect(addressesOf({ id: '1@lid', phoneNumber: '55@s.whatsapp.net' })).toEqual({
    pn: '55@s.whatsapp.net',
    lid: '1@lid',
  });
  expect(addressesOf({ id: '55@s.whatsapp.net', lid: '1@lid' })).toEqual({ pn: '55@s.whatsapp.net', lid: '1@lid' });
  expect(addressesOf({ id: '1@lid' })).toEqual({ pn: null, lid: '1@lid' });
});
