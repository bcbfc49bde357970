import { toString as qrToString } from 'qrcode';
import type { QrResource } from '../../integration/resources.js';
import { ok, type Reply } from '../route.js';

/** In this order: who accepts anything gets JSON. */
export const QR_TYPES = { json: 'application/json', png: 'image/png', svg: 'image/svg+xml' } as const;

/** A QR code as a browser's `<img>`, a terminal tool or a program wants it. */
export async function renderQr(qr: QrResource, type: string | null): Promise<Reply> {
  if (type === QR_TYPES.png) {
    const png = Buffer.from(qr.qrCode.slice(qr.qrCode.indexOf(',') + 1), 'base64');
    return { status: 200, type, body: png };
  }
  if (type === QR_TYPES.svg) return { status: 200, type, body: await qrToString(qr.code, { type: 'svg', margin: 2 }) };
  return ok({ qrCode: qr.qrCode, code: qr.code, expiresAt: qr.expiresAt });
}
