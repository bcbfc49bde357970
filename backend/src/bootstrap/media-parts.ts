import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OUTGOING_FOLDER } from '../backup/outgoing-files.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { Journal } from '../journal/journal.js';
import type { MediaSource } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { AddressPolicy } from '../egress/address-policy.js';
import { guardedAgent } from '../egress/guarded-agent.js';
import { DiskStore } from '../media/disk-store.js';
import { Ffmpeg } from '../media/ffmpeg/ffmpeg.js';
import { fetchPlain } from '../media/fetch-plain.js';
import { fetchMedia } from '../media/fetch-media.js';
import { mediaAgent } from '../media/media-host.js';
import { LoopTurns } from '../media/loop-turns.js';
import { MediaIntake } from '../media/media-intake.js';
import { LinkSigner, type LinkProof } from '../media/link-signer.js';
import { MediaQueue } from '../media/media-queue.js';
import { MediaSweep } from '../media/media-sweep.js';
import type { MediaStore } from '../media/media-store.js';
import { StagedFiles } from '../media/staged-files.js';
import { MediaService } from '../integration/media-service.js';
import { MediaBucket } from '../supabase/media-bucket.js';
import type { DatabaseHost } from '../supabase/database-host.js';
import type { SupabaseWhatsAppService } from '../supabase/supabase-whatsapp-service.js';
import type { Proxies } from '../whatsapp/proxies.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';

/** Everything between a message that has a file and the file in the store. `close` ends what `open` began. */
export interface MediaParts {
  queue: MediaQueue;
  store: MediaStore;
  /** Files that were accepted for sending. */
  outgoing: StagedFiles;
  intake: MediaIntake;
  /** A small file of WhatsApp's, decrypted and verified, by the connection's way. @throws GatewayError as `fetchMedia` */
  download(
    connectionId: string,
    source: Extract<MediaSource, { kind: 'whatsapp' }>,
    signal: AbortSignal,
  ): Promise<Buffer>;
  /** What the routes call. */
  service: MediaService;
  sweep: MediaSweep;
  /** Makes the folders, and removes what a crash has left in them. */
  open(): Promise<void>;
  close(): Promise<void>;
}

/** Builds them; `pool` is asked for when a phone is needed, since it is made later. */
export function mediaParts(deps: {
  config: GatewayConfig;
  proxies: Proxies;
  journal: Journal;
  databaseHost: DatabaseHost;
  database: SupabaseWhatsAppService;
  pool: () => WhatsAppPoolManager;
  clock: Clock;
  log: Log;
}): MediaParts {
  const { config, proxies, journal, databaseHost, database, pool, clock, log } = deps;
  const { dataDir, media, whatsapp } = config;
  const server = { url: whatsapp.mediaUrl, caFile: whatsapp.mediaCaFile };
  const incoming = new StagedFiles(join(dataDir, 'media-in'));
  const outgoing = new StagedFiles(join(dataDir, OUTGOING_FOLDER));
  const bucket = media.storage === 'supabase' ? new MediaBucket({ host: databaseHost }) : null;
  const base = `${media.publicUrl}/api/whatsapp-integration`;
  const disk = new DiskStore(join(dataDir, 'media'), config.sessionEncryptionKey);
  const store: MediaStore = bucket ?? disk;
  const dispatcher = mediaAgent(server);
  const guarded = guardedAgent({
    policy: new AddressPolicy(config.outgoingPrivateAddresses),
    ...{ connectTimeoutMs: 10_000, headersTimeoutMs: 20_000, bodyTimeoutMs: 20_000, connections: 4 },
  });
  const { maxBytes, ffmpegPath: program, searchPath } = media;
  const ffmpeg = new Ffmpeg({ program, searchPath, maxBytes, log });
  const intake = new MediaIntake({ files: outgoing, dispatcher: guarded, maxBytes, ffmpeg });
  const turns = new LoopTurns();
  const fetchFor = (connectionId: string) => {
    const connection = journal.getConnection(connectionId);
    if (!connection) throw new GatewayError('CONNECTION_NOT_FOUND');
    return { server, maxBytes, turns, dispatcher: proxies.routeOf(connection)?.dispatcher ?? dispatcher };
  };
  const queue = new MediaQueue({
    journal,
    store,
    incoming,
    outgoing,
    // By URL (from an Evolution server) it goes straight: only WhatsApp's own hosts are reached through a user's proxy.
    fetch: async (connectionId, source, target, signal) =>
      source.kind === 'url'
        ? fetchPlain({ dispatcher: guarded, maxBytes }, source.url, target, signal)
        : fetchMedia(fetchFor(connectionId), source, target, signal),
    renew: async ({ connectionId, whatsappId, chatJid, participant, fromMe }, { mediaKey }) => {
      const client = pool().get(connectionId);
      if (!client) throw new GatewayError('NOT_CONNECTED');
      return client.calls.media.renew({ id: whatsappId, chatJid, participant, fromMe }, mediaKey);
    },
    urlOf: (rowId) => `${base}/messages/${rowId}/media`,
    clock,
    log,
  });
  const signer = new LinkSigner(join(dataDir, 'media-link-key'));
  const linkUrl = (id: string, { expires, signature }: LinkProof) =>
    `${base}/media/${id}?expires=${expires}&signature=${signature}`;
  const service = new MediaService({ database, store, journal, queue, signer, linkUrl, clock });
  const isActive = (rowId: string) => queue.isActive(rowId);
  const sweep = new MediaSweep({ journal, incoming, outgoing, disk, isActive, log });
  return {
    queue,
    store,
    outgoing,
    intake,
    download: async (connectionId, source, signal) => {
      const name = randomUUID();
      try {
        await fetchMedia(fetchFor(connectionId), source, incoming.path(name), signal);
        return await readFile(incoming.path(name));
      } finally {
        await incoming.remove(name);
      }
    },
    service,
    sweep,
    open: async () => {
      await Promise.all([incoming.open(), outgoing.open(), signer.open()]);
      // A full disk or a file that cannot be removed must not keep messages out.
      await sweep.atStart().catch((error: unknown) => log.error('media files not swept', { error }));
    },
    close: async () => {
      await Promise.all([ffmpeg.close(), dispatcher.destroy(), guarded.destroy(), proxies.close(), bucket?.close()]);
    },
  };
}
