/** An answer of the gateway, read to its end. */
export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  /** The parsed JSON; null when it was something else. */
  body: T & { success?: boolean; error?: { code: string; message: string; details: unknown } };
  bytes: Buffer;
}

const DEADLINE_MS = 45_000;

/** The gateway's API as a CRM or a script calls it: real requests to the port that it listens on. */
export class HttpClient {
  constructor(readonly baseUrl: string) {}

  get<T>(path: string, headers?: Record<string, string>): Promise<Answer<T>> {
    return this.request<T>('GET', path, { headers });
  }

  post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>> {
    if (body === undefined) return this.request<T>('POST', path, { headers });
    const json = { 'content-type': 'application/json', ...headers };
    return this.request<T>('POST', path, { headers: json, body: JSON.stringify(body) });
  }

  patch<T>(path: string, body: unknown): Promise<Answer<T>> {
    const headers = { 'content-type': 'application/json' };
    return this.request<T>('PATCH', path, { headers, body: JSON.stringify(body) });
  }

  delete<T>(path: string, headers?: Record<string, string>): Promise<Answer<T>> {
    return this.request<T>('DELETE', path, { headers });
  }

  async request<T>(
    method: string,
    path: string,
    { headers, body }: { headers?: Record<string, string> | undefined; body?: string | Uint8Array } = {},
  ): Promise<Answer<T>> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const response = await fetch(this.baseUrl + path, { method, headers: headers ?? {}, body: body ?? null, signal });
    const bytes = Buffer.from(await response.arrayBuffer());
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    const parsed = (isJson && bytes.length > 0 ? JSON.parse(bytes.toString('utf8')) : null) as Answer<T>['body'];
    return { status: response.status, headers: response.headers, body: parsed, bytes };
  }
}
