import type { BlockList } from 'node:net';
import { plainAddress } from './plain-address.js';
import { familyOf, rangeList, specialRangeOf } from './special-addresses.js';

/**
 * Which addresses the gateway may connect to when a user of it names the host (webhooks, media by URL): the public
 * internet, and those private ranges that the operator has opened. Cloud metadata and the like stay closed in any case.
 */
export class AddressPolicy {
  readonly #opened: BlockList;
  /** Whether the operator has opened any private range. */
  readonly opensAnything: boolean;

  /** @param opened `address` or `address/prefix` (OUTGOING_PRIVATE_ADDRESSES) */
  constructor(opened: readonly string[]) {
    this.#opened = rangeList(opened);
    this.opensAnything = opened.length > 0;
  }

  /** @param address of either family. @returns why it must not be connected to; null when it may */
  refusal(address: string): string | null {
    const plain = plainAddress(address);
    if (plain === null) return `${address} is no plain IP address`;
    const special = specialRangeOf(plain);
    if (special === null) return null;
    if (special.class === 'private' && this.#opened.check(plain, familyOf(plain))) return null;
    return `${address} is ${special.what}`;
  }
}
