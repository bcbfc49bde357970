import qrcode from 'qrcode-terminal';
import type { TypedEmitter } from './lib/typed-emitter.js';
import type { GatewayEvents } from './notifications/gateway-events.js';

/** Draws every QR code (and every rotation of it) in the terminal, for whoever pairs a phone during development. */
export function showQrInTerminal(events: TypedEmitter<GatewayEvents>): () => void {
  return events.on('qr', ({ connectionId, code }) => {
    qrcode.generate(code, { small: true }, (drawing) => {
      process.stdout.write(`\n${connectionId}: leia com o WhatsApp do celular (Aparelhos conectados)\n${drawing}\n`);
    });
  });
}
