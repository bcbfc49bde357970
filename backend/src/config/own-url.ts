import type { GatewayConfig } from './gateway-config.js';

/** Where commands on this machine find the gateway that these settings start. */
export function ownUrl({ host, port }: GatewayConfig['http']): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  const name = everywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
