/**
 * What a failed answer of the database means for the batch that was sent.
 * - `retry`: the same batch later, for ever;
 * - `pause`: nothing will go through until a person acts (keys, grants, a missing migration): keep everything, probe, alert;
 * - `duplicate`: it is already there;
 * - `dead`: this content will never be accepted: bisect the batch until the bad item is alone, and park that one.
 */
export type FailureClass = 'retry' | 'pause' | 'duplicate' | 'dead';

/** An answer of supabase-js that was no success. */
export interface FailedAnswer {
  /** 0 when nothing came back: refused, reset, timed out. */
  status: number;
  /** SQLSTATE, `PGRST…`, or what else the layer in between says; '' when none. */
  code: string;
  message: string;
}

interface Rule {
  when: string;
  matches: (answer: FailedAnswer) => boolean;
  is: FailureClass;
}

const sqlstate = (...prefixes: string[]) => {
  return ({ code }: FailedAnswer) => /^[0-9A-Z]{5}$/.test(code) && prefixes.some((prefix) => code.startsWith(prefix));
};
const says = (pattern: RegExp) => (answer: FailedAnswer) => pattern.test(answer.message);
const status = (...codes: number[]) => {
  return (answer: FailedAnswer) => codes.includes(answer.status);
};
const code = (pattern: RegExp) => (answer: FailedAnswer) => pattern.test(answer.code);

/** The first row that matches decides. */
export const FAILURE_RULES: readonly Rule[] = [
  { when: 'nothing came back', matches: status(0), is: 'retry' },
  // A wrong URL or a proxy answers an empty 404, which postgrest-js turns into a success with status 204.
  { when: 'success without the expected rows', matches: status(200, 201, 202, 204), is: 'retry' },
  { when: 'an error page of something in between', matches: says(/^\s*</), is: 'retry' },

  { when: 'unique violation', matches: sqlstate('23505'), is: 'duplicate' },
  { when: 'data or integrity', matches: sqlstate('21', '22', '23', '54', 'P0001'), is: 'dead' },
  {
    when: 'connection, rollback, resources, shutdown, I/O',
    matches: sqlstate('08', '40', '53', '57', '58'),
    is: 'retry',
  },
  { when: 'lock not available', matches: sqlstate('55P03'), is: 'retry' },
  { when: 'read-only: a fail-over is going on', matches: sqlstate('25006'), is: 'retry' },
  { when: 'internal error of Postgres', matches: sqlstate('XX'), is: 'retry' },
  { when: 'grants, missing tables, functions, columns', matches: sqlstate('42', '3F', '3D', '28', '0A'), is: 'pause' },

  { when: 'PostgREST cannot reach Postgres', matches: code(/^PGRST00[0-3]$/), is: 'retry' },
  { when: 'PostgREST cannot read the body', matches: code(/^PGRST102$/), is: 'dead' },
  { when: 'PostgREST: schema cache, keys, anything else', matches: code(/^PGRST/), is: 'pause' },

  // @supabase/lite answers several SQL errors with status 500 and the code SUP: their text is all there is.
  { when: 'duplicate, by its text', matches: says(/duplicate key value violates unique constraint/i), is: 'duplicate' },
  {
    when: 'bad content, by its text',
    matches: says(
      /violates (check|foreign key|not-null) constraint|invalid input syntax|invalid byte sequence|unsupported Unicode escape|out of range|value too long/i,
    ),
    is: 'dead',
  },
  {
    when: 'schema or grants, by their text',
    matches: says(/permission denied| does not exist/i),
    is: 'pause',
  },

  { when: 'keys refused, no such route, project paused', matches: status(401, 403, 404, 540), is: 'pause' },
  { when: 'one batch too large', matches: status(413), is: 'dead' },
  { when: 'not now', matches: status(408, 425, 429), is: 'retry' },
  { when: 'bad request with a code', matches: (answer) => answer.status === 400 && answer.code !== '', is: 'dead' },
  { when: 'server error', matches: (answer) => answer.status >= 500, is: 'retry' },
];

/** What to do about it; answers that nobody foresaw pause the queue, which loses nothing and is seen. */
export function classifyFailure(answer: FailedAnswer): FailureClass {
  return FAILURE_RULES.find((rule) => rule.matches(answer))?.is ?? 'pause';
}
