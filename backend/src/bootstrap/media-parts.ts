import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GatewayConfig } from '../config/gateway-config.js';
import type { Journal } from '../journal/journal.js';
import type { MediaSource } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { AddressPolicy } from '../egress/address-policy.js';
import { guardedAgent } from '../egress/guarded-agent.js';
import { DiskStore } from '../media/disk-store.js';
import { fetchMedia } from '../media/fetch-media.js';
import { mediaAgent } from '../media/media-host.js';
import { MediaIntake } from '../media/media-intake.js';
import { MediaQueue } from '../media/media-queue.js';
import type { MediaStore } from '../media/media-store.js';
import { StagedFiles } from '../media/staged-files.js';
import { MediaBucket } from '../supabase/media-bucket.js';
import type { DatabaseHost } from '../supabase/database-host.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';

/** Everything between a message that has a file and the file in the store. `close` ends what `open` began. */
export interface MediaParts {
  queue: MediaQueue;
  store: MediaStore;
  /** Files that were accepted for sending. */
  outgoing: StagedFiles;
  intake: MediaIntake;
  /** A small file of WhatsApp's, decrypted and verified. @throws GatewayError as `fetchMedia` */
  download(source: Extract<MediaSource, { kind: 'whatsapp' }>, signal: AbortSignal): Promise<Buffer>;
  /** Makes the folders, and removes what a crash has left in them. */
  open(): Promise<void>;
  close(): Promise<void>;
}

const LEFT_BEHIND_MS = 3_600_000;

/** Builds them; `pool` is asked for when a phone is needed, since it is made later. */
export function mediaParts(deps: {
  config: GatewayConfig;
  journal: Journal;
  databaseHost: DatabaseHost;
  pool: () => WhatsAppPoolManager;
  clock: Clock;
  log: Log;
}): MediaParts {
  const { config, journal, databaseHost, pool, clock, log } = deps;
  const { dataDir, media, whatsapp } = config;
  const server = { url: whatsapp.mediaUrl, caFile: whatsapp.mediaCaFile };
  const incoming = new StagedFiles(join(dataDir, 'media-in'));
  const outgoing = new StagedFiles(join(dataDir, 'media-out'));
  const bucket = media.storage === 'supabase' ? new MediaBucket({ host: databaseHost }) : null;
  const store = bucket ?? new DiskStore(join(dataDir, 'media'));
  const dispatcher = mediaAgent(server);
  const guarded = guardedAgent({
    policy: new AddressPolicy(config.outgoingPrivateAddresses),
    ...{ connectTimeoutMs: 10_000, headersTimeoutMs: 20_000, bodyTimeoutMs: 20_000, connections: 4 },
  });
  const { maxBytes, ffmpegPath } = media;
  const intake = new MediaIntake({ files: outgoing, dispatcher: guarded, maxBytes, ffmpegPath });
  const fetchLimits = { server, dispatcher, maxBytes };
  const queue = new MediaQueue({
    journal,
    store,
    incoming,
    outgoing,
    fetch: (source, target, signal) => fetchMedia(fetchLimits, source, target, signal),
    renew: async ({ connectionId, whatsappId, chatJid, participant, fromMe }, { mediaKey }) => {
      const client = pool().get(connectionId);
      if (!client) throw new GatewayError('NOT_CONNECTED');
      return client.calls.media.renew({ id: whatsappId, chatJid, participant, fromMe }, mediaKey);
    },
    urlOf: (rowId) => `${media.publicUrl}/api/whatsapp-integration/messages/${rowId}/media`,
    clock,
    log,
  });
  return {
    queue,
    store,
    outgoing,
    intake,
    download: async (source, signal) => {
      const name = randomUUID();
      try {
        await fetchMedia(fetchLimits, source, incoming.path(name), signal);
        return await readFile(incoming.path(name));
      } finally {
        await incoming.remove(name);
      }
    },
    open: async () => {
      await Promise.all([incoming.open(), outgoing.open()]);
      await incoming.sweep(0, () => false);
      await outgoing.sweep(LEFT_BEHIND_MS, (name) => isWanted(journal, name));
    },
    close: async () => {
      await Promise.all([dispatcher.destroy(), guarded.destroy(), bucket?.close()]);
    },
  };
}

/**
 * A staged file is named after its message's row. Unfinished and scheduled sends and waiting jobs need it; and while the log is not
 * worked off, a job for it may still come.
 */
function isWanted(journal: Journal, name: string): boolean {
  const { pendingEntries, deadLetters } = journal.stats();
  if (pendingEntries + deadLetters > 0) return true;
  for (const record of journal.listUnfinishedOutbox()) if (record.media?.file === name) return true;
  for (const { file } of journal.schedule.listIn('AGENDADA')) if (file === name) return true;
  return journal
    .listConnections()
    .some(({ connectionId }) => journal.getMediaJob(connectionId, name)?.state === 'waiting');
}
