import { pictureMutations, readPicture, type PictureRecord } from '../journal/picture-records.js';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import { GatewayError } from '../lib/errors.js';
import type { WhatsAppClientService } from '../whatsapp/whatsapp-client-service.js';
import type { QueryLimits } from './query-limits.js';

/** Whose picture: `jid` is where WhatsApp is asked, the others are how the contato is found. */
export interface PictureOf {
  tipo: 'pessoa' | 'grupo';
  jid: string;
  pn: string | null;
  lid: string | null;
}

/** `ageS`: seconds since WhatsApp was asked. */
export interface PictureResource {
  url: string | null;
  fetchedAt: string;
  ageS: number;
}

export interface ProfilePicturesDeps {
  journal: Pick<Journal, 'getKeys' | 'commit'>;
  limits: QueryLimits;
  clock: Clock;
}

/** So long an answer is believed; nobody changes their picture by the hour. */
const BELIEVED_MS = 86_400_000;
/** A link that ends so soon is no use to a CRM that shows it a little later. */
const MARGIN_MS = 600_000;

/** Profile pictures, asked for when somebody wants to see one: bulk questions get numbers restricted. */
export class ProfilePictures {
  constructor(private readonly deps: ProfilePicturesDeps) {}

  /**
   * From the cache while it is young enough and its link has not expired; else from WhatsApp, and then on its contato too
   * (`foto_url`, `foto_em`). While it may not be asked, an old answer that still works is better than none.
   * @throws NOT_CONNECTED, RATE_LIMITED, QUERY_REFUSED, DEADLINE_EXCEEDED, JOURNAL_FAILED
   */
  async get(client: WhatsAppClientService, of: PictureOf, refresh: boolean): Promise<PictureResource> {
    const cached = readPicture(this.deps.journal, client.connectionId, of.jid);
    const now = this.deps.clock.now();
    if (cached && !refresh && now - cached.at < BELIEVED_MS && !isExpired(cached, now)) return present(cached, now);
    try {
      return present(await this.#ask(client, of), this.deps.clock.now());
    } catch (error) {
      if (cached && !refresh && !isExpired(cached, now)) return present(cached, now);
      throw error;
    }
  }

  async #ask(client: WhatsAppClientService, of: PictureOf): Promise<PictureRecord> {
    if (client.estado !== 'ready') throw new GatewayError('NOT_CONNECTED');
    this.deps.limits.take(client, 'picture');
    const { connectionId } = client;
    const foto: PictureRecord = { url: await client.calls.contacts.pictureUrl(of.jid), at: this.deps.clock.now() };
    await this.deps.journal.commit({
      keys: { connectionId, mutations: pictureMutations(of.jid, foto) },
      entries: [{ kind: 'contact', connectionId, ...of, foto }],
    });
    return foto;
  }
}

/** WhatsApp's links say when they end: `oe`, seconds since the epoch in hexadecimal. */
function isExpired({ url }: PictureRecord, now: number): boolean {
  const end = url === null ? null : /[?&]oe=([0-9a-f]{8})\b/i.exec(url)?.[1];
  return end != null && Number.parseInt(end, 16) * 1000 < now + MARGIN_MS;
}

function present({ url, at }: PictureRecord, now: number): PictureResource {
  return { url, fetchedAt: new Date(at).toISOString(), ageS: Math.max(0, Math.round((now - at) / 1000)) };
}
