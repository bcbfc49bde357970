import { SignJWT } from 'jose';
import type { Json } from '../../src/simulator/evolution/envelope.js';

let counter = 0;

/** `data` of a message as 2.3.6 posts it; the content is WhatsApp's own JSON. */
export function aWireMessage(changes: { key?: Json; message?: Json } & Json = {}): Json & { key: Json } {
  counter += 1;
  const { key, ...rest } = changes;
  return {
    pushName: 'Ana',
    status: 'DELIVERY_ACK',
    message: { conversation: `mensagem ${counter}` },
    contextInfo: null,
    messageType: 'conversation',
    messageTimestamp: 1_795_262_400 + counter,
    instanceId: '0f6f5e6a-6a7e-4dd8-9d37-7a0b4a1c3f10',
    source: 'android',
    ...rest,
    key: {
      ...{ remoteJid: '111111111111@lid', remoteJidAlt: '5511911111111@s.whatsapp.net', fromMe: false },
      ...{ id: `3EB0EVO${counter}`, addressingMode: 'lid', ...key },
    },
  };
}

/** The token that an Evolution server makes of its webhook's `jwt_key`. */
export function aToken(secret: string, claims: Json = {}, expiresIn = '10m'): Promise<string> {
  return new SignJWT({ app: 'evolution', action: 'webhook', ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt()
    .setExpirationTime(expiresIn)
    .sign(Buffer.from(secret));
}
