import { randomUUID } from 'node:crypto';
import { as } from '../../support/access.js';
import { RequestFuzz } from '../../support/request-fuzz.js';
import { until } from '../../support/until.js';
import type { Attack } from '../attack.js';

const CONNECTIONS = '/api/whatsapp-integration/connections';
const FUZZED_REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 20_000);

/** One tenant asks for all there is. */
export const greed: Attack = {
  name: '9 one tenant creates without end',
  async run({ http, keys }) {
    const mine = as(keys.attacker);
    const made = { connections: 0, webhooks: 0, templates: 0, scheduled: 0 };
    const tries = 70;
    for (let n = 0; n < tries; n++) {
      const { status } = await http.post(CONNECTIONS, { connectionId: `guloso-${n}` }, mine);
      if (status === 201) made.connections += 1;
    }
    for (let n = 0; n < 300; n++) {
      const wanted = { url: `https://example.com/${n}`, events: ['messageReceived'] };
      if ((await http.post('/api/whatsapp-bootstrap/webhooks', wanted, mine)).status === 201) made.webhooks += 1;
    }
    // The others still find room.
    const other = await http.post(CONNECTIONS, { connectionId: 'filial' }, as(keys.victim));
    for (let n = 0; n < tries; n++) await http.delete(`${CONNECTIONS}/guloso-${n}`, mine);
    await http.delete(`${CONNECTIONS}/filial`, as(keys.victim));
    const breaches = [
      ...(other.status === 201 ? [] : [`another tenant finds no room: ${other.status}`]),
      ...(made.webhooks === 300 ? ['webhooks have no limit'] : []),
    ];
    return { figure: JSON.stringify(made), breaches };
  },
};

/** Requests made from the OpenAPI document, by everybody, against a tenant whose texts carry a mark. */
export const fuzz: Attack = {
  name: `${FUZZED_REQUESTS} fuzzed requests`,
  async run({ stage, http, keys, random }) {
    const mark = `segredo-${randomUUID()}`;
    const ana = stage.cast.simulator.createContact({ number: '5511955550555', name: mark });
    ana.send(stage.cast.store, mark);
    const root = as(keys.root);
    type Page = { data: { id: string; contato?: { nome?: string } }[] };
    const page = await until('the marked conversation', async () => {
      const { body } = await http.get<Page>('/api/whatsapp-integration/atendimentos?limit=100', root);
      return JSON.stringify(body).includes(mark) ? body : undefined;
    });
    await http.post(CONNECTIONS, { connectionId: 'minha' }, as(keys.attacker));
    // Not the root key, which may log the honest number out.
    const callers = { stranger: {}, wrong: as('wrong'), other: as(keys.attacker), again: as(keys.attacker) };
    const words = ['loja', 'minha', 'text', 'png', '5511988887777', 'read', ...page.data.map(({ id }) => id)];
    const requests = await RequestFuzz.prepare({ http, random, words, callers, reader: root, mark });
    const problems = await requests.send(FUZZED_REQUESTS);
    await http.delete(`${CONNECTIONS}/minha`, as(keys.attacker));
    return { figure: JSON.stringify(requests.counts), breaches: problems.slice(0, 10) };
  },
};
