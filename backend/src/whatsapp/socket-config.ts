import {
  Browsers,
  WA_CERT_DETAILS,
  type SocketConfig,
  type UserFacingSocketConfig,
  type WAMessageKey,
} from '@whiskeysockets/baileys';
import type { ProxyRoute } from '../egress/proxy-route.js';
import type { GatewaySocketDeps } from './gateway-socket.js';
import { uploadTo } from './media-calls.js';

/** Where WhatsApp is: Meta's servers, or one that speaks their protocol (tests, demo). */
export interface WhatsAppServer {
  /** null = Meta's. */
  wsUrl: string | null;
  /** Signs the server's Noise certificate chain; null = Meta's. */
  noiseRootKey: Buffer | null;
  /** `https://host[:port]` of its media servers; null = those that it names. */
  mediaUrl: string | null;
  /** PEM file with the authority that signs their certificate; null = the system's. */
  mediaCaFile: string | null;
}

/** How often Baileys asks an idle socket for a sign of life: its own 30 s would make a dead peer cost over a minute. */
export const KEEP_ALIVE_MS = 20_000;

/** How a gateway's socket differs from Baileys' defaults, and why. */
export function socketConfig(
  deps: GatewaySocketDeps,
  makeSignalRepository: SocketConfig['makeSignalRepository'],
): UserFacingSocketConfig {
  return {
    ...(deps.server.wsUrl ? { waWebSocketUrl: deps.server.wsUrl } : {}),
    ...(deps.server.mediaUrl ? uploadTo(deps.server.mediaUrl, deps.server.mediaCaFile) : {}),
    ...(deps.route ? throughProxy(deps.route) : {}),
    version: deps.version,
    // A real OS: `companion_platform_display` is checked when pairing by code (WhiskeySockets/Baileys#2769).
    browser: Browsers.windows('Chrome'),
    auth: deps.auth.state,
    logger: deps.logger,
    makeSignalRepository,
    // A commit that failed must end the socket, not hold Baileys' messageMutex for 30 s of retries.
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
    getMessage: async (key: WAMessageKey) => deps.getMessage(key),
    cachedGroupMetadata: async (jid: string) => deps.groups.get(jid),
    userDevicesCache: deps.userDevicesCache,
    msgRetryCounterCache: deps.retryCounterCache,
    syncFullHistory: false,
    markOnlineOnConnect: false,
    generateHighQualityLinkPreview: false,
    // No timer, stack trace and error object for every frame that is written (lib/Utils/generics.js, promiseTimeout: a
    // tenth of what a send costs). Who is silent while connecting is given up by the socket's life, a socket that takes
    // no frames by the pulse.
    connectTimeoutMs: 0,
    keepAliveIntervalMs: KEEP_ALIVE_MS,
  };
}

/** Everything that Baileys opens goes this way: the WebSocket, uploads, and what it fetches by itself (app state). */
function throughProxy(route: ProxyRoute): Pick<UserFacingSocketConfig, 'agent' | 'fetchAgent' | 'options'> {
  // Node's types of `fetch` know another copy of undici.
  const options = { dispatcher: route.dispatcher as unknown } as NonNullable<UserFacingSocketConfig['options']>;
  return { agent: route.webSockets, fetchAgent: route.uploads, options };
}

const META_ROOT_KEY = Buffer.from(WA_CERT_DETAILS.PUBLIC_KEY);

/** Baileys checks the Noise certificate against one exported constant; one process talks to one kind of server. */
export function trustServer(server: WhatsAppServer): void {
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(server.noiseRootKey ?? META_ROOT_KEY);
}
