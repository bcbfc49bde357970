import { DISCONNECT_TABLE, QR_EXPIRED } from '../whatsapp/disconnect-table.js';
import type { Estado } from '../whatsapp/estado.js';
import type { Envelope } from './envelope.js';

/** What an event of an Evolution server says about its connection. */
export interface StateChange {
  estado: Estado;
  motivo: string | null;
  /** The number, once it is known; null forgets it. */
  numero?: string | null;
  qr?: EvolutionQrContent;
  /** WhatsApp's code of a close, when the server told one. */
  code?: number;
}

/** A QR code as the server shows it. */
export interface EvolutionQrContent {
  /** The text inside it; null when only the picture was told. */
  code: string | null;
  /** PNG as data URL; null when only the text was told. */
  image: string | null;
}

type Json = Record<string, unknown>;
type Reader = (data: Json, envelope: Envelope, before: Estado) => StateChange | null;

/** WhatsApp's own limit is far below. */
const MAX_QR_TEXT = 2_000;
const MAX_QR_IMAGE = 200_000;

/** One row an event; what cannot be understood changes nothing. */
const READERS: Record<string, Reader> = {
  'connection.update': connectionUpdate,
  'qrcode.updated': qrcodeUpdated,
  'status.instance': ({ status, disconnectionReasonCode }) =>
    status === 'closed' || status === 'close' ? closed(disconnectionReasonCode) : null,
  'logout.instance': () => closed(401),
  'remove.instance': () => gone(),
  'instance.delete': () => gone(),
};

/** @returns the change, or null when the event changes nothing */
export function stateChange(envelope: Envelope, before: Estado): StateChange | null {
  const { event, data } = envelope;
  const facts: Json = typeof data === 'object' && data !== null ? (data as Json) : { value: data };
  return READERS[event]?.(facts, envelope, before) ?? null;
}

/** What `state` of `connection.update` and of `connectionState` mean. */
export function serverState(state: unknown, before: Estado, numero?: string | null): StateChange | null {
  if (state === 'open') return { estado: 'ready', motivo: null, ...(numero != null && { numero }) };
  if (state === 'refused') return { estado: 'disconnected', motivo: QR_EXPIRED.reason };
  if (state !== 'connecting') return null;
  // It says so while it shows QR codes, too.
  if (before === 'qr_ready') return null;
  return { estado: before === 'ready' || before === 'reconnecting' ? 'reconnecting' : 'initializing', motivo: null };
}

/** Baileys' and Evolution's own word, and what others call it. */
const STATES: Record<string, string> = { connected: 'open', closed: 'close', disconnected: 'close' };

/** The state is in `state`, in `status` of other versions and scripts, or is all that `data` says. */
function connectionUpdate(
  { state: said, status, value, statusReason, wuid }: Json,
  { sender }: Envelope,
  before: Estado,
): StateChange | null {
  const numero = digitsOf(wuid) ?? digitsOf(sender);
  const given = [said, status, value].find((each) => typeof each === 'string');
  const word = given?.toLowerCase() ?? '';
  const state = STATES[word] ?? word;
  return state === 'close' ? closed(statusReason) : serverState(state, before, numero);
}

/** The gateway cannot mend what happens at the server, so what Baileys would retry is said to be lost until it is open. */
export function closed(reason: unknown): StateChange {
  const code = typeof reason === 'number' || typeof reason === 'string' ? Number(reason) : NaN;
  const rule = DISCONNECT_TABLE[code];
  if (rule === undefined) return { estado: 'disconnected', motivo: 'CONNECTION_CLOSED' };
  const { estado, reason: motivo } = rule;
  return { estado, motivo, code, ...(estado === 'logged_out' && { numero: null }) };
}

function gone(): StateChange {
  return { estado: 'disconnected', motivo: 'REMOVED_AT_SERVER', numero: null };
}

/** `data.qrcode` as an object, as a text (picture or code), or the end of the codes. */
function qrcodeUpdated(data: Json): StateChange | null {
  const qr = qrContent(data['qrcode'] ?? data['value'] ?? data);
  if (qr) return { estado: 'qr_ready', motivo: null, qr };
  return data['statusCode'] === undefined ? null : { estado: 'disconnected', motivo: QR_EXPIRED.reason };
}

/** A QR code in any of the forms that the server answers or posts; null when there is none in it. */
export function qrContent(value: unknown): EvolutionQrContent | null {
  if (typeof value === 'string') {
    return value.startsWith('data:image/') ? qrOf(null, value) : qrOf(value, null);
  }
  if (typeof value !== 'object' || value === null) return null;
  const { code, base64 } = value as Json;
  return qrOf(typeof code === 'string' ? code : null, typeof base64 === 'string' ? base64 : null);
}

function qrOf(code: string | null, image: string | null): EvolutionQrContent | null {
  const goodCode = code !== null && /^[\x21-\x7e]{1,2000}$/.test(code) && code.length <= MAX_QR_TEXT ? code : null;
  const isPicture =
    image !== null && image.length <= MAX_QR_IMAGE && /^data:image\/png;base64,[A-Za-z0-9+/=]+$/.test(image);
  return goodCode === null && !isPicture ? null : { code: goodCode, image: isPicture ? image : null };
}

function digitsOf(jid: unknown): string | null {
  const match = typeof jid === 'string' ? /^(\d{5,20})(?::\d+)?@s\.whatsapp\.net$/.exec(jid) : null;
  return match?.[1] ?? null;
}
