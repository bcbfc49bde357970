import { expect, test } from '@jest/globals';
import { DATABASE_REASONS, inWords, reasonOf } from '../../src/supabase/database-reasons.js';
import { DatabaseFailure } from '../../src/supabase/database-failure.js';

/** As the local API, PostgREST, a proxy or the driver answers: status, code, message; then the reason, and whether it lasts. */
test.each<[number, string, string, string, boolean]>([
  [0, 'BAD_CONFIGURATION', 'sslrootcert in DATABASE_URL must be a readable file (ENOENT).', 'BAD_ADDRESS', true],
  [0, '28P01', 'password authentication failed for user "u"', 'PASSWORD_REFUSED', true],
  [0, '28000', 'role "nobody" does not exist', 'SIGN_IN_REFUSED', true],
  [0, '3D000', 'database "nada" does not exist', 'NO_SUCH_DATABASE', true],
  [0, 'DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', 'CERTIFICATE_REFUSED', true],
  [0, 'ERR_TLS_CERT_ALTNAME_INVALID', 'Hostname/IP does not match', 'CERTIFICATE_REFUSED', true],
  [0, 'CERT_HAS_EXPIRED', 'certificate has expired', 'CERTIFICATE_REFUSED', true],
  [0, 'ECONNRESET', 'Client network socket disconnected before secure TLS connection was established', 'NO_TLS', true],
  [0, '42704', 'unrecognized configuration parameter "foo"', 'BAD_PARAMETER', true],
  [0, '42501', 'permission denied for schema public', 'NO_PRIVILEGE', true],
  [403, '42501', 'permission denied for table whatsapp_mensagens', 'NO_PRIVILEGE', true],
  [0, '42P07', 'relation "whatsapp_mensagens" already exists', 'SCHEMA_REFUSED', true],
  [0, '42601', 'syntax error at or near "merge"', 'SCHEMA_REFUSED', true],
  [404, '42P01', 'relation "public.whatsapp_schema" does not exist', 'SCHEMA_OUTDATED', true],
  [404, 'PGRST202', 'Could not find the function', 'SCHEMA_OUTDATED', true],
  [401, '', 'Invalid API key', 'KEY_REFUSED', true],
  [401, 'PGRST301', 'JWSError', 'KEY_REFUSED', true],
  [540, '', 'Project paused', 'PROJECT_PAUSED', true],
  [404, '', 'an answer without the expected rows (status 404)', 'WRONG_ADDRESS', true],
  [204, '', 'an answer without the expected rows (status 204)', 'WRONG_ADDRESS', true],
  [200, '', '<html>login</html>', 'WRONG_ADDRESS', true],
  [403, '', 'Forbidden', 'REFUSED', true],
  [0, '53300', 'sorry, too many clients already', 'TOO_MANY_CONNECTIONS', false],
  [500, '53100', 'could not extend file: No space left on device', 'DISK_FULL', false],
  [405, '25006', 'cannot execute INSERT in a read-only transaction', 'READ_ONLY', false],
  [503, '57P03', 'the database system is starting up', 'STARTING_OR_STOPPING', false],
  [0, 'ENOTFOUND', 'getaddrinfo ENOTFOUND db.invalid', 'HOST_UNKNOWN', false],
  [0, 'EAI_AGAIN', 'getaddrinfo EAI_AGAIN db', 'HOST_UNKNOWN', false],
  [0, 'ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:5432', 'CONNECTION_REFUSED', false],
  [0, 'ENOENT', 'connect ENOENT /tmp/.s.PGSQL.5432', 'CONNECTION_REFUSED', false],
  [429, '', 'Too many requests', 'OVERLOADED', false],
  [500, '40P01', 'deadlock detected', 'OVERLOADED', false],
  [502, '', 'Bad gateway', 'SERVER_ERROR', false],
  [503, 'PGRST000', 'Could not connect with the database', 'SERVER_ERROR', false],
  [0, 'NOT_OPEN_YET', 'the database is not open yet', 'NOT_OPEN_YET', false],
  [0, '', 'fetch failed', 'UNREACHABLE', false],
  [0, 'CONNECT_TIMEOUT', 'write CONNECT_TIMEOUT db:5432', 'UNREACHABLE', false],
  [418, 'X', 'I am a teapot', 'UNFORESEEN', false],
])('%s %s %s: %s, lasting: %s', (status, code, message, reason, lasting) => {
  const answer = { status, code, message };
  expect(reasonOf(answer)).toMatchObject({ reason, lasting });
  expect(inWords(answer)).toContain(reasonOf(answer).advice);
  expect(new DatabaseFailure(answer).inWords).toBe(inWords(answer));
});

test('every state has a reason of its own and a sentence in Portuguese', () => {
  const reasons = DATABASE_REASONS.map(({ reason }) => reason);
  expect(new Set(reasons).size).toBe(reasons.length);
  for (const { advice } of DATABASE_REASONS) expect(advice).toMatch(/^(O|A|As|Falta|Faltam|Nada) .*\.$/u);
});
