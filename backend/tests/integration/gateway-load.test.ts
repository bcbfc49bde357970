import { expect, test } from '@jest/globals';
import { aGateway } from '../support/gateway.js';
import { until } from '../support/until.js';

const gateway = aGateway();
const CUSTOMERS = 20;
const MESSAGES = 2_000;

test('2,000 messages of 20 customers at full speed: 2,000 rows, 20 atendimentos, each chat in order, none twice', async () => {
  const { id, phone } = await gateway.aPairedConnection();
  const contacts = Array.from({ length: CUSTOMERS }, (_, index) =>
    gateway.aCustomer({ addressing: index % 2 === 0 ? 'pn' : 'lid' }),
  );
  const burst = await gateway.simulator.prepareBurst(phone, { contacts, messages: MESSAGES });
  burst.start();
  await burst.receipted;
  await until('the log to be worked off', () => gateway.parts.journal.stats().pendingEntries === 0, 60_000);
  // The API shows 1,000 rows at most in one answer.
  const rows = [];
  for (const contact of contacts) {
    const [contato] = await gateway.crm.contatos(id, { pn: contact.pnJid });
    const own = await gateway.crm.mensagens(id, { contato_id: contato!['id'] });
    const place = contacts.indexOf(contact);
    expect(own.map((row) => row['whatsapp_id'])).toEqual(burst.ids.filter((_, index) => index % CUSTOMERS === place));
    rows.push(...own);
  }
  expect(new Set(rows.map((row) => row['whatsapp_id'])).size).toBe(MESSAGES);
  const atendimentos = await gateway.crm.atendimentos(id);
  expect(atendimentos).toHaveLength(CUSTOMERS);
  for (const atendimento of atendimentos) expect(atendimento).toMatchObject({ nao_lidas: MESSAGES / CUSTOMERS });
  expect(gateway.parts.journal.stats()).toMatchObject({ pendingEntries: 0, deadLetters: 0 });
}, 180_000);
