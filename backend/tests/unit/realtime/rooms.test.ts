import { describe, expect, test } from '@jest/globals';
import type { SocketCaller } from '../../../src/notifications/realtime/caller.js';
import { roomsOfCaller, roomsOfEvent } from '../../../src/notifications/realtime/rooms.js';

const all = new Set(['read', 'send', 'manage']);
const reads = new Set(['read']);
const callers: Record<string, SocketCaller> = {
  root: { name: 'root', grants: 'root', scope: null },
  user: { name: 'user:u', grants: all, scope: { ownerId: 'u', companyIds: ['k'] } },
  reader: { name: 'key:1', grants: reads, scope: { ownerId: 'u', companyIds: [] } },
  limited: {
    name: 'key:2',
    grants: all,
    scope: { ownerId: 'u', companyIds: ['k'], connections: [{ connectionId: 'x' }] },
  },
  nothing: { name: 'key:3', grants: all, scope: { ownerId: 'u', companyIds: ['k'], connections: [] } },
};
const event = (changes: object) => ({
  type: 'messageReceived',
  connectionId: 'x',
  ownerId: null,
  companyId: null,
  data: {},
  ...changes,
});
const forOne = (userId: string) => ({ type: 'userNotification', data: { userId } });

describe('who hears an event', () => {
  test.each<[string, object, string]>([
    ['of the owner', { ownerId: 'u' }, 'root user reader limited'],
    ['of the owner, another connection', { ownerId: 'u', connectionId: 'y' }, 'root user reader'],
    ['of the company', { ownerId: 'v', companyId: 'k' }, 'root user limited'],
    ['of another owner', { ownerId: 'v' }, 'root'],
    ['of another owner and company', { ownerId: 'v', companyId: 'j' }, 'root'],
    ['of nobody', { connectionId: null }, 'root'],
    ['a QR code', { type: 'qr', ownerId: 'u' }, 'root user limited'],
    ['for the user', { ...forOne('u'), ownerId: 'u', companyId: 'j' }, 'root user reader limited'],
    ['for the user, another connection', { ...forOne('u'), connectionId: 'y' }, 'root user reader'],
    ['for a colleague', { ...forOne('v'), ownerId: 'v', companyId: 'k' }, 'root'],
    // Ids of owners, companies and users are names of different things.
    ['of an owner with the id of the company', { ownerId: 'k' }, 'root'],
    ['for a user with the id of the company', forOne('k'), 'root'],
  ])('%s', (_what, changes, who) => {
    const rooms = new Set(roomsOfEvent(event(changes)));
    const hearers = Object.entries(callers).filter(([, caller]) =>
      roomsOfCaller(caller, null).some((room) => rooms.has(room)),
    );
    expect(hearers.map(([name]) => name).join(' ')).toBe(who);
  });

  test('asking for some connections never gives more', () => {
    const rooms = new Set(roomsOfEvent(event({ ownerId: 'u', connectionId: 'y' })));
    const hears = (name: string, wanted: string[]) =>
      roomsOfCaller(callers[name]!, wanted).some((room) => rooms.has(room));
    expect([hears('root', ['y']), hears('root', ['x']), hears('user', ['y']), hears('user', ['x'])]).toEqual([
      ...[true, false, true, false],
    ]);
    expect([hears('limited', ['y']), hears('nothing', ['y'])]).toEqual([false, false]);
    expect(roomsOfCaller(callers['user']!, [])).toEqual([]);
  });
});
