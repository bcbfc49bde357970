import { describe, expect, test } from '@jest/globals';
import { DatabaseFailure } from '../../src/supabase/database-failure.js';
import { classifyFailure, FAILURE_RULES, type FailureClass } from '../../src/supabase/failure-class.js';

const CASES: [string, number, string, string, FailureClass][] = [
  ['refused connection', 0, '', 'TypeError: fetch failed', 'retry'],
  ['our own deadline', 0, '', 'TimeoutError: The operation was aborted due to timeout', 'retry'],
  ['empty 404 shown as 204', 204, '', 'an answer without the expected rows', 'retry'],
  ['200 that is no JSON', 200, '', 'ok', 'retry'],
  ['HTML of a proxy, 502', 502, '', '<html><body>Bad gateway</body></html>', 'retry'],
  ['HTML of a proxy, 404', 404, '', '\n<!doctype html>', 'retry'],
  ['request time-out', 408, '', '', 'retry'],
  ['too early', 425, '', '', 'retry'],
  ['rate limited', 429, '', 'slow down', 'retry'],
  ['server error', 500, '', 'Internal Server Error', 'retry'],
  ['unavailable', 503, '', '', 'retry'],
  ['connection lost', 500, '08006', 'connection failure', 'retry'],
  ['serialization', 500, '40001', 'could not serialize access', 'retry'],
  ['deadlock', 500, '40P01', 'deadlock detected', 'retry'],
  ['disk full', 500, '53100', 'could not extend file', 'retry'],
  ['too many connections', 500, '53300', 'sorry, too many clients already', 'retry'],
  ['statement time-out', 500, '57014', 'canceling statement due to statement timeout', 'retry'],
  ['shutting down', 500, '57P01', 'terminating connection', 'retry'],
  ['I/O error', 500, '58030', 'could not read block', 'retry'],
  ['lock not available', 500, '55P03', 'lock not available', 'retry'],
  ['read-only replica', 405, '25006', 'cannot execute INSERT in a read-only transaction', 'retry'],
  ['internal error', 500, 'XX000', 'cache lookup failed', 'retry'],
  ['PostgREST without Postgres', 503, 'PGRST001', 'Database connection error', 'retry'],
  ['PostgREST pool', 504, 'PGRST003', 'Timed out acquiring connection', 'retry'],
  ['wrong key', 401, '', 'Invalid API key', 'pause'],
  ['forbidden', 403, '', '', 'pause'],
  ['no such route', 404, '', 'Not Found', 'pause'],
  ['project paused', 540, '', '', 'pause'],
  ['no grant', 403, '42501', 'permission denied for function registrar_eventos', 'pause'],
  ['missing table', 404, '42P01', 'relation "whatsapp_mensagens" does not exist', 'pause'],
  ['missing function', 404, 'PGRST202', 'Could not find the function', 'pause'],
  ['missing table in the cache', 404, 'PGRST205', 'Could not find the table', 'pause'],
  ['expired JWT', 401, 'PGRST303', 'JWT expired', 'pause'],
  ['missing function, by its text', 500, 'SUP', 'function registrar_eventos(jsonb) does not exist', 'pause'],
  ['never seen before', 418, '', 'teapot', 'pause'],
  ['there already', 409, '23505', 'duplicate key value violates unique constraint', 'duplicate'],
  ['there already, by its text', 500, 'SUP', 'duplicate key value violates unique constraint "x"', 'duplicate'],
  ['check', 400, '23514', 'violates check constraint', 'dead'],
  ['check, by its text', 500, 'SUP', 'new row for relation "x" violates check constraint "y"', 'dead'],
  ['not null', 400, '23502', 'null value in column "id"', 'dead'],
  ['unknown session', 409, '23503', "there is no session named 'x'", 'dead'],
  ['bad uuid', 400, '22P02', 'invalid input syntax for type uuid', 'dead'],
  ['NUL', 400, '22P05', 'unsupported Unicode escape sequence', 'dead'],
  ['NUL, by its text', 500, 'SUP', 'unsupported Unicode escape sequence', 'dead'],
  ['bad encoding', 400, '22021', 'invalid byte sequence for encoding "UTF8"', 'dead'],
  ['cardinality', 400, '21000', 'more than one row', 'dead'],
  ['raised', 400, 'P0001', 'no', 'dead'],
  ['body that is no JSON', 400, 'PGRST102', 'Empty or invalid json', 'dead'],
  ['too large', 413, '', 'Payload Too Large', 'dead'],
  ['bad request with a code', 400, 'E42', 'no', 'dead'],
];

test.each(CASES)('%s (%i %s) is classified', (_, status, code, message, expected) => {
  expect(classifyFailure({ status, code, message })).toBe(expected);
});

test('every rule of the table decides at least one of the cases', () => {
  const used = new Set(
    CASES.map(([, status, code, message]) => FAILURE_RULES.find((rule) => rule.matches({ status, code, message }))),
  );
  expect(FAILURE_RULES.filter((rule) => !used.has(rule)).map((rule) => rule.when)).toEqual([]);
});

describe('as an error', () => {
  test.each([
    [503, '', 'DATABASE_UNAVAILABLE', 'retry'],
    [401, '', 'DATABASE_REFUSED', 'pause'],
    [404, '42P01', 'SCHEMA_OUTDATED', 'pause'],
    [409, '23505', 'DATABASE_REFUSED', 'dead'],
  ])('%i %s is %s for API callers and %s for the writer', (status, code, errorCode, retryClass) => {
    const failure = new DatabaseFailure({ status, code, message: 'x' });
    expect(failure).toMatchObject({ code: errorCode, retryClass, sqlstate: code, httpStatus: status });
  });

  test('never carries a whole error page', () => {
    expect(new DatabaseFailure({ status: 502, code: '', message: '<html>secret</html>' }).message).not.toContain(
      'secret',
    );
  });
});
