/** What every part logs through. Messages are constant texts; everything that varies goes into `meta`.
 *  Never put message bodies, phone numbers or keys into `meta` at info or above: logs are shared. */
export interface Log {
  error(message: string, meta?: LogMeta): void;
  warn(message: string, meta?: LogMeta): void;
  info(message: string, meta?: LogMeta): void;
  debug(message: string, meta?: LogMeta): void;
  child(bindings: LogMeta): Log;
}
export type LogMeta = Record<string, unknown>;

export const silentLog: Log = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => silentLog,
};
