import { isIP } from 'node:net';
import type { AddressPolicy } from './address-policy.js';

/** Names that mean this machine or a network's inside wherever they are looked up. */
const INSIDE = /(^|\.)(localhost|local|internal|localdomain|home\.arpa)$/;
const LONGEST = 2048;

/**
 * An early, friendly check of a URL that somebody wants us to call; the agent checks again when it connects.
 * @returns the sentence after the field's name (`must …`), or null when nothing speaks against it
 */
export function urlProblem(text: string, policy: AddressPolicy): string | null {
  if (text.length > LONGEST) return `must have at most ${LONGEST} characters`;
  if (!URL.canParse(text)) return 'must be an absolute http:// or https:// URL';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must be an http:// or https:// URL';
  if (url.username !== '' || url.password !== '') return 'must have no user or password: use a header for them';
  if (url.hash !== '') return 'must have no part after #: it is never sent';
  return hostProblem(url.hostname, policy);
}

function hostProblem(hostname: string, policy: AddressPolicy): string | null {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const refusal = isIP(host) === 0 ? insideName(host, policy) : policy.refusal(host);
  if (refusal === null) return null;
  return `must be a host on the public internet (${refusal}); OUTGOING_PRIVATE_ADDRESSES opens private ones`;
}

/** Such a name can be meant when loopback is opened; where it leads is seen when it is connected to. */
function insideName(host: string, policy: AddressPolicy): string | null {
  if (!INSIDE.test(host) || policy.opensAnything) return null;
  return `${host} is a name of a private network`;
}
