import type { NewEvent } from '../../journal/webhooks/records.js';
import { userOfInstance } from '../../lib/instance-name.js';
import { may, type SocketCaller } from './caller.js';

/**
 * Who hears what is decided by rooms alone, live and in replays. A room is a base, perhaps one connection of it, perhaps
 * only for who may manage:
 *
 *     all                      owner:<uuid>             organization:<uuid>             user:<uuid>
 *     all/connection:<id>      owner:<uuid>/connection:<id>      organization:<uuid>/connection:<id>      …
 *
 * A connection's room always names whose connection it is: an id that changes hands takes no listener along. These are
 * the rules of the HTTP API (`mayUse` of src/integration/scope.ts) as names.
 */
const EVERYTHING = 'all';
const MANAGERS = '#manage';

/** Whoever sees it can take the number over. */
const FOR_MANAGERS = new Set(['qr']);
/** In words for one person (`data.userId`), with a button that works for them alone: no news for colleagues. */
const FOR_ONE_USER = new Set(['userNotification']);

/** Health alerts, whose words for the user of the instance are a `userNotification`. */
const OF_HEALTH = new Set(['CONNECTION_UNHEALTHY', 'CONNECTION_RECOVERED']);

type Told = Pick<NewEvent, 'type' | 'connectionId' | 'ownerId' | 'companyId' | 'data'>;

/** The rooms that hear of an event. What is nobody's in particular is for who sees everything. */
export function roomsOfEvent(event: Told): string[] {
  const bases = [EVERYTHING, ...basesOf(event)];
  const { connectionId } = event;
  const rooms = connectionId === null ? bases : bases.flatMap((base) => [base, ofConnection(base, connectionId)]);
  return FOR_MANAGERS.has(event.type) ? rooms.map((room) => room + MANAGERS) : rooms;
}

/**
 * The rooms on users' pages that an event is not told to, because they read it in other words already: the user of an instance
 * gets its health as `userNotification`, with the button; colleagues get the alert.
 */
export function roomsToldOtherwise({ type, connectionId, ownerId, data }: Told): string[] {
  const { code } = data as { code?: unknown };
  if (type !== 'alert' || typeof code !== 'string' || !OF_HEALTH.has(code)) return [];
  if (connectionId === null || ownerId === null || userOfInstance(connectionId)?.id !== ownerId) return [];
  const room = `user:${ownerId}`;
  return [room, ofConnection(room, connectionId)];
}

function basesOf({ type, ownerId, companyId, data }: Told): string[] {
  // What an application pushes reaches whom it names, and no program that happens to have the same owner's key.
  if (type === 'applicationNotification')
    return [...(ownerId === null ? [] : [`user:${ownerId}`]), ...(companyId ? [organization(companyId)] : [])];
  if (FOR_ONE_USER.has(type)) return [`user:${(data as { userId: string }).userId}`];
  return [...(ownerId === null ? [] : [`owner:${ownerId}`]), ...(companyId ? [organization(companyId)] : [])];
}

/**
 * The rooms of a socket.
 * @param wanted only these connections; null = all that the caller may see
 */
export function roomsOfCaller(caller: SocketCaller, wanted: readonly string[] | null): string[] {
  const { scope } = caller;
  const bases =
    scope === null
      ? [EVERYTHING]
      : [`owner:${scope.ownerId}`, `user:${scope.ownerId}`, ...scope.companyIds.map((id) => organization(id))];
  const connections = narrowed(scope?.connections?.map(({ connectionId }) => connectionId) ?? null, wanted);
  const rooms = connections === null ? bases : bases.flatMap((base) => connections.map((id) => ofConnection(base, id)));
  return may('manage', caller) ? rooms.flatMap((room) => [room, room + MANAGERS]) : rooms;
}

function narrowed(allowed: readonly string[] | null, wanted: readonly string[] | null): readonly string[] | null {
  if (allowed === null || wanted === null) return allowed ?? wanted;
  return allowed.filter((id) => wanted.includes(id));
}

const organization = (id: string) => `organization:${id}`;
const ofConnection = (base: string, id: string) => `${base}/connection:${id}`;
