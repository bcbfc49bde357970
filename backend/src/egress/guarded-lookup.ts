import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { AddressPolicy } from './address-policy.js';
import { forbiddenDestination } from './forbidden-destination.js';

/** All addresses of a name: `dns.lookup` (hosts file, then DNS), or a test's own. */
export type Resolve = (
  host: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * The lookup that a socket uses while it connects: what it hands over is what was checked, so a name that answers
 * differently the second time (DNS rebinding) gains nothing. One bad address among good ones refuses the name: no honest
 * host has both.
 */
export function guardedLookup(policy: AddressPolicy, resolve: Resolve = lookup): LookupFunction {
  return (host, options, callback) => {
    const { family, hints } = options;
    const all = { all: true as const, ...(family && { family }), ...(hints !== undefined && { hints }) };
    resolve(host, all, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const [first] = addresses;
      if (!first) return callback(new Error(`${host} has no address`), '', 0);
      const refusal = addresses.map(({ address }) => policy.refusal(address)).find((why) => why !== null);
      if (refusal) return callback(forbiddenDestination(host, refusal), '', 0);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
