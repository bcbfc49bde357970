import { readFileSync } from 'node:fs';
import type { GatewayConfig } from '../config/gateway-config.js';
import { AddressPolicy } from '../egress/address-policy.js';
import { SecretBox } from '../journal/secret-box.js';
import { Proxies } from '../whatsapp/proxies.js';

/** Builds what knows the proxies of connections. Nothing is connected. */
export function connectionProxies({ dataDir, whatsapp, outgoingPrivateAddresses }: GatewayConfig): Proxies {
  return new Proxies({
    secrets: new SecretBox(dataDir),
    policy: new AddressPolicy(outgoingPrivateAddresses),
    webSocketUrl: whatsapp.wsUrl,
    mediaCa: whatsapp.mediaCaFile === null ? null : readFileSync(whatsapp.mediaCaFile, 'utf8'),
  });
}
