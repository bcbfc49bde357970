export interface GatewayAnswer {
  status: number;
  body: Record<string, unknown>;
}

const DEADLINE_MS = 30_000;

/** The running gateway's API, as a command calls it with the root key. */
export class GatewayClient {
  constructor(private readonly deps: { url: string; rootKey: string | null }) {}

  /** @param options.anonymous without the key, as a stranger would. @throws Error naming the URL when nobody answers */
  async call(
    method: string,
    path: string,
    {
      body,
      anonymous = false,
      headers = {},
    }: { body?: object; anonymous?: boolean; headers?: Record<string, string> } = {},
  ): Promise<GatewayAnswer> {
    const { url, rootKey } = this.deps;
    const answer = await fetch(url + path, {
      method,
      headers: {
        ...(rootKey === null || anonymous ? {} : { Authorization: `Bearer ${rootKey}` }),
        ...headers,
        ...(body ? { 'Content-Type': 'application/json' } : {}),
      },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(DEADLINE_MS),
    }).catch((cause: unknown) => {
      throw new Error(`no gateway answers at ${url}: start it first`, { cause });
    });
    const isJson = answer.headers.get('content-type')?.startsWith('application/json');
    return { status: answer.status, body: isJson ? ((await answer.json()) as Record<string, unknown>) : {} };
  }

  /** Like `call`, for calls that must succeed. @throws Error with the gateway's own sentence */
  async need(method: string, path: string, options?: { body?: object }): Promise<Record<string, unknown>> {
    const { status, body } = await this.call(method, path, options);
    if (status < 300) return body;
    const { code, message } = (body['error'] ?? {}) as { code?: string; message?: string };
    throw new Error(`${method} ${path} answered ${status} ${code ?? ''}: ${message ?? 'no JSON'}`);
  }
}
