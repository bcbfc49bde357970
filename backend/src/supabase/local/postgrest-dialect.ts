/** What of `@supabase/lite`'s connection is adjusted. */
interface LiteConnection {
  normalizeDbError(error: unknown): unknown;
  driver?: { options?: { parsers?: Record<number, (text: string) => unknown> } };
}

interface PostgresFailure {
  code?: unknown;
  message?: unknown;
  detail?: unknown;
  hint?: unknown;
}

/**
 * Classes of SQLSTATE that lite answers with `500 SUP` and PostgREST with 400: a check that fails, another constraint, an
 * exception of a function. The rest it maps by itself.
 */
const REFUSED = /^(23(?!50[235])|44|P0)[0-9A-Z]+$/;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;

/** Makes the API speak as PostgREST does where lite does not: codes of refused rows, and times as ISO 8601. */
export function speakPostgrest(connection: object): void {
  const lite = connection as LiteConnection;
  const normalize = lite.normalizeDbError.bind(lite);
  lite.normalizeDbError = (error) => refused(normalize(error));
  const parsers = lite.driver?.options?.parsers;
  if (parsers) parsers[TIMESTAMP] = parsers[TIMESTAMPTZ] = isoTime;
}

/** Lite takes status and body from an error with the code `PGRST`, as PostgREST does. */
function refused(error: unknown): unknown {
  const { code, message, detail, hint } = (error ?? {}) as PostgresFailure;
  if (typeof code !== 'string' || !REFUSED.test(code)) return error;
  const body = { code, message, details: detail ?? null, hint: hint ?? null };
  const answer = { status: 400, headers: {} };
  return Object.assign(new Error(JSON.stringify(body)), { code: 'PGRST', detail: JSON.stringify(answer) });
}

/** `2026-11-21 12:00:00.5+00` of Postgres as `2026-11-21T12:00:00.5+00:00`; infinity and years BC stay as they are. */
export function isoTime(text: string): string {
  return text.replace(
    /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:([+-]\d\d)(?::?(\d\d))?)?$/,
    (_, date, time, zone, minutes) =>
      zone === undefined ? `${date}T${time}` : `${date}T${time}${zone}:${minutes ?? '00'}`,
  );
}
