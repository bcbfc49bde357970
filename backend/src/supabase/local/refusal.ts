/** A refusal as Supabase words it; `headers` go along. */
export interface Refusal {
  status: number;
  body: Record<string, unknown>;
  headers?: Record<string, string>;
}

/** In the shape of PostgREST's errors. */
export function refusal(status: number, message: string, code: string | null = null): Refusal {
  return { status, body: { code, message, details: null, hint: null } };
}
