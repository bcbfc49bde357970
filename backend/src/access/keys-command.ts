import { textTable } from '../lib/text-table.js';
import type { ApiKeyResource } from './api-key-resource.js';

export const USAGE = `
npm run keys -- list
npm run keys -- create --name <name> --grants read,send,manage [--owner <id>] [--companies <id>,…]
                [--connections <id>,…] [--rate <requests a minute>] [--days <until it expires>]
npm run keys -- rotate <id> [--grace-hours 24]
npm run keys -- revoke <id>
The gateway must be running; --url says where, when it is not where the settings say.
`;

type Options = Record<string, string | undefined>;
type Reply = { key?: string; apiKey?: ApiKeyResource; data?: ApiKeyResource[]; error?: { message: string } };

const DEADLINE_MS = 15_000;
const DAY_MS = 86_400_000;
/** As many days are still a time that JavaScript can write. */
const MAX_NUMBER = 1_000_000;

/** The command line over the routes of API keys: it needs no way of its own to the journal, which the gateway holds. */
export class KeysCommand {
  constructor(private readonly deps: { url: string; rootKey: string | null }) {}

  /** @returns what to print. @throws Error with a sentence for the operator */
  async run([verb = 'list', id = '']: string[], options: Options): Promise<string> {
    switch (verb) {
      case 'list':
        return table((await this.#call('GET', '')).data ?? []);
      case 'create':
        return issued(await this.#call('POST', '', createBody(options)));
      case 'rotate':
        return issued(await this.#call('POST', `/${needed(id)}/rotate`, rotateBody(options)));
      case 'revoke':
        return table([(await this.#call('DELETE', `/${needed(id)}`)).apiKey].flatMap((one) => one ?? []));
      default:
        throw new Error(`There is no "${verb}".`);
    }
  }

  async #call(method: string, path: string, body?: object): Promise<Reply> {
    const { url, rootKey } = this.deps;
    const answer = await fetch(`${url}/api/whatsapp-bootstrap/keys${path}`, {
      method,
      headers: {
        ...(rootKey === null ? {} : { Authorization: `Bearer ${rootKey}` }),
        ...(body ? { 'Content-Type': 'application/json' } : {}),
      },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(DEADLINE_MS),
    }).catch((cause: unknown) => {
      throw new Error(`No gateway answers at ${url}. Start it first.`, { cause });
    });
    const reply = (await answer.json()) as Reply;
    if (!answer.ok) throw new Error(reply.error?.message ?? `The gateway answered ${answer.status}.`);
    return reply;
  }
}

function createBody(options: Options): object {
  const list = (text: string | undefined) => text?.split(',').map((part) => part.trim());
  return {
    name: options['name'],
    grants: list(options['grants']) ?? ['read'],
    ownerId: options['owner'],
    companyIds: list(options['companies']),
    connectionIds: list(options['connections']),
    ratePerMinute: numberOf(options, 'rate', 'requests a minute, such as 600'),
    expiresAt: expiryOf(numberOf(options, 'days', 'days from now, such as 90')),
  };
}

function expiryOf(days: number | undefined): string | undefined {
  return days === undefined ? undefined : new Date(Date.now() + days * DAY_MS).toISOString();
}

function rotateBody(options: Options): object {
  return { graceHours: numberOf(options, 'grace-hours', 'hours, such as 24', 0) };
}

/** @throws Error that names the option and shows a right one */
function numberOf(options: Options, name: string, what: string, least = Number.MIN_VALUE): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== '' && number >= least && number <= MAX_NUMBER) return number;
  const range = least > 0 ? 'more than 0' : 'from 0';
  throw new Error(`--${name} must be a number of ${what}: ${range} to ${MAX_NUMBER} (got "${text}").`);
}

function needed(id: string): string {
  if (id === '') throw new Error('The id of a key is needed: see "npm run keys -- list".');
  return encodeURIComponent(id);
}

/** The key alone on its line, so that it can be copied. */
function issued({ key, apiKey }: Reply): string {
  return `${table(apiKey ? [apiKey] : [])}\nIt is shown this once:\n${key}\n`;
}

function table(keys: ApiKeyResource[]): string {
  if (keys.length === 0) return 'There are no API keys.\n';
  const rows = keys.map((key) => [
    ...[key.id, key.state, key.grants.join(','), key.ownerId, key.connectionIds?.join(',') ?? 'all'],
    ...[key.expiresAt ?? 'never', key.lastUsedAt ?? 'never', key.name],
  ]);
  const all = [['ID', 'STATE', 'GRANTS', 'OWNER', 'CONNECTIONS', 'EXPIRES', 'LAST USE', 'NAME'], ...rows];
  return textTable(all);
}
