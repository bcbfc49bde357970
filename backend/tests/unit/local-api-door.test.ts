import { beforeAll, describe, expect, test } from '@jest/globals';
import { exposedNames } from '../../src/supabase/local/exposed.js';
import { isRefusal, judge, type FrontDoorRules } from '../../src/supabase/local/front-door.js';
import { aUserToken } from '../support/database.js';

const keys = { serviceRoleKey: 'sb_secret_service', anonKey: 'sb_publishable_anon', jwtSecret: 'secret' };
let rules: FrontDoorRules;
beforeAll(async () => {
  rules = { keys, exposed: await exposedNames(), origins: ['http://localhost:5173'], signup: false, users: true };
});

const HOST = { host: '127.0.0.1:54321' };
const SERVICE = { ...HOST, apikey: keys.serviceRoleKey };
const ANON = { ...HOST, apikey: keys.anonKey };
const bearer = (claims: Record<string, unknown>, secret = keys.jwtSecret) => ({
  ...ANON,
  authorization: `Bearer ${aUserToken(secret, '11111111-1111-4111-8111-111111111111', claims)}`,
});

/** The status of a refusal, or for whom it goes on. */
function outcome(method: string, url: string, headers: Record<string, string>, more: Partial<FrontDoorRules> = {}) {
  const judged = judge({ method, url, headers }, { ...rules, ...more });
  return isRefusal(judged) ? judged.status : judged.caller;
}

const TABLE = '/rest/v1/whatsapp_mensagens?select=id';

describe('the local API judges by the head of a request', () => {
  test.each([
    ['nothing', { ...HOST }, 401],
    ['a wrong key', { ...HOST, apikey: 'wrong' }, 401],
    ['the service key as bearer alone', { ...HOST, authorization: `Bearer ${keys.serviceRoleKey}` }, 401],
    ['the service key', SERVICE, 'service'],
    ['the anon key', ANON, 'anon'],
    ['the anon key twice, as supabase-js sends it', { ...ANON, authorization: `Bearer ${keys.anonKey}` }, 'anon'],
    ["a user's token", bearer({}), 'user'],
    ['a token without a role', bearer({ role: undefined }), 'anon'],
    ['a service_role token', bearer({ role: 'service_role' }), 'service'],
    ['a token of another secret', bearer({}, 'another'), 401],
    ['an expired token', bearer({ exp: 1 }), 401],
    ['a token for postgres', bearer({ role: 'postgres' }), 403],
    ['a token for supabase_admin', bearer({ role: 'supabase_admin' }), 403],
    ['a token for a role of Object.prototype', bearer({ role: 'constructor' }), 403],
    ['a token for a list of roles', bearer({ role: ['service_role'] }), 403],
    ['a token for postgres after a tab', { ...bearer({}), authorization: tabbed({ role: 'postgres' }) }, 403],
  ])('%s', (_, headers, expected) => {
    expect(outcome('GET', TABLE, headers as Record<string, string>)).toBe(expected);
  });

  test.each([
    ['rebinding.example:54321', 403],
    ['', 403],
    ['127.0.0.1.evil.example', 403],
    ['192.168.0.4:54321', 403],
    ['localhost:54321', 'service'],
    ['[::1]:54321', 'service'],
  ])('Host %j', (host, expected) => {
    expect(outcome('GET', TABLE, { ...SERVICE, host })).toBe(expected);
  });

  test.each([
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ origin: 'http://localhost:5173', 'sec-fetch-site': 'cross-site' }, 'anon'],
    [{ 'sec-fetch-site': 'same-origin' }, 'anon'],
  ])('pages: %j', (headers, expected) => {
    expect(outcome('GET', TABLE, { ...ANON, ...(headers as unknown as Record<string, string>) })).toBe(expected);
  });

  test.each([
    '/_system/config',
    '/_system/introspect',
    '/rest/v1/whatsapp_sessions/../../../_system/config',
    '/rest/v1/',
    '/rest/v1/pg_catalog.pg_authid',
    '/rest/v1/users',
    '/rest/v1/Whatsapp_mensagens',
    '/rest/v1/%77hatsapp_mensagens',
    '/rest/v1//whatsapp_mensagens',
    '/rest/v1/rpc/pg_sleep',
    '/rest/v1/rpc/whatsapp_mensagens',
    '/rest/v1/registrar_eventos',
    '//evil/rest/v1/whatsapp_mensagens',
    'http://127.0.0.1/rest/v1/whatsapp_mensagens',
    '/',
  ])('%s is not served, whatever the key', (url) => {
    expect(outcome('GET', url, SERVICE)).toBe(404);
  });

  test('schemas other than public are not served', () => {
    for (const name of ['accept-profile', 'content-profile']) {
      expect(outcome('GET', TABLE, { ...SERVICE, [name]: 'sentinela' })).toBe(406);
      expect(outcome('GET', TABLE, { ...SERVICE, [name]: 'public, auth' })).toBe(406);
    }
  });

  test('every table and function that the gateway needs is served', () => {
    for (const name of ['whatsapp_sessions', 'whatsapp_instances', 'whatsapp_api_keys', 'whatsapp_schema']) {
      expect(outcome('GET', `/rest/v1/${name}`, SERVICE)).toBe('service');
    }
    for (const name of ['registrar_eventos', 'buscar_mensagens', 'robo_devidos', 'cifrados_pendentes']) {
      expect(outcome('POST', `/rest/v1/rpc/${name}`, SERVICE)).toBe('service');
    }
  });

  test('the anon key signs up only where LOCAL_AUTH_SIGNUP is set; the service key always', () => {
    expect(outcome('POST', '/auth/v1/signup', ANON)).toBe(422);
    expect(outcome('POST', '/auth/v1/signup', bearer({}))).toBe(422);
    expect(outcome('POST', '/auth/v1/signup', ANON, { signup: true })).toBe('anon');
    expect(outcome('POST', '/auth/v1/signup', SERVICE)).toBe('service');
  });

  test.each([
    ['POST', 'otp'],
    ['POST', 'magiclink'],
    ['POST', 'verify'],
    ['GET', 'verify?type=signup&token=1'],
    ['POST', 'recover'],
    ['POST', 'resend'],
    ['GET', 'authorize?provider=github'],
    ['GET', 'callback'],
    ['POST', 'token?grant_type=pkce'],
    ['POST', 'admin/users'],
    ['PUT', 'signup'],
  ])('%s /auth/v1/%s is not available, with signing up or without', (method, path) => {
    expect(outcome(method, `/auth/v1/${path}`, ANON, { signup: true })).toBe(404);
    expect(outcome(method, `/auth/v1/${path}`, ANON)).toBe(404);
  });

  test.each(['storage/v1/bucket', 'functions/v1/hello', 'graphql/v1/'])('/%s says that it is not here', (path) => {
    expect(outcome('GET', `/${path}`, SERVICE)).toBe(501);
  });
});

function tabbed(claims: Record<string, unknown>): string {
  return `Bearer\t${aUserToken(keys.jwtSecret, '11111111-1111-4111-8111-111111111111', claims)}`;
}
