import { createHmac } from 'node:crypto';
import { isSameSecret } from '../../lib/same-secret.js';
import type { LocalKeys } from './keys.js';

/** What an `apikey` header stands for, in @supabase/lite's words. */
export interface ResolvedKey {
  type: 'publishable' | 'secret';
  claims: Record<string, unknown>;
}

const ROLES: Record<string, ResolvedKey['type']> = { service_role: 'secret', anon: 'publishable' };

/** The two configured keys, whatever they look like, and HS256 JWTs of those roles as older Supabase projects have; else null. */
export function resolveApiKey(key: string, keys: LocalKeys): ResolvedKey | null {
  if (isSameSecret(key, keys.serviceRoleKey)) return { type: 'secret', claims: { role: 'service_role' } };
  if (isSameSecret(key, keys.anonKey)) return { type: 'publishable', claims: { role: 'anon' } };
  const claims = verifyHs256(key, keys.jwtSecret);
  const role = claims?.['role'];
  const type = typeof role === 'string' && Object.hasOwn(ROLES, role) ? ROLES[role] : undefined;
  return claims && type ? { type, claims } : null;
}

/** The claims of a valid, unexpired HS256 JWT, else null. */
export function verifyHs256(token: string, secret: string, now = Date.now()): Record<string, unknown> | null {
  const [header, payload, signature, rest] = token.split('.');
  if (!header || !payload || !signature || rest !== undefined) return null;
  if (parse(header)?.['alg'] !== 'HS256') return null;
  const expected = createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url');
  if (!isSameSecret(signature, expected)) return null;
  const claims = parse(payload);
  const { exp, nbf } = (claims ?? {}) as { exp?: unknown; nbf?: unknown };
  if (typeof exp === 'number' && exp * 1000 <= now) return null;
  if (typeof nbf === 'number' && nbf * 1000 > now) return null;
  return claims;
}

function parse(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
