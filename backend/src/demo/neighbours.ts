import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Releasers } from '../lib/releasers.js';
import { EvolutionSimulator, SERVER_KEY } from '../simulator/evolution/evolution-simulator.js';
import type { PickPort } from './free-port.js';

/** Ports that the documentation's lines name. */
const RECEIVER_PORT = 8080;
const EVOLUTION_PORT = 8081;
const WEBHOOK_SECRET = 'demo-segredo-dos-webhooks';

/** The other programs that the documentation's lines speak of: a receiver of webhooks and a server of Evolution API. */
export interface Neighbours {
  /** What the gateway is told about them. */
  settings: Record<string, string>;
  /** What the lines are told about them. */
  variables: Record<string, string>;
}

/** Starts them on loopback, at the ports of the documentation where those are free. */
export async function startNeighbours(releasers: Releasers, pickPort: PickPort): Promise<Neighbours> {
  const receiver = await startReceiver(await pickPort(RECEIVER_PORT));
  releasers.push('webhook receiver', receiver.stop);
  const evolution = new EvolutionSimulator(await pickPort(EVOLUTION_PORT));
  await evolution.up();
  releasers.push('Evolution simulator', () => evolution.down());
  return {
    settings: {
      OUTGOING_PRIVATE_ADDRESSES: '127.0.0.1',
      EVOLUTION_API_URL: evolution.url,
      EVOLUTION_API_KEY: SERVER_KEY,
      EVOLUTION_WEBHOOK_SECRET: WEBHOOK_SECRET,
      // With a server configured, users' instances would be made there.
      INSTANCE_DRIVER: 'baileys',
    },
    variables: {
      RECEIVER_URL: receiver.url,
      EVOLUTION_API_URL: evolution.url,
      EVOLUTION_API_KEY: SERVER_KEY,
      EVOLUTION_WEBHOOK_SECRET: WEBHOOK_SECRET,
    },
  };
}

/** Takes every delivery and keeps none. */
async function startReceiver(wanted: number): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((req, res) => {
    req.resume();
    res.writeHead(204).end();
  });
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}
