import { BlockList, isIP } from 'node:net';

/** `private`: an operator may open it (OUTGOING_PRIVATE_ADDRESSES). `never`: nobody has a receiver there. */
export type AddressClass = 'private' | 'never';

interface SpecialRange {
  range: string;
  class: AddressClass;
  /** As the error names it. */
  what: string;
}

/**
 * Where no server of the public internet is: the special-purpose registries of IANA (RFC 6890 and its successors) and the
 * metadata services of clouds, which give credentials to whoever asks from inside. The first row that fits decides.
 */
export const SPECIAL_RANGES: readonly SpecialRange[] = [
  { range: '169.254.0.0/16', class: 'never', what: 'link-local (cloud metadata)' },
  { range: '100.100.100.200/32', class: 'never', what: 'cloud metadata (Alibaba)' },
  { range: '168.63.129.16/32', class: 'never', what: 'cloud metadata (Azure)' },
  { range: '192.0.0.0/24', class: 'never', what: 'protocol assignments (Oracle metadata)' },
  { range: '127.0.0.0/8', class: 'private', what: 'loopback' },
  { range: '10.0.0.0/8', class: 'private', what: 'a private network' },
  { range: '172.16.0.0/12', class: 'private', what: 'a private network' },
  { range: '192.168.0.0/16', class: 'private', what: 'a private network' },
  { range: '100.64.0.0/10', class: 'private', what: 'a shared network (CGN, Tailscale)' },
  { range: '0.0.0.0/8', class: 'never', what: 'this host' },
  { range: '192.0.2.0/24', class: 'never', what: 'documentation' },
  { range: '192.88.99.0/24', class: 'never', what: '6to4 relays' },
  { range: '198.18.0.0/15', class: 'never', what: 'benchmarks' },
  { range: '198.51.100.0/24', class: 'never', what: 'documentation' },
  { range: '203.0.113.0/24', class: 'never', what: 'documentation' },
  { range: '224.0.0.0/4', class: 'never', what: 'multicast' },
  { range: '240.0.0.0/4', class: 'never', what: 'reserved or broadcast' },
  { range: 'fd00:ec2::/32', class: 'never', what: 'cloud metadata (AWS)' },
  { range: 'fd20:ce::254/128', class: 'never', what: 'cloud metadata (Google)' },
  { range: '::1/128', class: 'private', what: 'loopback' },
  { range: 'fc00::/7', class: 'private', what: 'a private network' },
  { range: 'fe80::/10', class: 'never', what: 'link-local' },
  { range: '2001::/23', class: 'never', what: 'protocol assignments (Teredo)' },
  { range: '2001:db8::/32', class: 'never', what: 'documentation' },
  { range: '2002::/16', class: 'never', what: '6to4, which hides an IPv4 address' },
  { range: '3fff::/20', class: 'never', what: 'documentation' },
  // Everything that was ever given to hosts on the internet is in 2000::/3; these are the rest.
  { range: '::/3', class: 'never', what: 'not on the internet' },
  { range: '4000::/2', class: 'never', what: 'not on the internet' },
  { range: '8000::/1', class: 'never', what: 'not on the internet' },
];

const ROWS = SPECIAL_RANGES.map((row) => ({ row, list: rangeList([row.range]) }));

/** A list that `check`s membership. @param ranges `address/prefix` or single addresses, valid ones */
export function rangeList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = familyOf(address);
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** @returns why the address is none of the public internet; null when it is */
export function specialRangeOf(address: string): SpecialRange | null {
  const family = familyOf(address);
  return ROWS.find(({ list }) => list.check(address, family))?.row ?? null;
}

export function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
