import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type postgres from 'postgres';
import type { Phone } from '../../src/simulator/index.js';
import { ExternalPostgres, freePort } from '../support/external-postgres.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { CONNECTION, createCast, type Cast } from './cast.js';
import { Daemon } from './daemon.js';
import { EVOLUTION_SECRET, EvolutionTraffic, REMOTE_CONNECTION } from './evolution-traffic.js';
import type { CrashHistory, Row } from './history.js';
import { Traffic } from './traffic.js';
import type { Random } from './random.js';

const BASE = '/api/whatsapp-integration/connections';
const SETTLE_DEADLINE_MS = 90_000;
const READY_DEADLINE_MS = 60_000;

/** For a stage that differs from the ring's own. */
export interface StageOptions {
  /** Beside or instead of the ring's settings. */
  settings?: Record<string, string>;
  /** What every call of the API sends: the key, where the daemon has one. */
  headers?: Record<string, string>;
  /** Beside those of `npm start`. */
  nodeFlags?: readonly string[];
}

/** What stays while daemons come and go: Postgres, the simulator, the data directory, the record of what happened. */
export class Stage {
  readonly traffic: Traffic;
  readonly evolution: EvolutionTraffic;
  readonly #knownSent: CrashHistory['knownSent'] = [];

  private constructor(
    readonly cast: Cast,
    readonly dir: string,
    readonly port: number,
    private readonly postgres: ExternalPostgres,
    private readonly sql: postgres.Sql,
    /** Between the daemon and Postgres; what the ring itself reads goes past it. */
    readonly database: FaultProxy,
    random: Random,
    private readonly options: StageOptions,
  ) {
    this.traffic = new Traffic(cast, random);
    this.evolution = new EvolutionTraffic(random);
  }

  static async set(random: Random, options: StageOptions = {}): Promise<Stage> {
    const dir = await mkdtemp(join(tmpdir(), 'sentinela-crash-'));
    const postgres = await ExternalPostgres.start();
    const database = new FaultProxy(postgres.port);
    await database.up();
    const cast = await createCast();
    await writeFile(join(dir, 'media-ca.pem'), cast.simulator.media.caPem);
    return new Stage(cast, dir, await freePort(), postgres, postgres.connect(), database, random, options);
  }

  /**
   * @param crashAt CRASH_AT of this life; null = it lives until it is killed
   * @param changes settings of this life alone
   */
  start(crashAt: string | null, changes: Record<string, string> = {}): Daemon {
    const { simulator } = this.cast;
    const settings = {
      NODE_ENV: 'test',
      DATABASE_URL: this.postgres.url(this.database.port),
      SUPABASE_LOCAL_PORT: '0',
      DATA_DIR: join(this.dir, 'data'),
      LOG_DIR: join(this.dir, 'logs'),
      LOG_LEVEL: 'info',
      WHATSAPP_WS_URL: simulator.wsUrl,
      WHATSAPP_NOISE_ROOT_KEY: simulator.noiseRootKeyHex,
      WHATSAPP_MEDIA_URL: simulator.media.url,
      WHATSAPP_MEDIA_CA: join(this.dir, 'media-ca.pem'),
      RECONNECT_DELAY_MS: '50',
      EVOLUTION_WEBHOOK_SECRET: EVOLUTION_SECRET,
      SEND_RATE_PER_MINUTE: '1000000',
      HTTP_RATE_PER_MINUTE: '1000000',
      HTTP_CONNECTION_RATE_PER_MINUTE: '1000000',
      ...this.options.settings,
      ...changes,
      ...(crashAt === null ? {} : { CRASH_AT: crashAt }),
    };
    return new Daemon(this.port, this.dir, settings, this.options.headers, this.options.nodeFlags);
  }

  /** Makes a connection and lets `phone` scan its code. Ends early, without an error, when the daemon dies. */
  async pair(daemon: Daemon, connectionId: string, phone: Phone): Promise<void> {
    await daemon.call('POST', BASE, { connectionId }).catch(() => null);
    const deadline = Date.now() + READY_DEADLINE_MS;
    while (!daemon.dead && Date.now() < deadline) {
      const answer = await daemon.call('GET', `${BASE}/${connectionId}/qr`).catch(() => null);
      if (answer?.httpStatus === 200) {
        const companion = await phone.scan(String(answer.body['code'])).catch(() => null);
        if (companion && connectionId === CONNECTION) this.cast.companion = companion;
        if (companion) return;
      }
      await delay(20);
    }
    if (!daemon.dead) throw new Error(`${connectionId} was not paired`);
  }

