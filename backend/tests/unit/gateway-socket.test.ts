import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import NodeCache from 'node-cache';
import { pino } from 'pino';
import type { Journal } from '../../src/journal/journal.js';
import type { CommitBatch } from '../../src/journal/records.js';
import { systemClock } from '../../src/lib/clock.js';
import { GatewayError } from '../../src/lib/errors.js';
import { silentLog } from '../../src/lib/log.js';
import { AuthStore } from '../../src/whatsapp/auth-store.js';
import { CallBook } from '../../src/whatsapp/call-book.js';
import { GatewaySocket } from '../../src/whatsapp/gateway-socket.js';
import { GroupCache } from '../../src/whatsapp/group-cache.js';
import { Lanes } from '../../src/whatsapp/lanes.js';
import { CONNECTION, openJournal } from './journal-fixture.js';

let journal: Journal;
let socket: GatewaySocket;
let groups: GroupCache;
const failures: unknown[] = [];

/** A socket whose server nobody listens at: what is tested here happens before a byte is sent. */
beforeEach(async () => {
  journal = await openJournal();
  const auth = AuthStore.open({ journal, connectionId: CONNECTION, log: silentLog });
  const nothing = () => undefined;
  groups = new GroupCache({ connectionId: CONNECTION, journal, clock: systemClock });
  socket = new GatewaySocket({
    ...{ connectionId: CONNECTION, journal, lanes: new Lanes(), clock: systemClock, log: silentLog },
    ...{ logger: pino({ level: 'silent' }), auth },
    version: [2, 3000, 1035194821],
    server: { wsUrl: 'ws://127.0.0.1:9/ws', noiseRootKey: null, mediaUrl: null, mediaCaFile: null },
    ...{ getMessage: nothing, groups, calls: new CallBook(), route: null },
    ...{ userDevicesCache: new NodeCache(), retryCounterCache: new NodeCache() },
    on: {
      ...{ update: nothing, ack: nothing, companionRegRefresh: nothing, frame: nothing },
      ...{ ringing: nothing, passkeyRequired: nothing, undecryptable: nothing, messageCap: nothing },
      ...{ message: nothing, events: nothing, journalFailed: (error) => failures.push(error) },
    },
  });
});

afterEach(() => {
  jest.restoreAllMocks();
  failures.length = 0;
  socket.terminate();
  groups.close();
});

test('the credentials are on their way to the disk when the handler of creds.update returns', () => {
  const commit = jest.spyOn(journal, 'commit');
  socket.sock.ev.emit('creds.update', { accountSyncCounter: 42 });
  expect(commit).toHaveBeenCalledTimes(1);
  expect(commit.mock.calls[0]![0].creds?.value).toMatchObject({ accountSyncCounter: 42 });
});

test('credentials that the journal refuses end the socket', async () => {
  jest
    .spyOn(journal, 'commit')
    .mockImplementation((_: CommitBatch) => Promise.reject(new GatewayError('JOURNAL_FAILED')));
  socket.sock.ev.emit('creds.update', { accountSyncCounter: 42 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(failures).toMatchObject([{ code: 'JOURNAL_FAILED' }]);
});
