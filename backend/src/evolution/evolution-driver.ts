import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Estado } from '../whatsapp/estado.js';
import type { EvolutionConnection, EvolutionQr } from './evolution-connection.js';
import type { EvolutionPool } from './evolution-pool.js';
import type { EvolutionServers } from './evolution-servers.js';
import { RemoteInstances, statusOf } from './remote-instances.js';
import { qrContent, serverState, type StateChange } from './state-events.js';

export interface EvolutionDriverDeps {
  pool: EvolutionPool;
  servers: EvolutionServers;
  /** Where the server is to post its events. */
  webhookUrl: () => string;
  /** HEALTH_CHECK_INTERVAL_MS. */
  checkIntervalMs: number;
  clock: Clock;
  log: Log;
}

const LOGGED_OUT: StateChange = { estado: 'logged_out', motivo: 'LOGGED_OUT_BY_USER', numero: null };
const REOPEN: BackoffPolicy = { baseMs: 2_000, capMs: 300_000 };

/**
 * Keeps the connections on Evolution servers as people want them: makes the instance and its webhook there, asks for QR codes,
 * and looks every minute whether the server still says what its events said (they may not have reached us).
 *
 * - *idle*: nothing is asked of a server.
 * - *running*: wanted connections are opened, and looked at; a server that is away is asked again, up to every 5 min.
 */
export class EvolutionDriver {
  readonly #timers = new Map<string, () => void>();
  readonly #tries = new Map<string, number>();
  readonly #instances: RemoteInstances;
  #abort: AbortController | null = null;

  constructor(private readonly deps: EvolutionDriverDeps) {
    this.#instances = new RemoteInstances({ ...deps, signal: () => this.#abort?.signal });
  }

  start(): void {
    if (this.#abort) return;
    this.#abort = new AbortController();
    for (const connection of this.deps.pool.list()) {
      if (connection.record.wanted === 'connected' && this.deps.servers.has(connection.home)) this.#plan(connection, 0);
    }
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = null;
    this.#instances.forgetAddress();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  /**
   * Makes the instance at its server when it is not there, points its webhook here, and starts it. Does not wait for a phone.
   * @throws GatewayError `REMOTE_NOT_CONFIGURED`, `REMOTE_UNAVAILABLE`, `REMOTE_REFUSED`, `FORBIDDEN_DESTINATION`
   */
  async open(connection: EvolutionConnection): Promise<void> {
    await connection.want('connected');
    await this.#instances.ensure(connection);
    await this.#look(connection);
    if (connection.estado !== 'ready') await this.#askForQr(connection);
    this.#plan(connection, this.deps.checkIntervalMs);
  }

  /** Like `open`, later and as often as it takes: for a connection that was just registered, and after an outage. */
  openSoon(connection: EvolutionConnection): void {
    this.#plan(connection, 0);
  }

  /** A code that a phone can scan now, asked of the server when none is known. @throws GatewayError as `open`, `NO_QR` */
  async qr(connection: EvolutionConnection): Promise<EvolutionQr> {
    if (!connection.qr && connection.estado !== 'ready' && this.deps.servers.has(connection.home)) {
      await this.open(connection);
    }
    const { qr, estado } = connection;
    if (qr) return qr;
    throw new GatewayError('NO_QR', `There is no QR code to show now (estado ${estado}).`, { details: { estado } });
  }

  /** @param digits with country code. @returns the characters to type into the phone. @throws GatewayError as `open`, `PAIRING_FAILED` */
  async pairingCode(connection: EvolutionConnection, digits: string): Promise<string> {
    if (connection.estado === 'ready') throw new GatewayError('ALREADY_PAIRED');
    await connection.want('connected');
    await this.#instances.ensure(connection);
    this.#plan(connection, this.deps.checkIntervalMs);
    const answer = await this.#instances.call(connection, 'GET', `/instance/connect/{i}?number=${digits}`);
    const code = (answer as { pairingCode?: unknown } | null)?.pairingCode;
    if (typeof code === 'string' && /^[A-Z0-9-]{4,16}$/i.test(code)) return code;
    throw new GatewayError('PAIRING_FAILED', 'The server made no pairing code.');
  }

  /** A new socket at its server when it is linked, else a code to link it with. @throws GatewayError as `open` */
  async reconnect(connection: EvolutionConnection): Promise<void> {
    if (connection.estado === 'ready') await this.#instances.call(connection, 'POST', '/instance/restart/{i}');
    await this.open(connection);
  }

  /** Ends the session, at WhatsApp too; the instance stays and can be linked again. @throws GatewayError as `open` */
  async logout(connection: EvolutionConnection): Promise<void> {
    const { estado, motivo, numero } = connection.record;
    // Before the server tells of it: the end of a session that somebody asked for alerts nobody.
    await connection.move(LOGGED_OUT);
    try {
      await this.#instances.call(connection, 'DELETE', '/instance/logout/{i}');
    } catch (error) {
      const isOutAlready = [400, 404].includes(statusOf(error) ?? 0);
      if (!isOutAlready) {
        await connection.move({ estado: estado as Estado, motivo, numero });
        throw error;
      }
    }
    this.#cancel(connection.connectionId);
    await connection.want('disconnected');
    // A look that was under way may have found it open still.
    await connection.move(LOGGED_OUT);
  }

  /** Removes the instance from WhatsApp and from its server, as far as that can be reached. Only what this gateway has made. */
  async remove(connection: EvolutionConnection): Promise<void> {
    this.#cancel(connection.connectionId);
    const { home, connectionId } = connection;
    if (home.webhookSecret === null || !this.deps.servers.has(home)) return;
    for (const path of ['/instance/logout/{i}', '/instance/delete/{i}']) {
      await this.#instances
        .call(connection, 'DELETE', path)
        .catch((error: unknown) =>
          this.deps.log.warn('Evolution server did not confirm the removal', { connectionId, path, error }),
        );
    }
  }

  /** Asks for its state now, and later again. Never rejects. */
  async #check(connection: EvolutionConnection): Promise<void> {
    const { connectionId } = connection;
    const abort = this.#abort;
    if (!abort || connection.record.wanted !== 'connected') return;
    try {
      if (isOpenable(connection)) await this.open(connection);
      else await this.#lookAgain(connection);
      this.#tries.delete(connectionId);
      if (this.#abort === abort) this.#plan(connection, this.deps.checkIntervalMs);
    } catch (error) {
      if (this.#abort !== abort) return;
      const tries = this.#tries.get(connectionId) ?? 0;
      this.#tries.set(connectionId, tries + 1);
      this.deps.log.warn('Evolution server not asked', { connectionId, error });
      await this.#missed(connection, error).catch(() => undefined);
      if (this.#abort === abort) this.#plan(connection, 1 + backoffMs(REOPEN, tries));
    }
  }

  /** One question that is not answered may be the network's; sends find out for themselves. */
  #missed(connection: EvolutionConnection, error: unknown): Promise<void> {
    const isRefused = isGatewayError(error, 'REMOTE_REFUSED') || isGatewayError(error, 'FORBIDDEN_DESTINATION');
    if (isRefused) return connection.move({ estado: 'error', motivo: 'REMOTE_REFUSED' });
    return connection.move({ estado: 'reconnecting', motivo: 'REMOTE_UNAVAILABLE' });
  }

  async #lookAgain(connection: EvolutionConnection): Promise<void> {
    if (!this.#instances.pointsHere(connection)) {
      await this.#instances.pointWebhook(connection).catch((error: unknown) => {
        // Gone: the look says so.
        if (statusOf(error) !== 404) throw error;
      });
    }
    await this.#look(connection);
  }

