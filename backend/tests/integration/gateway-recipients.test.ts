import { beforeAll, expect, test } from '@jest/globals';
import { aGateway, verdict, type PairedConnection } from '../support/gateway.js';

const gateway = aGateway();
let shop: PairedConnection;

beforeAll(async () => {
  shop = await gateway.aPairedConnection('destinos');
});

const numeroOf = async (whatsappId: string) => {
  const { atendimento_id } = await gateway.crm.mensagem(shop.id, whatsappId);
  const [atendimento] = await gateway.crm.atendimentos(shop.id, { id: atendimento_id });
  return String(atendimento!['numero_cliente']);
};

test.each([
  ['a toll-free number with its trunk zero', { number: '5508001234567' }],
  ['a toll-free number without country code', { number: '08007654321' }],
  ['a short code', { number: '27182' }],
  ['a number abroad that looks Brazilian', { number: '4799999999' }],
  ['somebody of whom only the LID is known', { number: '5511955550001', addressing: 'lid', hasLidMapping: false }],
] as const)('what stands in numero_cliente can be written to: %s', async (_what, options) => {
  const customer = gateway.aCustomer({ hasLidMapping: false, ...options });
  const { id } = customer.send(shop.phone, 'Olá');
  const to = await numeroOf(id);
  expect(verdict(await gateway.send(shop.id, { to, content: 'Bom dia' }))).toBe('201');
  expect((await customer.nextMessage()).message).toMatchObject({ extendedTextMessage: { text: 'Bom dia' } });
});

test('a damaged number, or one with a digit too many, is refused and never sent abroad', async () => {
  for (const to of ['1133334444.0', '11999998888.0', '119999988887', '5.5119999E+12']) {
    const answer = await gateway.send(shop.id, { to, content: 'oi' });
    expect([to, verdict(answer)]).toEqual([to, '400 INVALID_RECIPIENT']);
  }
});

test("a contact card's number is the account that WhatsApp knows, as the recipient is", async () => {
  const ana = gateway.aCustomer();
  // An older account: WhatsApp knows it without the ninth digit.
  gateway.aCustomer({ number: '553188887777' });
  const numbers = ['31 98888-7777', '+55 31 97777-0000'];
  await gateway.send(shop.id, { to: ana.pnJid, type: 'contact', contacts: [{ name: 'Beto', numbers }] });
  const { message } = await ana.nextMessage();
  const vcard = String(message.contactMessage?.vcard);
  expect(vcard).toContain('waid=553188887777:+5531988887777');
  // Nobody has the other one on WhatsApp: it is shown, without a button that leads nowhere.
  expect(vcard).toContain('type=VOICE:+5531977770000');
});

test('a mentioned number is the account that WhatsApp knows, in the text too', async () => {
  const ana = gateway.aCustomer();
  gateway.aCustomer({ number: '553188886666' });
  const content = 'Fale com @5531988886666 ou @31988886666, não com @319888866669';
  await gateway.send(shop.id, { to: ana.pnJid, content, mentions: ['31 98888-6666'] });
  const { message } = await ana.nextMessage();
  expect(message.extendedTextMessage).toMatchObject({
    text: 'Fale com @553188886666 ou @553188886666, não com @319888866669',
    contextInfo: { mentionedJid: ['553188886666@s.whatsapp.net'] },
  });
});
