import { readFile, stat } from 'node:fs/promises';
import type { Journal } from '../journal/journal.js';
import type { RemoteSend } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { pnJid } from '../lib/phone-number.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import type { StagedFiles } from '../media/staged-files.js';
import type { SendChannel } from '../outbound/send-channel.js';
import type { ClientEvents } from '../whatsapp/client-events.js';
import type { EvolutionConnection } from './evolution-connection.js';
import type { EvolutionServers } from './evolution-servers.js';
import { messagePrint } from './message-print.js';
import { arrivedOf } from './remote-failures.js';
import { sendRequest, type OutgoingMessage } from './send-body.js';

export interface EvolutionSendDeps {
  journal: Pick<Journal, 'commit' | 'getOutbox' | 'remoteSends' | 'getMediaJob'>;
  servers: EvolutionServers;
  events: TypedEmitter<ClientEvents>;
  files: StagedFiles;
  clock: Clock;
}

/** The file goes as base64 inside JSON, so all of it is in memory at once. */
const MAX_FILE_BYTES = 64 << 20;

type RelayOptions = Parameters<SendChannel['relay']>[2];

/**
 * The way of sends to a connection on an Evolution server. The server knows no idempotency: a request that may have arrived
 * is never made again. That it leaves is on the disk before it does; what becomes of it is one of:
 *
 * - its answer (201): the message has its id there, and that is its ack;
 * - nothing arrived (refused, no route, 503, circuit open): it goes again, as often as it takes;
 * - no answer, or the process died meanwhile: `OUTCOME_UNKNOWN`, final until the server tells of it (`send.message`).
 */
export class EvolutionSendChannel implements SendChannel {
  readonly takesPlainFiles = true as const;
  readonly connectionId: string;
  readonly events: SendChannel['events'];
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(
    private readonly connection: EvolutionConnection,
    private readonly deps: EvolutionSendDeps,
  ) {
    this.connectionId = connection.connectionId;
    this.events = {
      on: (name, listener) =>
        deps.events.on(name, (event: ClientEvents[typeof name]) => {
          return event.connectionId === this.connectionId ? listener(event) : undefined;
        }),
    };
  }

  get estado() {
    return this.connection.estado;
  }
  get me() {
    return this.connection.me;
  }

  /** Whether it is this very connection's: one that was deleted and made again is another. */
  serves(connection: EvolutionConnection): boolean {
    return this.connection === connection;
  }

  /** Resolves once everything that was on its way when it was called has its end; for who must know whether a message is ours. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay.values());
  }

  relay: SendChannel['relay'] = (jid, message, options) => {
    const { messageId } = options;
    // The sender gave up waiting and asks again: it is the same request.
    const before = this.#underWay.get(messageId);
    if (before) return before;
    const work = this.#relay(jid, message, options).finally(() => this.#underWay.delete(messageId));
    this.#underWay.set(messageId, work);
    return work;
  };

  lookupNumber: SendChannel['lookupNumber'] = async (spellings) => {
    const answer = await this.#call('POST', '/chat/whatsappNumbers/{i}', { numbers: spellings }, true);
    const found = (Array.isArray(answer) ? answer : []).find((each: { exists?: unknown }) => each?.exists === true) as
      { jid?: unknown; lid?: unknown; number?: unknown } | undefined;
    if (!found) return null;
    const jid = typeof found.jid === 'string' && found.jid.includes('@') ? found.jid : pnJid(spellings[0]!);
    return { jid, lid: typeof found.lid === 'string' && found.lid.endsWith('@lid') ? found.lid : null };
  };

  /** Never asked: the channel takes plain files. */
  uploadMedia: SendChannel['uploadMedia'] = () => Promise.reject(new GatewayError('NOT_CONNECTED'));