  async untilReady(daemon: Daemon, connectionId: string): Promise<void> {
    await this.#until(`${connectionId} ready`, READY_DEADLINE_MS, async () => {
      const { body } = await daemon.call('GET', `${BASE}/${connectionId}`);
      return (body['data'] as { estado?: string } | undefined)?.estado === 'ready';
    });
  }

  /** Takes the connections away that rounds have added. */
  async removeExtras(daemon: Daemon): Promise<void> {
    const { body } = await daemon.call('GET', BASE);
    const ids = (body['data'] as { id: string }[]).map(({ id }) => id);
    for (const id of ids)
      if (id !== CONNECTION && id !== REMOTE_CONNECTION) await daemon.call('DELETE', `${BASE}/${id}`);
  }

  /** What the API answered beside successes, counted by code. */
  get otherAnswers(): string {
    const codes = this.traffic.requests.flatMap(({ answers }) => answers.flatMap(({ code }) => code ?? []));
    const kinds = [...new Set(codes)].map((code) => `${codes.filter((each) => each === code).length}x ${code}`);
    return kinds.join(', ') || 'no other answer';
  }

  /** While the daemon is dead: what Postgres says was sent, it knew to be sent. (A later status may come from the recipient
   *  alone, when the ack was lost with the process.) */
  async noteKnownSent(): Promise<void> {
    const afterSeq = this.cast.simulator.history.events.length;
    const noted = new Set(this.#knownSent.map(({ whatsappId }) => whatsappId));
    for (const { whatsappId, status } of await this.#rows()) {
      if (!noted.has(whatsappId) && status === 'ENVIADA') this.#knownSent.push({ whatsappId, afterSeq });
    }
  }

  /** Nothing is queued anywhere: WhatsApp has its receipts, the outbox is empty, the log is in Postgres. @throws Error naming what is stuck */
  async settle(daemon: Daemon): Promise<void> {
    await this.#until('answers to repeated requests', SETTLE_DEADLINE_MS, async () => {
      await Promise.all([this.traffic.repeatUnanswered(daemon), this.evolution.repeat(daemon)]);
      return !this.traffic.hasUnanswered && !this.evolution.hasUnanswered;
    });
    let left = '';
    const settled = async (): Promise<boolean> => {
      const { body } = await daemon.call('GET', '/api/whatsapp-bootstrap/stats');
      const { pendingEntries, outboxUnfinished, deadLetters } = body['queues'] as Record<string, number>;
      const queued = this.cast.simulator.phones.flatMap(({ companions }) =>
        companions.map(({ mailbox }) => mailbox.size),
      );
      const waiting = { pendingEntries, outboxUnfinished, deadLetters, queued: queued.reduce((a, b) => a + b, 0) };
      left = JSON.stringify(waiting);
      return Object.values(waiting).every((count) => count === 0);
    };
    try {
      await this.#until(
        'an empty queue',
        SETTLE_DEADLINE_MS,
        async () => (await settled()) && (await delay(150), settled()),
      );
    } catch (cause) {
      throw new Error(`not settled: ${left}`, { cause });
    }
  }

  async history(): Promise<CrashHistory> {
    const { simulator, chats } = this.cast;
    const readers = [...new Set(chats.flatMap(({ writers }) => writers))];
    return {
      written: this.traffic.written,
      requests: this.traffic.requests,
      told: this.evolution.told,
      events: simulator.history.events,
      received: readers.flatMap(({ pnJid, inbox }) =>
        inbox.map(({ id, text }) => ({ by: pnJid, id, text: text ?? '' })),
      ),
      rows: await this.#rows(),
      knownSent: this.#knownSent,
    };
  }

  async countRows(): Promise<number> {
    const [row] = await this.sql<{ count: string }[]>`select count(*) from whatsapp_mensagens`;
    return Number(row?.count);
  }

  /** @param keep leaves the data directory for whoever looks into a failure */
  async strike(keep: boolean): Promise<void> {
    await this.sql.end({ timeout: 5 });
    await this.cast.simulator.stop();
    await this.database.down();
    await this.postgres.stop();
    if (!keep) await rm(this.dir, { recursive: true, force: true });
  }

  async #rows(): Promise<Row[]> {
    const rows = await this.sql<
      { whatsapp_id: string; conteudo: string; remetente: string; status: string; timestamp: Date; ordem: string }[]
    >`select whatsapp_id, conteudo, remetente, status, timestamp, ordem from whatsapp_mensagens`;
    return rows.map((row) => ({
      whatsappId: row.whatsapp_id,
      text: row.conteudo,
      remetente: row.remetente,
      status: row.status,
      timestamp: row.timestamp.toISOString(),
      ordem: Number(row.ordem),
    }));
  }

  /** Asks until there is an answer. @throws Error naming `what` after 60 s */
  async untilRead<T>(daemon: Daemon, what: string, read: () => Promise<T | null>): Promise<T> {
    let found: T | null = null;
    await this.#until(what, READY_DEADLINE_MS, async () => {
      if (daemon.dead) throw new Error('the daemon is dead');
      found = await read();
      return found !== null;
    });
    return found as T;
  }

  async #until(what: string, ms: number, isSo: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + ms;
    for (;;) {
      if (await isSo().catch(() => false)) return;
      if (Date.now() > deadline) throw new Error(`no ${what} after ${ms} ms`);
      await delay(50);
    }
  }
}
