import type { ApiKeyResource } from '../../src/access/api-key-resource.js';
import type { TestGateway } from './gateway.js';
import type { Answer } from './http-client.js';

export const ROOT_KEY = 'the-root-key-of-these-tests';
export const KEYS = '/api/whatsapp-bootstrap/keys';

export const as = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

export interface IssuedKey {
  key: string;
  apiKey: ApiKeyResource;
}

/** Makes an API key over HTTP, as an operator does. */
export async function anApiKey(gateway: TestGateway, body: Record<string, unknown> = {}): Promise<IssuedKey> {
  const answer: Answer<IssuedKey> = await gateway.http.post(
    KEYS,
    { name: 'test', grants: ['read', 'send', 'manage'], ...body },
    as(ROOT_KEY),
  );
  if (answer.status !== 201) throw new Error(`no key: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}
