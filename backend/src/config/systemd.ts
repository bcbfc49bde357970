/** What systemd hands over to a service of `Type=notify` (sd_notify(3), sd_watchdog_enabled(3)); no settings of ours. */
export interface Systemd {
  /** Where it wants to be told; null = nobody asks. */
  notifySocket: string | null;
  /** It restarts us when it hears nothing for so long; null = it does not watch. */
  watchdogMs: number | null;
}

/** @param pid a wrapper may have been meant (`WATCHDOG_PID`): then nobody expects us to report */
export function readSystemd(env: NodeJS.ProcessEnv, pid: number): Systemd {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = env;
  const isForUs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === pid;
  const usec = Number(WATCHDOG_USEC);
  return {
    notifySocket: NOTIFY_SOCKET || null,
    watchdogMs: isForUs && Number.isFinite(usec) && usec > 0 ? usec / 1000 : null,
  };
}
