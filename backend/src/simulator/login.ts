import { getBinaryNodeChild, type BinaryNode } from '@whiskeysockets/baileys';
import { syncAfterPairing } from './after-pairing.js';
import type { Companion } from './companion.js';
import type { Connection } from './connection.js';
import { answerIq } from './iq/answer.js';
import type { ClientFinish } from './noise.js';
import { onAck, onReceipt } from './acknowledgements.js';
import { Registration } from './registration.js';
import { routeMessage } from './routing.js';
import { node, seconds, serverAck } from './stanzas.js';
import type { World } from './world.js';

const NOT_LINKED = { reason: 401, attrs: {} };

/** The handshake is done: a client without an account registers, one with an account logs in. */
export function welcome(world: World, connection: Connection, { payload, noiseKey }: ClientFinish): void {
  if (payload.devicePairingData) return register(world, connection, payload.devicePairingData, noiseKey);
  const number = String(payload.username ?? '');
  const companion = world.directory.phone(number)?.companions.find(({ device }) => device === payload.device);
  const known = companion && Buffer.compare(companion.noiseKey, noiseKey) === 0 ? companion : null;
  const refusal = world.faults.takeLoginFailure(number, known?.jid ?? null) ?? (known ? null : NOT_LINKED);
  if (refusal === null && known) return login(world, connection, known);
  const { reason, attrs } = refusal ?? NOT_LINKED;
  world.history.record({ kind: 'login.refused', account: number, reason });
  connection.fail(reason, attrs);
}

function register(
  world: World,
  connection: Connection,
  pairing: ConstructorParameters<typeof Registration>[3],
  noiseKey: Uint8Array,
): void {
  world.history.record({ kind: 'registration.started' });
  const registration = new Registration(world, connection, noiseKey, pairing);
  world.registrations.add(registration);
  connection.onClose = () => world.registrations.remove(registration);
}

function login(world: World, connection: Connection, companion: Companion): void {
  companion.connection?.streamError(440);
  companion.connection = connection;
  companion.logins += 1;
  connection.owner = companion.jid;
  connection.onNode = (stanza) => onStanza(world, connection, companion, stanza);
  connection.onClose = () => {
    companion.mailbox.goOffline(connection);
    if (companion.connection === connection) companion.connection = null;
  };
  world.history.record({ kind: 'login', companion: companion.jid });
  connection.send(node('success', { t: seconds(), lid: companion.lid, location: 'sim', props: '1' }));
}

function onStanza(world: World, connection: Connection, companion: Companion, stanza: BinaryNode): void {
  switch (stanza.tag) {
    case 'iq':
      return onIq(world, connection, companion, stanza);
    case 'message':
      return routeMessage(world, connection, companion, stanza);
    case 'receipt':
      connection.send(serverAck(stanza));
      return onReceipt(world, companion, stanza);
    case 'ack':
      return onAck(world, companion, stanza);
    case 'call':
      onCall(world, companion, stanza);
      return connection.send(serverAck(stanza));
    case 'chatstate':
      return onChatState(world, companion, stanza);
    // presence, chatstate and ib expect no answer.
  }
}

function onChatState(world: World, companion: Companion, { attrs, content }: BinaryNode): void {
  const [sign] = Array.isArray(content) ? content : [];
  if (!sign) return;
  const media = sign.attrs.media ?? null;
  const fact = { companion: companion.jid, to: attrs.to ?? '', state: sign.tag, media };
  world.history.record({ kind: 'chatstate.received', ...fact });
}

function onCall(world: World, companion: Companion, stanza: BinaryNode): void {
  const reject = getBinaryNodeChild(stanza, 'reject');
  const id = reject?.attrs['call-id'];
  if (id) world.history.record({ kind: 'call.rejected', id, companion: companion.jid, to: stanza.attrs.to ?? '' });
}

function onIq(world: World, connection: Connection, companion: Companion, stanza: BinaryNode): void {
  if (stanza.attrs.type === 'result' || stanza.attrs.type === 'error') return;
  connection.send(answerIq({ world, companion, iq: stanza }));
  if (stanza.attrs.xmlns === 'passive') {
    companion.mailbox.goLive(connection);
    if (companion.logins === 1) syncAfterPairing(companion);
  }
  if (companion.phone.companions.includes(companion)) return;
  connection.end();
}
