import { expect, test } from '@jest/globals';
import { readSystemd } from '../../../src/config/systemd.js';

test.each<[string, Record<string, string>, ReturnType<typeof readSystemd>]>([
  ['nobody asks', {}, { notifySocket: null, watchdogMs: null }],
  [
    'systemd watches us',
    { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7' },
    { notifySocket: '/run/n', watchdogMs: 60_000 },
  ],
  [
    'systemd watches a wrapper',
    { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '8' },
    { notifySocket: '/run/n', watchdogMs: null },
  ],
  ['no watchdog', { NOTIFY_SOCKET: '@abstract' }, { notifySocket: '@abstract', watchdogMs: null }],
  ['nonsense', { NOTIFY_SOCKET: '', WATCHDOG_USEC: 'x' }, { notifySocket: null, watchdogMs: null }],
])('%s', (_name, env, expected) => {
  expect(readSystemd(env, 7)).toEqual(expected);
});
