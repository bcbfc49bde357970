import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from '@jest/globals';
import { Random } from '../crash/random.js';
import { anApiKey, as, ROOT_KEY } from '../support/access.js';
import { aUserToken } from '../support/database.js';
import { aMessage, aPerson, aSession } from '../support/eventos.js';
import { aGateway, CONNECTIONS } from '../support/gateway.js';
import { RequestFuzz } from '../support/request-fuzz.js';

/** `npm run test:fuzz` sends 10,000; the suite a few. A seed repeats its requests. */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 400);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);

const gateway = aGateway({ API_KEY: ROOT_KEY, MAX_CONNECTIONS: '4' });
/** In all texts of the victim, and in no answer to anybody else. */
const MARK = `segredo-${randomUUID()}`;
const victim = randomUUID();
const words: string[] = ['vitima', 'minha', 'text', 'png', '5511988887777', '5511988887777@s.whatsapp.net', 'read'];
const callers: Record<string, Record<string, string>> = {
  stranger: {},
  wrong: as('wrong'),
  root: as(ROOT_KEY),
};

beforeAll(async () => {
  const other = { ownerId: randomUUID() };
  const mine = await anApiKey(gateway, other);
  callers['other'] = as(mine.key);
  callers['other, read only'] = as((await anApiKey(gateway, { ...other, grants: ['read'] })).key);
  callers['other, one connection'] = as((await anApiKey(gateway, { ...other, connectionIds: ['minha'] })).key);
  callers['user'] = as(aUserToken(gateway.database.jwtSecret, randomUUID()));
  const secret = await anApiKey(gateway, { ownerId: victim, name: MARK, grants: ['read'] });
  await gateway.http.post(CONNECTIONS, { connectionId: 'vitima', ownerId: victim, name: MARK }, as(ROOT_KEY));
  await gateway.http.post(CONNECTIONS, { connectionId: 'minha' }, as(mine.key));
  const session = aSession({ owner_id: victim });
  const message = aMessage(session.sessao, aPerson(), { conteudo: MARK });
  const [, opened] = await gateway.database.service.registrarEventos([session, message]);
  words.push(
    victim,
    other.ownerId,
    secret.apiKey.id,
    opened?.atendimento_id ?? '',
    message.whatsapp_id,
    session.sessao,
  );
}, 60_000);

test(
  `${REQUESTS} requests made from our own OpenAPI document: no fault is ours, nothing of another owner is told`,
  async () => {
    const { http } = gateway;
    const fuzz = await RequestFuzz.prepare({
      http,
      random: new Random(SEED),
      words,
      callers,
      reader: as(ROOT_KEY),
      mark: MARK,
    });
    const problems = await fuzz.send(REQUESTS);
    if (REQUESTS > 1000) process.stdout.write(`seed ${SEED}, answers by status: ${JSON.stringify(fuzz.counts)}\n`);
    expect({ seed: SEED, problems: problems.slice(0, 10) }).toEqual({ seed: SEED, problems: [] });
  },
  30_000 + REQUESTS * 50,
);
