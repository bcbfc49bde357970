import { isIP } from 'node:net';

/** IPv6 prefixes (six groups) under which the last 32 bits are an IPv4 address that the packet really goes to. */
const HIDES_IPV4 = [
  // IPv4-mapped (RFC 4291): the kernel itself connects by IPv4.
  '0:0:0:0:0:ffff',
  // NAT64 (RFC 6052): on an IPv6-only network every IPv4 host has such an address.
  '64:ff9b:0:0:0:0',
];

/**
 * The address that packets go to: an IPv4 address that is written as IPv6 comes out as IPv4, all others as they are.
 * @returns null when it is no address, or one with a zone (`fe80::1%eth0`)
 */
export function plainAddress(address: string): string | null {
  const family = isIP(address);
  if (family === 4) return address;
  if (family !== 6 || address.includes('%')) return null;
  const groups = groupsOf(address);
  if (!HIDES_IPV4.includes(groups.slice(0, 6).map(hex).join(':'))) return address;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight groups of an IPv6 address. The URL parser of Node writes all its spellings (dotted tails too) in one form. */
function groupsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const numbers = (text: string) => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  if (tail === undefined) return numbers(head);
  const [before, after] = [numbers(head), numbers(tail)];
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

const hex = (group: number) => group.toString(16);