  async #relay(jid: string, message: OutgoingMessage, { messageId, file }: RelayOptions): Promise<void> {
    const { journal, clock } = this.deps;
    const known = journal.remoteSends.get(this.connectionId, messageId);
    if (known?.state === 'known') return this.#acknowledge(messageId, jid);
    if (known?.state === 'left') throw new GatewayError('OUTCOME_UNKNOWN');
    const body = await this.#bodyOf(jid, message, file);
    const left = this.#leaving(messageId, jid, message);
    await journal.commit({ remoteSends: [left] });
    let answer: unknown;
    try {
      answer = await this.#call(body.method, body.path, body.body, false);
    } catch (error) {
      if (arrivedOf(error) !== 'maybe') await journal.commit({ remoteSends: [{ ...left, state: 'waiting' }] });
      throw notOnWhatsApp(error) ?? error;
    }
    const remoteId = idIn(answer);
    // Without an id (edits, deletions) there is nothing to find it by later, and nothing to wait for.
    await journal.commit({
      remoteSends: [{ ...left, remoteId: remoteId ?? messageId, state: 'known', at: clock.now() }],
    });
    this.#acknowledge(messageId, jid);
    await this.#release(messageId, file);
  }

  #acknowledge(whatsappId: string, from: string): void {
    const { connectionId } = this;
    this.deps.events.emit('ack', { connectionId, whatsappId, from, error: null, serverTimeMs: this.deps.clock.now() });
  }

  async #bodyOf(jid: string, message: OutgoingMessage, file: string | undefined) {
    const remoteIdOf = (id: string) => this.deps.journal.remoteSends.get(this.connectionId, id)?.remoteId ?? id;
    return sendRequest(message, { jid, file: file === undefined ? null : await this.#read(file), remoteIdOf });
  }

  async #read(file: string): Promise<string | null> {
    const path = this.deps.files.path(file);
    try {
      const { size } = await stat(path);
      if (size > MAX_FILE_BYTES)
        throw new GatewayError('MEDIA_TOO_LARGE', 'An Evolution server takes files up to 64 MiB.');
      return await readFile(path, 'base64');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  #leaving(whatsappId: string, jid: string, message: OutgoingMessage): RemoteSend {
    const { connectionId } = this;
    const record = this.deps.journal.getOutbox(connectionId, whatsappId);
    const addresses = [...new Set([jid, record?.pn, record?.lid])].filter((each) => typeof each === 'string');
    const print = messagePrint(message);
    return { connectionId, whatsappId, remoteId: null, state: 'left', addresses, print, at: this.deps.clock.now() };
  }

  #call(method: 'GET' | 'POST' | 'DELETE', path: string, body: object, repeatable: boolean): Promise<unknown> {
    const { server, apiKey } = this.deps.servers.of(this.connection.home);
    const instance = encodeURIComponent(this.connection.home.instance);
    return server.call({ method, path: path.replace('{i}', instance), apiKey, body, repeatable });
  }

  /** The media queue removes the file when it comes second. */
  async #release(whatsappId: string, file: string | undefined): Promise<void> {
    const rowId = this.deps.journal.getOutbox(this.connectionId, whatsappId)?.rowId;
    if (file === undefined || rowId === undefined) return;
    if (this.deps.journal.getMediaJob(this.connectionId, rowId)?.state === 'done') await this.deps.files.remove(file);
  }
}

function idIn(answer: unknown): string | null {
  const id = (answer as { key?: { id?: unknown } } | null)?.key?.id;
  return typeof id === 'string' && id !== '' && id.length <= 128 ? id : null;
}

/** 400 with `[{ exists: false }]` is how the server says so. */
function notOnWhatsApp(error: unknown): GatewayError | null {
  if (!isGatewayError(error, 'REMOTE_REFUSED')) return null;
  const { status, answer } = error.details as { status?: number; answer?: unknown };
  const isAbsent = status === 400 && JSON.stringify(answer ?? null).includes('"exists":false');
  return isAbsent ? new GatewayError('NOT_ON_WHATSAPP', undefined, { cause: error }) : null;
}
