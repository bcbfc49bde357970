import { afterEach, describe, expect, test } from '@jest/globals';
import { isGatewayError } from '../../src/lib/errors.js';
import { silentLog } from '../../src/lib/log.js';
import { Recipients } from '../../src/outbound/recipients.js';
import { anOutbound, closeAll, CONNECTION, until } from './outbound-fixtures.js';

afterEach(closeAll);

const read = async (recipients: Recipients, input: string) => {
  const recipient = await recipients.read(CONNECTION, input).catch((error: unknown) => error);
  if (isGatewayError(recipient, 'INVALID_RECIPIENT')) return 'refused';
  const { kind, digits, jid } = recipient as { kind: string; digits: string; jid: string };
  return kind === 'number' ? digits : jid;
};

describe('whoever a connection knows can be written back to under the digits that stand in numero_cliente', () => {
  test.each(['08001234567', '0800 123-4567', '27182', '11', '951234567', '119999988887'])('%s', async (input) => {
    const digits = input.replace(/\D/g, '');
    const { recipients } = await anOutbound({ contacts: [`${digits}@s.whatsapp.net`] });
    expect(await read(recipients, input)).toBe(digits.length < 3 ? 'refused' : digits);
  });

  test('also when the digits could be a Brazilian number without its country code', async () => {
    const stranger = await anOutbound();
    expect(await read(stranger.recipients, '4799999999')).toBe('554799999999');
    const known = await anOutbound({ contacts: ['4799999999@s.whatsapp.net'] });
    expect(await read(known.recipients, '4799999999')).toBe('4799999999');
    expect(await read(known.recipients, '47 9999-9999')).toBe('4799999999');
  });

  test('without the database, when their messages could be read here', async () => {
    const { journal, numbers, channel } = await anOutbound();
    const mutations = { session: { '27182.0': Buffer.from('a session') } };
    await journal.commit({ keys: { connectionId: CONNECTION, mutations } });
    const isContact = () => Promise.reject(new Error('the database is away'));
    const recipients = new Recipients({ numbers, channelOf: () => channel, isContact, log: silentLog });
    expect(await read(recipients, '27182')).toBe('27182');
    expect(await read(recipients, '27183')).toBe('refused');
  });

  test('and WhatsApp saying that nobody has the number does not undo a message that came from it', async () => {
    const { journal, send, channel } = await anOutbound({ script: { numbers: {} } });
    const mutations = { session: { '27182.0': Buffer.from('a session') } };
    await journal.commit({ keys: { connectionId: CONNECTION, mutations } });
    await send('27182', 'oi');
    await send('27182@s.whatsapp.net', 'oi');
    await until(() => channel.relayed.length === 2);
    expect(channel.relayed.map(({ jid }) => jid)).toEqual(['27182@s.whatsapp.net', '27182@s.whatsapp.net']);
  });

  test('but not from what a spreadsheet has damaged', async () => {
    const { recipients } = await anOutbound({ contacts: ['11333344440@s.whatsapp.net', '11333344440'] });
    expect(await read(recipients, '1133334444.0')).toBe('refused');
  });
});

test('an ordinary number is read without asking the database', async () => {
  const { numbers, channel } = await anOutbound();
  const isContact = () => Promise.reject(new Error('asked'));
  const recipients = new Recipients({ numbers, channelOf: () => channel, isContact, log: silentLog });
  for (const input of [
    '11999998888',
    '5511999998888',
    '+1 415 555 2671',
    '351912345678',
    '42@lid',
    '120363012345678901@g.us',
  ])
    expect(await read(recipients, input)).not.toBe('refused');
});
