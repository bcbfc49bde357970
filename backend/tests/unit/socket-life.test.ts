import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { pino } from 'pino';
import { systemClock } from '../../src/lib/clock.js';
import { deferred } from '../../src/lib/deferred.js';
import { silentLog } from '../../src/lib/log.js';
import { ContactLearner } from '../../src/whatsapp/contact-learner.js';
import { GroupCache } from '../../src/whatsapp/group-cache.js';
import { Lanes } from '../../src/whatsapp/lanes.js';
import { SocketLife } from '../../src/whatsapp/socket-life.js';
import { WebVersion } from '../../src/whatsapp/web-version.js';
import { until } from '../support/until.js';
import { CONNECTION, openJournal } from './journal-fixture.js';

let life: SocketLife;
let groups: GroupCache;
/** Every socket that is made is listened to once. */
let listen: jest.SpiedFunction<ContactLearner['listen']>;
const nothing = () => undefined;
const promisesRun = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(async () => {
  const about = { connectionId: CONNECTION, journal: await openJournal(), clock: systemClock, log: silentLog };
  groups = new GroupCache(about);
  const contacts = new ContactLearner({ ...about, groups });
  listen = jest.spyOn(contacts, 'listen');
  life = new SocketLife({
    ...{ ...about, lanes: new Lanes(), contacts, getMessage: nothing, route: () => null },
    baileysLogger: pino({ level: 'silent' }),
    webVersion: new WebVersion({ log: silentLog, pinned: [2, 3000, 1035194821] }),
    // Nobody listens there: what is tested here happens before a byte is sent.
    server: { wsUrl: 'ws://127.0.0.1:9/ws', noiseRootKey: null, mediaUrl: null, mediaCaFile: null },
    on: {
      ...{ update: nothing, failed: nothing, qr: nothing, ack: nothing, message: nothing },
      ...{ ringing: nothing, passkeyRequired: nothing, undecryptable: nothing, messageCap: nothing },
    },
  });
});

afterEach(async () => {
  await life.close();
  life.dispose();
  groups.close();
  jest.restoreAllMocks();
});

test('however many call while a socket is on its way, or is there, it is one socket', async () => {
  const first = deferred();
  life.open(first.promise);
  life.open();
  life.open();
  await promisesRun();
  expect([life.state, listen.mock.calls.length]).toEqual(['opening', 0]);
  first.resolve();
  await until('a socket', () => life.state === 'open');
  life.open();
  await promisesRun();
  expect(listen).toHaveBeenCalledTimes(1);
});

test('a socket that was called off on its way is never opened', async () => {
  const first = deferred();
  life.open(first.promise);
  await life.close();
  first.resolve();
  await promisesRun();
  expect([life.state, listen.mock.calls.length]).toEqual(['closed', 0]);
});
