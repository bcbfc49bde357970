import type { CallEntry } from '../journal/records.js';
import type { GatewayEvents } from '../notifications/gateway-events.js';
import { party } from './party.js';

/** A call as it is told. */
export function callFact(entry: CallEntry): GatewayEvents['call'] {
  const { connectionId, callId, status, caller, group, video } = entry;
  const timestamp = new Date(entry.time ?? entry.at).toISOString();
  return { connectionId, callId, status, de: party(caller), grupo: group && party(group), video, timestamp };
}
