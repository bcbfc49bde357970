import { beforeAll, describe, expect, test } from '@jest/globals';
import type { AddressResource } from '../../src/integration/contacts.js';
import type { PictureResource } from '../../src/integration/profile-pictures.js';
import type { Contact } from '../../src/simulator/index.js';
import { aGateway, verdict, type PairedConnection } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
let shop: PairedConnection;
let base: string;

beforeAll(async () => {
  shop = await gateway.aPairedConnection('contatos');
  base = `/api/whatsapp-integration/connections/${shop.id}`;
});

type Row = Record<string, unknown>;
interface List {
  data: Row[];
  nextCursor: string | null;
}
const get = <T = Row>(path: string) => gateway.http.get<T>(`${base}/${path}`);
const contato = (person: Contact, ready: (row: Row) => unknown) =>
  until(`the contato of ${person.number}`, async () =>
    (await gateway.crm.contatos(shop.id, { pn: person.pnJid })).find(ready),
  );
const picture = (person: Contact, query = '') => get<PictureResource>(`contacts/${person.number}/picture${query}`);
const pictureQueries = (person: Contact) =>
  gateway.simulator.history.of('picture.queried').filter(({ jid }) => jid === person.pnJid).length;

/** Somebody who has written, so that they are a contato. */
async function aKnownCustomer(name: string): Promise<Contact> {
  const customer = gateway.aCustomer({ name });
  await gateway.crm.mensagem(shop.id, customer.send(shop.phone, 'oi').id);
  return customer;
}

