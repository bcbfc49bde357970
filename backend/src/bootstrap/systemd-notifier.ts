import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Systemd } from '../config/systemd.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';

const run = promisify(execFile);
const SEND_DEADLINE_MS = 5_000;
/** systemd-notify itself waits until systemd has taken the message (its barrier), for 5 s at most. */
const COMMAND = 'systemd-notify';

export interface SystemdNotifierDeps extends Systemd {
  /** One line for `systemctl status`. */
  status: () => string;
  clock: Clock;
  log: Log;
}

/**
 * Tells systemd when we are ready, how we are, and that the event loop turns. Node has no datagram sockets in the Unix
 * domain, so systemd's own `systemd-notify` sends; the unit needs `NotifyAccess=all`, since that is a child of ours.
 * Without NOTIFY_SOCKET every call does nothing.
 */
export class SystemdNotifier {
  #cancel: (() => void) | null = null;
  #failed = false;
  #stopped = false;

  constructor(private readonly deps: SystemdNotifierDeps) {}

  /** The service is up; from here on systemd hears from us in time, for as long as the event loop turns. */
  async ready(): Promise<void> {
    await this.#send('READY=1', `STATUS=${this.deps.status()}`);
    this.#schedule();
  }

  /** The end has begun. Resolves when systemd has been told. */
  async stopping(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#send('STOPPING=1', 'STATUS=stopping');
  }

  #schedule(): void {
    const { watchdogMs, clock } = this.deps;
    if (watchdogMs === null || this.#stopped) return;
    // A third of the time: one message may be lost, or late by a busy machine.
    this.#cancel = clock.after(watchdogMs / 3, () => {
      void this.#send('WATCHDOG=1', `STATUS=${this.deps.status()}`);
      this.#schedule();
    });
  }

  async #send(...assignments: string[]): Promise<void> {
    const { notifySocket, log } = this.deps;
    if (notifySocket === null) return;
    try {
      const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
      await run(COMMAND, assignments, { env: { PATH: path, NOTIFY_SOCKET: notifySocket }, timeout: SEND_DEADLINE_MS });
      this.#failed = false;
    } catch (error) {
      // Said once: with every beat it would fill the log, and systemd will act on the silence anyway.
      if (!this.#failed) log.error('systemd could not be told', { error });
      this.#failed = true;
    }
  }
}
