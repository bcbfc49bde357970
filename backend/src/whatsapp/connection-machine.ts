import type { ConnectionState } from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';
import type { ConnectionRecord } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { TypedEmitter } from '../lib/typed-emitter.js';
import { AccountCare } from './account-care.js';
import { bannedUntil } from './advice.js';
import { bareJid, type OpenSocket } from './client-calls.js';
import type { ClientEvents } from './client-events.js';
import { banEnd, closeCause, proxyCause, statusCode } from './close-error.js';
import { ConnectionStateKeeper } from './connection-state.js';
import { DecryptFailures } from './decrypt-failures.js';
import {
  CAUSE_TABLE,
  DISCONNECT_TABLE,
  disconnectRule,
  PASSKEY_REQUIRED,
  type DisconnectRule,
} from './disconnect-table.js';
import type { Estado } from './estado.js';
import { numberChange } from './number-change.js';
import type { QrCode } from './pairing.js';
import type { Proxies } from './proxies.js';
import { Reconnector } from './reconnector.js';
import { SocketLife, type SocketLifeDeps } from './socket-life.js';

export interface ConnectionMachineDeps extends Omit<SocketLifeDeps, 'on' | 'connectionId' | 'route'> {
  record: ConnectionRecord;
  proxies: Proxies;
  journal: Journal;
  clock: Clock;
  log: Log;
  events: TypedEmitter<ClientEvents>;
  reconnectBaseMs: number;
  /** Whether another connection is logged in as this very device (its JID with device number). */
  hasRival: (connectionId: string, device: string) => boolean;
}

/**
 * What sockets say, turned into states: the right-hand side of the table in `WhatsAppClientService`. It decides by the
 * disconnect table alone; people's commands are the client's business.
 */
export class ConnectionMachine {
  readonly connectionId: string;
  readonly state: ConnectionStateKeeper;
  readonly life: SocketLife;
  readonly reconnector: Reconnector;
  readonly care: AccountCare;
  readonly undecryptable: DecryptFailures;
  #stopped = false;
  #leaving = false;

