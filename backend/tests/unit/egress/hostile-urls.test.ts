import { createHook } from 'node:async_hooks';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { AddressPolicy } from '../../../src/egress/address-policy.js';
import { guardedAgent } from '../../../src/egress/guarded-agent.js';
import type { Resolve } from '../../../src/egress/guarded-lookup.js';

/** Every connect(2) that this process makes for TCP, to wherever. */
let connects = 0;
const hook = createHook({
  init: (_id, type) => {
    if (type === 'TCPCONNECTWRAP') connects += 1;
  },
});

/** What the names of the table resolve to; a name with several rows of answers gives the next one each time. */
const NAMES: Record<string, string[][]> = {
  'metadata.google.internal': [['169.254.169.254']],
  'instance-data.ec2.internal': [['169.254.169.254']],
  'localtest.example': [['127.0.0.1']],
  'v6only.example': [['::1']],
  'mapped.example': [['::ffff:10.0.0.5']],
  'nat64.example': [['64:ff9b::7f00:1']],
  'printer.example': [['192.168.1.50']],
  'half-good.example': [['93.184.216.34', '10.0.0.7']],
  'half-good6.example': [['2606:2800:220:1::1', 'fd00::7']],
  'zero.example': [['0.0.0.0']],
  '127.0.0.1.nip.example': [['127.0.0.1']],
};
const asked = new Map<string, number>();
const resolve: Resolve = (host, _options, callback) => {
  const name = host.replace(/\.$/, '').toLowerCase();
  const answers = NAMES[name];
  if (!answers) return callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }), []);
  const nth = asked.get(name) ?? 0;
  asked.set(name, nth + 1);
  const addresses = answers[Math.min(nth, answers.length - 1)]!;
  const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  callback(null, found);
};

function anAgent(opened: string[] = [], resolver: Resolve = resolve) {
  return guardedAgent({
    policy: new AddressPolicy(opened),
    ...{ connectTimeoutMs: 2000, headersTimeoutMs: 2000, bodyTimeoutMs: 2000, connections: 1, resolve: resolver },
  });
}

async function codeOf(url: string, agent = anAgent()): Promise<string> {
  try {
    const { statusCode, body } = await request(url, { dispatcher: agent });
    await body.dump();
    return String(statusCode);
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await agent.close();
  }
}

const HOSTILE = [
  // Loopback, however it is written.
  'http://127.0.0.1/',
  'http://127.1/',
  'http://127.0.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.0.0.1/',
  'http://0x7f.1/',
  'http://0177.0.0.1/',
  'http://017700000001/',
  'http://0177.0x0.0.1/',
  'http://127.255.255.254/',
  'http://127.0.0.1./',
  'http://①②⑦.⓪.⓪.①/',
  'http://127。0。0。1/',
  'http://%31%32%37.0.0.1/',
  'http://user:pass@127.0.0.1/',
  'http://example.com@127.0.0.1/',
  'http://127.0.0.1:6379/',
  'http://[::1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://[0000::0001]/',
  'http://0/',
  'http://0.0.0.0/',
  'http://[::]/',
  // IPv4 inside IPv6.
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[0:0:0:0:0:ffff:a9fe:a9fe]/',
  'http://[::127.0.0.1]/',
  'http://[::ffff:0:127.0.0.1]/',
  'http://[64:ff9b::169.254.169.254]/',
  'http://[64:ff9b:1::10.0.0.1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
  // Cloud metadata.
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166/latest/meta-data/',
  'http://0xa9fea9fe/',
  'http://0251.0376.0251.0376/',
  'http://169.254.170.2/v2/credentials',
  'http://[fd00:ec2::254]/',
  'http://[fd20:ce::254]/',
  'http://100.100.100.200/',
  'http://168.63.129.16/',
  'http://192.0.0.192/',
  'http://metadata.google.internal/computeMetadata/v1/',
  'http://METADATA.google.internal./',
  'http://instance-data.ec2.internal/',
  // Private networks.
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://172.31.255.255/',
  'http://192.168.0.1/',
  'http://100.64.0.1/',
  'http://[fc00::1]/',
  'http://[fd12:3456:789a::1]/',
  'http://[fe80::1]/',
  'http://[fec0::1]/',
  'http://198.18.0.1/',
  'http://192.0.2.1/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://240.0.0.1/',
  'http://[ff02::1]/',
  'http://[2001:db8::1]/',
  // Names that lead inside.
  'http://localtest.example/',
  'https://localtest.example/',
  'http://v6only.example/',
  'http://mapped.example/',
  'http://nat64.example/',
  'http://printer.example/',
  'http://half-good.example/',
  'http://half-good6.example/',
  'http://zero.example/',
  'http://127.0.0.1.nip.example/',
];

