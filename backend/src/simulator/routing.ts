import {
  areJidsSameUser,
  getBinaryNodeChild,
  getBinaryNodeChildren,
  jidDecode,
  jidNormalizedUser,
  type BinaryNode,
} from '@whiskeysockets/baileys';
import type { Companion } from './companion.js';
import type { Connection } from './connection.js';
import { Phone } from './phone.js';
import { relay } from './relay.js';
import { serverAck } from './stanzas.js';
import type { World } from './world.js';

const REACHOUT_LOCKED = 463;

/** A locked account writes to somebody who has not written to it. */
function isReachout(world: World, companion: Companion, to: string): boolean {
  const person = companion.phone.standing.locked ? world.directory.find(to) : undefined;
  if (!person || person === companion.phone) return false;
  const addresses = [person.pnJid, person.lidJid];
  const received = world.history.of('message.queued').filter((event) => event.companion === companion.jid);
  return !received.some(({ from }) => addresses.includes(jidNormalizedUser(from)));
}

/** Takes a message from a companion: acknowledges it (unless a fault says otherwise) and passes on what is in it. */
export function routeMessage(world: World, connection: Connection, companion: Companion, stanza: BinaryNode): void {
  const { id, to } = stanza.attrs;
  const known = { id: id!, companion: companion.jid, to: to! };
  const attempt = companion.countSend(id!);
  world.history.record({ kind: 'send.received', ...known, attempt });
  const error = world.faults.takeAckError() ?? (isReachout(world, companion, to!) ? REACHOUT_LOCKED : null);
  if (error !== null) {
    connection.send(serverAck(stanza, error));
    return world.history.record({ kind: 'send.acked', ...known, error });
  }
  if (world.faults.takeDroppedAck()) {
    world.history.record({ kind: 'send.unacked', ...known });
  } else {
    connection.send(serverAck(stanza));
    world.history.record({ kind: 'send.acked', ...known, error: null });
  }
  distribute(world, companion, stanza);
}

function distribute(world: World, companion: Companion, stanza: BinaryNode): void {
  const to = stanza.attrs.to!;
  const direct = getBinaryNodeChildren(stanza, 'enc');
  const addressed = getBinaryNodeChildren(getBinaryNodeChild(stanza, 'participants'), 'to');
  if (stanza.attrs.participant) return deliver(world, companion, stanza, stanza.attrs.participant, direct);
  const group = world.directory.group(to);
  if (group) return toGroup(world, companion, stanza, direct, addressed);
  for (const each of addressed) {
    deliver(world, companion, stanza, each.attrs.jid!, getBinaryNodeChildren(each, 'enc'));
  }
  if (direct.length > 0) deliver(world, companion, stanza, to, direct);
}

// A group message has one ciphertext for all; who has not got the sender key yet finds it under their address.
function toGroup(
  world: World,
  companion: Companion,
  stanza: BinaryNode,
  direct: BinaryNode[],
  addressed: BinaryNode[],
): void {
  const group = world.directory.group(stanza.attrs.to!);
  const { id, to } = stanza.attrs;
  const keysFor = (users: string[], device: number) =>
    addressed
      .filter(({ attrs }) => isDevice(attrs.jid, users, device))
      .flatMap((each) => getBinaryNodeChildren(each, 'enc'));
  for (const member of group?.members ?? []) {
    const users = [member.pnJid, member.lidJid];
    member.receiver.take({ id: id!, companion, to: to!, group: true, parts: [...keysFor(users, 0), ...direct] });
    for (const other of member instanceof Phone ? member.companions : []) {
      if (other !== companion) relay(companion, other, stanza, [...keysFor(users, other.device), ...direct]);
    }
  }
}

function deliver(world: World, companion: Companion, stanza: BinaryNode, jid: string, parts: BinaryNode[]): void {
  const { id, to } = stanza.attrs;
  const person = world.directory.find(jid);
  const device = jidDecode(jid)?.device ?? 0;
  if (!person?.registered || parts.length === 0) {
    return world.history.record({ kind: 'send.unroutable', id: id!, companion: companion.jid, to: jid });
  }
  const group = world.directory.group(to!) !== undefined;
  if (device === 0) return person.receiver.take({ id: id!, companion, to: jidNormalizedUser(to), group, parts });
  const other = person instanceof Phone ? person.companions.find((each) => each.device === device) : undefined;
  if (other) relay(companion, other, stanza, parts);
}

const isDevice = (jid: string | undefined, users: string[], device: number): boolean =>
  jid !== undefined && (jidDecode(jid)?.device ?? 0) === device && users.some((user) => areJidsSameUser(user, jid));
