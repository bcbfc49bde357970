import type { AuthenticationCreds } from '@whiskeysockets/baileys';

/**
 * The credentials as plain data: protobuf messages (`account`, the keys in `processedHistoryMessages`) as their fields,
 * Longs as numbers, bytes as Buffers. Baileys puts decoded protobuf messages into them, whose `toJSON` would turn bytes into
 * base64 strings.
 */
export function plainCreds(creds: AuthenticationCreds): Record<string, unknown> {
  return plain(creds) as Record<string, unknown>;
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(plain);
  if (isLong(value)) return value.toNumber();
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

function isLong(value: object): value is { toNumber(): number } {
  return 'low' in value && 'high' in value && typeof (value as { toNumber?: unknown }).toNumber === 'function';
}
