import { describe, expect, test } from '@jest/globals';
import { AddressPolicy } from '../../../src/egress/address-policy.js';
import { urlProblem } from '../../../src/egress/target-url.js';

const closed = new AddressPolicy([]);

describe('a URL that a user gives', () => {
  test.each(['https://example.com/hook', 'http://example.com:8080/a?b=c', 'https://[2606:4700::1111]/x'])(
    '%s is taken',
    (url) => expect(urlProblem(url, closed)).toBeNull(),
  );

  test.each([
    ['', 'absolute'],
    ['example.com/hook', 'absolute'],
    ['ftp://example.com/', 'http:// or https://'],
    ['file:///etc/passwd', 'http:// or https://'],
    ['gopher://127.0.0.1:6379/_x', 'http:// or https://'],
    ['https://user:secret@example.com/', 'no user or password'],
    ['https://example.com/#part', 'no part after #'],
    [`https://example.com/${'a'.repeat(2048)}`, 'at most 2048'],
    ['http://127.0.0.1/hook', 'loopback'],
    ['http://2130706433/', 'loopback'],
    ['http://[::ffff:169.254.169.254]/', 'metadata'],
    ['http://localhost:3000/', 'private network'],
    ['http://nas.local/', 'private network'],
  ])('%s is refused, with the reason', (url, why) =>
    expect(urlProblem(url, closed)).toMatch(new RegExp(`^must .*${why}`)),
  );

  test('an opened range lets its addresses and inside names through', () => {
    const opened = new AddressPolicy(['192.168.1.0/24', 'fd00::/64']);
    const verdicts = ['http://192.168.1.9/', 'http://[fd00::1]/', 'http://nas.local/'].map((url) =>
      urlProblem(url, opened),
    );
    expect(verdicts).toEqual([null, null, null]);
    expect(urlProblem('http://192.168.2.9/', opened)).toContain('192.168.2.9');
  });
});
