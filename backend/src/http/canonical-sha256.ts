import { createHash } from 'node:crypto';

/** The same request is the same digest, however its JSON was spelt and in whatever order its keys came. */
export function canonicalSha256(body: Record<string, unknown>): Uint8Array {
  const sorted = Object.entries(body)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest();
}