  constructor(private readonly deps: ConnectionMachineDeps) {
    const { clock, journal, events, log } = deps;
    const { connectionId } = deps.record;
    this.connectionId = connectionId;
    const onFailed = (error: unknown) => log.error('state not saved', { error });
    this.state = new ConnectionStateKeeper(deps.record, { journal, clock, onFailed });
    this.life = new SocketLife({
      ...{ ...deps, connectionId, on: this.#hears() },
      route: () => deps.proxies.routeOf(this.state.record),
    });
    this.reconnector = new Reconnector({ clock, baseMs: deps.reconnectBaseMs, open: (rule) => this.#reopen(rule) });
    this.care = new AccountCare({
      ...{ clock, log },
      sock: () => this.loggedIn()?.sock ?? null,
      onPause: (pause) => events.emit('newChatsPaused', { connectionId, pause }),
    });
    const onFlood = (perMinute: number) => events.emit('decryptFlood', { connectionId, perMinute });
    this.undecryptable = new DecryptFailures({ clock, onFlood });
  }

  get estado(): Estado {
    return this.state.estado;
  }

  /** The socket, while it is logged in. */
  loggedIn(): OpenSocket | null {
    const { sock, me, frames } = this.life;
    return sock && me && frames && this.estado === 'ready' ? { sock, me, frames } : null;
  }

  /** Lets closes lead to new sockets (again, after `stop` or `leave`). */
  start(): void {
    this.#stopped = false;
    this.#leaving = false;
  }

  /** From now on a close is the end. */
  stop(): void {
    this.#stopped = true;
  }

  /** The device is being logged out by a person: the close that comes of it decides and tells nothing. */
  leave(): void {
    this.#leaving = true;
  }

  /** Changes the state for memory, disk, row and listeners; nothing happens when it is the same. */
  move(estado: Estado, motivo: string | null, more: Partial<ConnectionRecord> = {}): void {
    if (!this.state.move(estado, motivo, more)) return;
    this.deps.log.info('state', { estado, motivo });
    this.deps.events.emit('stateChanged', { connectionId: this.connectionId, estado, motivo });
  }

  #hears(): SocketLifeDeps['on'] {
    return {
      update: (update) => this.#updated(update),
      failed: (error) => {
        this.deps.log.error('socket not opened', { error });
        const cause = proxyCause(error);
        this.#after(500, cause === null ? DISCONNECT_TABLE[500]! : CAUSE_TABLE[cause], null);
      },
      qr: (qr) => this.#showQr(qr),
      ack: (ack) => {
        if (ack.error === '429') this.care.rateLimited();
        this.deps.events.emit('ack', { connectionId: this.connectionId, ...ack });
      },
      ringing: (call) => this.deps.events.emit('callRinging', { connectionId: this.connectionId, call }),
      message: () => this.state.active(1),
      passkeyRequired: () => this.#passkeyRequired(),
      undecryptable: () => this.undecryptable.count(),
      messageCap: (info) => this.care.capTold(info),
    };
  }

  #updated(update: Partial<ConnectionState>): void {
    if (update.reachoutTimeLock) this.care.timelockTold(update.reachoutTimeLock);
    if (update.isNewLogin) this.move('authenticated', null);
    if (update.connection === 'open') this.#opened();
    if (update.connection === 'close' && !this.#leaving) this.#closed(update.lastDisconnect?.error);
  }

  #showQr(qr: QrCode): void {
    if (this.estado !== 'pairing') this.move('qr_ready', null);
    this.state.showQr(qr.code, qr.shownAt);
    this.life.expect('scan');
    this.deps.events.emit('qr', { connectionId: this.connectionId, qr });
  }

  #opened(): void {
    const { connectionId } = this;
    const { me } = this.life;
    this.reconnector.opened();
    this.life.expect('logged-in');
    const numero = me?.id.split(/[:@]/)[0] ?? null;
    const changed = numberChange(this.state.record, numero);
    this.move('ready', null, { numero, lid: bareJid(me?.lid) });
    this.care.opened();
    if (changed) this.deps.events.emit('numberChanged', { connectionId, ...changed });
    this.deps.events.emit('ready', { connectionId, numero });
  }

  #closed(error: unknown): void {
    const code = statusCode(error);
    const { paired, qrShown, me } = this.life;
    const rival = me !== null && this.deps.hasRival(this.connectionId, me.id);
    // A socket that was logged in was lost, not unreachable.
    const found = closeCause(error);
    const cause = found === 'unreachable' && this.estado === 'ready' ? null : found;
    const rule = disconnectRule(code, { paired, qrShown, rival, cause });
    this.life.release();
    const message = error instanceof Error ? error.message : undefined;
    this.deps.log.info('socket closed', { code, reason: rule.reason, error: message });
    this.#after(code, rule, banEnd(error, this.deps.clock.now()));
  }

  /** What the disconnect table says about it, done. */
  #after(code: number, rule: DisconnectRule, banEndsAt: number | null): void {
    this.care.closed();
    if (code === 429) this.care.rateLimited();
    if (rule.credentials === 'archive') {
      void this.life.afterCommits(() => this.deps.journal.auth.archive(this.connectionId, rule.reason));
    }
    const retryInMs = this.#stopped ? null : this.reconnector.plan(rule, banEndsAt);
    const isBan = rule.backoff === 'ban' && banEndsAt !== null;
    // Pairing ends with a 515: that is progress, not a loss.
    if (rule.action !== 'restart' || this.estado === 'ready') {
      this.move(rule.estado, isBan ? bannedUntil(banEndsAt) : rule.reason);
    }
    this.deps.events.emit('closed', { connectionId: this.connectionId, code, reason: rule.reason, retryInMs });
  }

  /** WhatsApp refuses what is out of date, so the current version is asked for before the next try. */
  #reopen(rule: DisconnectRule): void {
    this.life.open(rule.backoff === 'outdated' ? this.deps.webVersion.refresh() : undefined);
  }

  #passkeyRequired(): void {
    if (this.life.paired) return;
    void this.life.close();
    this.#after(0, PASSKEY_REQUIRED, null);
  }
}
