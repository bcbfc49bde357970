/**
 * The role that a key of a Supabase project stands for: said by its prefix, or by the payload of an older key, which is a
 * JWT. The signature is not looked at: only the project can check it. @returns null when the key says nothing
 */
export function roleOfKey(key: string | null): string | null {
  if (key === null) return null;
  if (key.startsWith('sb_publishable_')) return 'anon';
  if (key.startsWith('sb_secret_')) return 'service_role';
  const [, payload, signature] = key.split('.');
  if (!payload || !signature) return null;
  try {
    const { role } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { role?: unknown };
    return typeof role === 'string' ? role.slice(0, 50) : null;
  } catch {
    return null;
  }
}
