/** What of an error may be written to a log: never its message, which may quote a query with a customer's text in it. */
export interface SafeError {
  name: string;
  code?: string;
  constraint?: string;
  routine?: string;
}

/** The harmless parts of whatever was handed to console.error. */
export function redact(values: unknown[]): SafeError[] {
  return values.filter((value) => typeof value === 'object' && value !== null).map((value) => safe(value));
}

function safe(value: object): SafeError {
  const { name, code, constraint_name: constraint, routine } = value as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? name : 'object',
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof constraint === 'string' ? { constraint } : {}),
    ...(typeof routine === 'string' ? { routine } : {}),
  };
}

/** Codes of Postgres and of its client for "not reached, starting, stopping": whoever asked is told, and says it once. */
const AWAY = /^(08|57P|53300|CONNECTION_|CONNECT_TIMEOUT|ECONN|ENOENT|ENOTFOUND|EAI_|EPIPE|ETIMEDOUT|EHOSTUNREACH)/;

/** Whether a line is about nothing but a Postgres that is away. */
export function isAway(errors: SafeError[]): boolean {
  return errors.length > 0 && errors.every(({ code }) => code !== undefined && AWAY.test(code));
}
