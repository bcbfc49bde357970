import type { Request, Response } from 'express';
import type { AuditFact } from '../access/audit-trail.js';
import { isGatewayError } from '../lib/errors.js';
import { connectionOf } from './connection-limit.js';
import { callerOf } from './middleware/authenticate.js';
import type { RawInput, Route } from './route.js';

/** Everything that can change or take over something; strangers (401) would only let an attacker fill the table. */
export function isAudited(row: Route, res: Response): boolean {
  const changes = row.method !== 'get' || row.access === 'manage';
  return changes && row.access !== 'public' && callerOf(res) !== null;
}

/** What the audit keeps of a call: who, what, on what, and how it ended. Nothing of its body but the connection's id. */
export function auditFact(row: Route, req: Request, res: Response, raw: RawInput): Omit<AuditFact, 'status' | 'error'> {
  const caller = callerOf(res);
  const target = Object.entries(req.params).map(([name, value]) => [name, asText(value)] as const);
  return {
    caller: caller?.name ?? 'stranger',
    ownerId: caller?.scope?.ownerId ?? null,
    operation: row.operationId,
    connectionId: connectionOf(row, raw),
    target: Object.fromEntries(target),
    requestId: res.locals['requestId'] as string,
    address: req.socket.remoteAddress ?? null,
  };
}

/** Also what was refused as no id at all: Postgres has no NUL in a text, and no half of a surrogate pair. */
function asText(value: unknown): string {
  return String(value)
    .slice(0, 200)
    .replace(/[\0\p{Surrogate}]/gu, '\ufffd');
}

/** How the audit tells the failure of a call. */
export function outcomeOf(error: unknown): Pick<AuditFact, 'status' | 'error'> {
  if (isGatewayError(error)) return { status: error.status, error: error.code };
  return { status: 500, error: 'INTERNAL' };
}
