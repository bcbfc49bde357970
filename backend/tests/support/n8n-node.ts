import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** As npm published it (MIT). It is no dependency: its install script refuses npm. */
const PACKAGE = new URL('../fixtures/n8n-nodes-evolution-api-1.0.4.tgz', import.meta.url);
const INTEGRITY = 'sha512-0ow1ohKmeJlasGX0q7DB+c8zjfeGfHRgxjn7Tunos0x/y+x/FWjPCHL3vgS16SoKRvukWAxiE7vU/1St3DXwvA==';

/** All that the node takes from n8n itself at run time: two classes of errors. */
const N8N_WORKFLOW = `
  class NodeOperationError extends Error { constructor(node, message, more) { super([message, more?.description].join(': ')); } }
  module.exports = { NodeOperationError, NodeApiError: NodeOperationError };`;

interface EvolutionNode {
  execute(this: object): Promise<{ json: { data: unknown } }[][]>;
}

/** The Evolution API node of n8n, its own code, run as n8n runs one step of a workflow. */
export class N8nNode {
  readonly #dir = mkdtempSync(join(tmpdir(), 'sentinela-n8n-'));
  readonly #node: EvolutionNode;

  constructor(private readonly credentials: { 'server-url': string; apikey: string }) {
    const digest = createHash('sha512').update(readFileSync(PACKAGE)).digest('base64');
    if (`sha512-${digest}` !== INTEGRITY) throw new Error('the package is not the published one');
    execFileSync('tar', ['xzf', PACKAGE.pathname, '-C', this.#dir]);
    mkdirSync(join(this.#dir, 'node_modules', 'n8n-workflow'), { recursive: true });
    writeFileSync(join(this.#dir, 'node_modules', 'n8n-workflow', 'index.js'), N8N_WORKFLOW);
    const load = createRequire(join(this.#dir, 'package', 'dist', 'index.js'));
    const { EvolutionApi } = load('./nodes/EvolutionApi/EvolutionApi.node.js') as {
      EvolutionApi: new () => EvolutionNode;
    };
    this.#node = new EvolutionApi();
  }

  close(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** Runs one operation with the fields that a person has filled in. @returns what the server answered */
  async run<T = Record<string, unknown>>(resource: string, operation: string, fields: object): Promise<T> {
    const parameters = { resource, operation, ...fields };
    const [[item]] = (await this.#node.execute.call(this.#context(parameters))) as [[{ json: { data: T } }]];
    return item.json.data;
  }

  #context(parameters: Record<string, unknown>): object {
    return {
      getInputData: () => [{ json: {} }],
      getNode: () => ({ name: 'Evolution API' }),
      continueOnFail: () => false,
      getCredentials: async () => this.credentials,
      getNodeParameter: (path: string, _item: number, ...fallback: unknown[]) => valueAt(parameters, path, fallback),
      helpers: { request, returnJsonArray: (items: unknown) => [items].flat() },
    };
  }
}

/** n8n's: dotted paths, and an error for what has neither value nor default. */
function valueAt(parameters: object, path: string, fallback: unknown[]): unknown {
  const found = path
    .split('.')
    .reduce<unknown>((value, part) => (value as Record<string, unknown>)?.[part], parameters);
  if (found !== undefined) return found;
  if (fallback.length > 0) return fallback[0];
  throw new Error(`Could not get parameter "${path}"`);
}

interface RequestOptions {
  method: string;
  uri: string;
  headers: Record<string, string>;
  body?: unknown;
}

/** n8n's request helper: JSON both ways, an error for every status that is no success. */
async function request({ method, uri, headers, body }: RequestOptions): Promise<unknown> {
  const sent = new Headers(headers);
  if (body !== undefined) sent.set('content-type', 'application/json');
  const answer = await fetch(uri, {
    method,
    headers: sent,
    signal: AbortSignal.timeout(45_000),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} - ${text}`);
  return JSON.parse(text) as unknown;
}