describe('who people are', () => {
  test('they are found by name and by number, page by page, who became known last comes first', async () => {
    const names = ['Zuleica Prado', 'Zuleica Costa', 'Zuleica Ramos'];
    const people: Contact[] = [];
    for (const name of names) people.push(await aKnownCustomer(name));
    const first = await get<List>('contacts?busca=zuleica&limit=2');
    expect(first.body.data.map(({ nome_perfil }) => nome_perfil)).toEqual(['Zuleica Ramos', 'Zuleica Costa']);
    const second = await get<List>(`contacts?busca=zuleica&limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body.data).toMatchObject([{ nome_perfil: 'Zuleica Prado' }]);
    expect(second.body.nextCursor).toBeNull();
    const byNumber = await get<List>(`contacts?busca=${people[0]!.number.slice(-8)}`);
    expect(byNumber.body.data).toMatchObject([{ numero: people[0]!.number, lid: people[0]!.lidJid }]);
    expect((await get<List>('contacts?busca=ninguém%25%22%2C)')).body.data).toEqual([]);
    expect(verdict(await get('contacts?cursor=abc'))).toBe('400 BAD_REQUEST');
  });

  test('one is found under either address, a group under its own, and a stranger under none', async () => {
    const ana = await aKnownCustomer('Ana');
    for (const address of [ana.number, ana.lidJid, `+${ana.number}`]) {
      expect((await get<{ contato: Row }>(`contacts/${address}`)).body.contato).toMatchObject({ pn: ana.pnJid });
    }
    const group = gateway.simulator.createGroup({ subject: 'Clientes', members: [shop.phone, ana] });
    await gateway.crm.mensagem(shop.id, ana.sendToGroup(group, 'oi').id);
    expect((await get<{ contato: Row }>(`contacts/${group.jid}`)).body.contato).toMatchObject({ tipo: 'grupo' });
    expect(verdict(await get('contacts/5511900001111'))).toBe('404 CONTACT_NOT_FOUND');
    expect(verdict(await get('contacts/ninguém'))).toBe('400 INVALID_RECIPIENT');
  });
});

describe('profile pictures', () => {
  test('WhatsApp is asked once, also over a restart, and the row has the link', async () => {
    const ana = await aKnownCustomer('Ana');
    ana.pictureUrl = 'https://pps.whatsapp.net/v/ana.jpg?oe=7fffffff';
    expect((await picture(ana)).body).toMatchObject({ url: ana.pictureUrl, fetchedAt: expect.any(String) });
    expect(await contato(ana, ({ foto_url }) => foto_url)).toMatchObject({ foto_url: ana.pictureUrl });
    await gateway.restart();
    await gateway.untilEstado(shop.id, 'ready');
    expect((await picture(ana)).body.url).toBe(ana.pictureUrl);
    expect(pictureQueries(ana)).toBe(1);
    ana.pictureUrl = 'https://pps.whatsapp.net/v/ana2.jpg?oe=7fffffff';
    expect((await picture(ana, '?refresh=true')).body.url).toBe(ana.pictureUrl);
    await contato(ana, ({ foto_url }) => foto_url === ana.pictureUrl);
  });

  test('a link that has expired is asked for again; whoever shows none has none', async () => {
    const [ana, beto] = [await aKnownCustomer('Ana'), await aKnownCustomer('Beto')];
    ana.pictureUrl = 'https://pps.whatsapp.net/v/ana.jpg?ccb=1&oe=5f000000';
    await picture(ana);
    await picture(ana);
    expect(pictureQueries(ana)).toBe(2);
    expect((await picture(beto)).body).toMatchObject({ success: true, url: null });
    await picture(beto);
    expect(pictureQueries(beto)).toBe(1);
  });

  test('who asks too often is told when to come back', async () => {
    const ana = await aKnownCustomer('Ana');
    const verdicts: string[] = [];
    for (let n = 0; n < 25; n++) verdicts.push(verdict(await picture(ana, '?refresh=true')));
    expect(verdicts).toContain('429 RATE_LIMITED');
    expect(verdict(await picture(ana))).toBe('200');
  });
});

describe('addresses', () => {
  test('a number leads to its LID and a LID to its number', async () => {
    const ana = await aKnownCustomer('Ana');
    const both = { numero: ana.number, pn: ana.pnJid, lid: ana.lidJid };
    expect((await get<{ data: AddressResource }>(`addresses/${ana.lidJid}`)).body.data).toEqual(both);
    expect((await get<{ data: AddressResource }>(`addresses/${ana.number}`)).body.data).toEqual(both);
  });

  test('the LID of a stranger is asked for; the number behind an unknown LID is not known', async () => {
    const stranger = gateway.aCustomer();
    const asked = await get<{ data: AddressResource }>(`addresses/${stranger.number}`);
    expect(asked.body.data).toMatchObject({ lid: stranger.lidJid });
    const unknown = await get<{ data: AddressResource }>('addresses/99999999999999@lid');
    expect(unknown.body.data).toEqual({ numero: null, pn: null, lid: '99999999999999@lid' });
    expect(verdict(await get('addresses/120363000000000001@g.us'))).toBe('400 INVALID_RECIPIENT');
  });
});

describe('blocks', () => {
  const act = (address: string, action: 'block' | 'unblock') =>
    gateway.http.post<{ data: AddressResource }>(`${base}/contacts/${address}/${action}`);

  test('somebody is blocked and let go, at WhatsApp, in the list and on their row', async () => {
    const ana = await aKnownCustomer('Ana');
    expect((await act(ana.number, 'block')).body.data).toMatchObject({ pn: ana.pnJid, lid: ana.lidJid });
    expect([...shop.phone.blocked]).toEqual([ana.lidJid]);
    expect((await get<{ data: AddressResource[] }>('blocklist')).body.data).toMatchObject([{ numero: ana.number }]);
    await contato(ana, ({ bloqueado }) => bloqueado);
    expect((await get<List>('contacts?bloqueado=true')).body.data).toMatchObject([{ pn: ana.pnJid }]);
    expect(verdict(await act(ana.lidJid, 'unblock'))).toBe('200');
    expect(shop.phone.blocked.size).toBe(0);
    await contato(ana, ({ bloqueado }) => !bloqueado);
  });

  test('what is blocked on the phone is blocked on the row', async () => {
    const ana = await aKnownCustomer('Ana');
    shop.phone.block(ana, 'block');
    await contato(ana, ({ bloqueado }) => bloqueado);
    shop.phone.block(ana, 'unblock');
    await contato(ana, ({ bloqueado }) => !bloqueado);
  });

  test('nobody can be blocked who is not on WhatsApp', async () => {
    expect(verdict(await act('5511900002222', 'block'))).toBe('422 NOT_ON_WHATSAPP');
  });
});

test('without WhatsApp what is known is told, and what must be asked is not', async () => {
  const ana = await aKnownCustomer('Ana');
  ana.pictureUrl = 'https://pps.whatsapp.net/v/ana.jpg?oe=7fffffff';
  await gateway.parts.pool.get(shop.id)!.disconnect();
  expect(verdict(await get('blocklist'))).toBe('409 NOT_CONNECTED');
  expect(verdict(await picture(ana))).toBe('409 NOT_CONNECTED');
  expect((await get<{ data: AddressResource }>(`addresses/${ana.number}`)).body.data.lid).toBe(ana.lidJid);
});