  async #look(connection: EvolutionConnection): Promise<void> {
    await connection.move(await this.#changeFor(connection, await this.#instances.stateOf(connection)));
  }

  async #changeFor(connection: EvolutionConnection, state: unknown): Promise<StateChange | null> {
    const { estado, record } = connection;
    if (state === 'gone') return { estado: 'disconnected', motivo: 'REMOVED_AT_SERVER', numero: null };
    if (state === 'open')
      return serverState(state, estado, record.numero ?? (await this.#instances.numberOf(connection)));
    if (state === 'close') return estado === 'ready' ? { estado: 'reconnecting', motivo: 'CONNECTION_CLOSED' } : null;
    return serverState(state, estado);
  }

  /** Open already: the answer is its state instead. */
  async #askForQr(connection: EvolutionConnection): Promise<void> {
    const answer = await this.#instances.call(connection, 'GET', '/instance/connect/{i}');
    const { instance } = (answer ?? {}) as { instance?: { state?: unknown } };
    if (instance?.state === 'open') return connection.move(await this.#changeFor(connection, 'open'));
    const qr = qrContent(answer);
    await connection.move(qr ? { estado: 'qr_ready', motivo: null, qr } : { estado: 'initializing', motivo: null });
  }

  #plan(connection: EvolutionConnection, afterMs: number): void {
    const { connectionId } = connection;
    this.#cancel(connectionId);
    if (this.#abort)
      this.#timers.set(
        connectionId,
        this.deps.clock.after(afterMs, () => void this.#check(connection)),
      );
  }

  #cancel(connectionId: string): void {
    this.#timers.get(connectionId)?.();
    this.#timers.delete(connectionId);
  }
}

/** In all other states it is open, or waits for a person. */
function isOpenable({ estado, record: { motivo } }: EvolutionConnection): boolean {
  return ['idle', 'initializing', 'reconnecting'].includes(estado) || motivo === 'REMOTE_REFUSED';
}
