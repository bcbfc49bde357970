import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Simulator } from '../../src/simulator/index.js';
import { Daemon } from '../support/daemon.js';
import { until } from '../support/until.js';

const there = (command: string) => spawnSync(command, ['--version']).status === 0;

/** What systemd does: a datagram socket in the Unix domain, which Node cannot open. One line a message. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True:
    print(s.recv(65536).decode().replace('\\n', ' '), flush=True)
`;

describe.each([{ possible: there('systemd-notify') && there('python3') }])(
  'as a service (possible: $possible)',
  (row) => {
    const asService = row.possible ? test : test.skip;
    let dir: string;
    let simulator: Simulator;
    let daemon: Daemon | null = null;
    let listener: ChildProcess | null = null;
    let told: string[] = [];

    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'sentinela-service-'));
      // As root, the embedded Postgres runs as somebody else, who must get there.
      await chmod(dir, 0o711);
      simulator = await Simulator.start();
    });

    afterEach(async () => {
      await daemon?.end('SIGTERM');
      listener?.kill('SIGKILL');
      await simulator.stop();
      await rm(dir, { recursive: true, force: true });
    }, 30_000);

    async function listen(): Promise<string> {
      const path = join(dir, 'notify.sock');
      listener = spawn('python3', ['-u', '-c', LISTENER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      listener.stdout!.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        told = text.split('\n').filter((line) => line !== '' && !line.startsWith('BARRIER'));
      });
      await until('the socket', () => told.includes('listening'));
      return path;
    }

    asService(
      'systemd hears when it is ready, that its event loop turns, and when it stops',
      async () => {
        const env = { NOTIFY_SOCKET: await listen(), WATCHDOG_USEC: '900000' };
        daemon = await Daemon.spawn(dir, simulator, env);
        await daemon.ready();
        await until('READY', () => told.some((line) => line.startsWith('READY=1')));
        expect(told[1]).toBe('READY=1 STATUS=0 of 0 connections ready, database online');
        const beats = () => told.filter((line) => line.startsWith('WATCHDOG=1')).length;
        await until('three beats', () => beats() >= 3);
        expect(await daemon.end('SIGTERM')).toBe(0);
        await until('STOPPING', () => told.at(-1)?.startsWith('STOPPING=1'));
      },
      60_000,
    );

    asService(
      'a service manager that cannot be told does not keep it from its work',
      async () => {
        daemon = await Daemon.spawn(dir, simulator, {
          NOTIFY_SOCKET: join(dir, 'nobody.sock'),
          WATCHDOG_USEC: '300000',
        });
        const { http } = await daemon.ready();
        expect((await http.get('/health/ready')).status).toBe(200);
        expect(await daemon.end('SIGTERM')).toBe(0);
      },
      60_000,
    );
  },
);