describe('a hostile URL leads nowhere', () => {
  let server: Server;
  let port = 0;
  let requests = 0;

  beforeAll(async () => {
    hook.enable();
    server = createServer((req, res) => {
      requests += 1;
      if (req.url === '/redirect') res.writeHead(302, { location: `http://127.0.0.2:${port}/inside` });
      res.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    hook.disable();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    connects = 0;
    requests = 0;
    asked.clear();
  });

  test.each(HOSTILE)('%s: no connection is made', async (url) => {
    expect([await codeOf(url), connects]).toEqual(['FORBIDDEN_DESTINATION', 0]);
  });

  test('the table is long enough', () => expect(new Set(HOSTILE).size).toBeGreaterThanOrEqual(40));

  test('without a resolver of its own it refuses what this machine calls localhost', async () => {
    const policy = new AddressPolicy([]);
    const timeouts = { connectTimeoutMs: 2000, headersTimeoutMs: 2000, bodyTimeoutMs: 2000, connections: 1 };
    expect(await codeOf(`http://localhost:${port}/`, guardedAgent({ policy, ...timeouts }))).toBe(
      'FORBIDDEN_DESTINATION',
    );
    expect(connects).toBe(0);
  });

  test('an opened address is reached, and only that one', async () => {
    expect(await codeOf(`http://127.0.0.1:${port}/`, anAgent(['127.0.0.1/32']))).toBe('200');
    expect(await codeOf(`http://[::ffff:127.0.0.1]:${port}/`, anAgent(['127.0.0.1/32']))).toBe('200');
    expect(connects).toBe(2);
    expect(await codeOf(`http://127.0.0.2:${port}/`, anAgent(['127.0.0.1/32']))).toBe('FORBIDDEN_DESTINATION');
    expect(connects).toBe(2);
  });

  test.each(['169.254.169.254', '[fd00:ec2::254]', '100.100.100.200', '0.0.0.0', '224.0.0.1'])(
    '%s stays closed even when everything is opened',
    async (host) => {
      expect(await codeOf(`http://${host}/`, anAgent(['0.0.0.0/0', '::/0']))).toBe('FORBIDDEN_DESTINATION');
      expect(connects).toBe(0);
    },
  );

  test('a name that leads elsewhere the second time (rebinding) is refused the second time', async () => {
    NAMES['rebind.example'] = [['127.0.0.1'], ['127.0.0.2']];
    expect(await codeOf(`http://rebind.example:${port}/`, anAgent(['127.0.0.1']))).toBe('200');
    expect(await codeOf(`http://rebind.example:${port}/`, anAgent(['127.0.0.1']))).toBe('FORBIDDEN_DESTINATION');
    expect([requests, connects]).toEqual([1, 1]);
  });

  test('a redirect is an answer, not an order', async () => {
    expect(await codeOf(`http://127.0.0.1:${port}/redirect`, anAgent(['127.0.0.1']))).toBe('302');
    expect([requests, connects]).toEqual([1, 1]);
  });

  test('a name without an address is a DNS failure, not a refusal', async () => {
    expect(await codeOf('http://nobody.example/')).toBe('ENOTFOUND');
  });
});
