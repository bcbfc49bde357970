import type { ReadPostgresUrl } from './postgres-url.js';

const DEFAULT_PORT = 5432;

/** @param hosts `a`, `a:5433`, `[::1]:5433`, `%2Fvar%2Frun%2Fpostgresql`, several separated by commas */
export function readHosts(hosts: string, read: ReadPostgresUrl): void {
  const list = hosts === '' ? [] : hosts.split(',').map((each) => readHost(each, read));
  const named = list.flatMap((each) => (each ? [each] : []));
  const sockets = named.filter(({ name }) => name.startsWith('/'));
  if (sockets.length > 0 && named.length > 1) read.problems.push('a Unix socket must be the only host');
  const [socket] = sockets;
  read.address.socketDir = socket?.name ?? null;
  // The port is part of a socket's name.
  read.address.hosts = named;
}

function readHost(text: string, read: ReadPostgresUrl): { name: string; port: number } | null {
  const parts = /^(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:[\]]*))(?::(\d{0,5}))?$/.exec(text);
  const name = parts ? decoded(parts[1] ?? parts[2] ?? '', 'host', read) : null;
  const port = Number(parts?.[3] || DEFAULT_PORT);
  if (!parts || port < 1 || port > 65_535) {
    read.problems.push(
      'its host must be a name, an IPv4 address, an IPv6 address in [brackets] or a folder of a socket written with %2F, and its port a number from 1 to 65535; a / in the password is written %2F',
    );
    return null;
  }
  return { name: name ?? 'localhost', port };
}

/** A percent-encoded part of the URL; null when there is nothing. */
export function decoded(text: string, what: string, { problems }: ReadPostgresUrl): string | null {
  if (text === '') return null;
  try {
    const plain = decodeURIComponent(text);
    if (!plain.includes('\0')) return plain;
  } catch {
    // Said below.
  }
  problems.push(`its ${what} must be percent-encoded (a % itself as %25)`);
  return null;
}
