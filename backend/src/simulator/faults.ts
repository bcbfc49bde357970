import type { Companion } from './companion.js';
import type { Connection } from './connection.js';
import type { History } from './history.js';
import type { Listener } from './listener.js';

interface LoginFailure {
  /** The account's number, a companion's device JID, or null for everybody. */
  who: string | null;
  reason: number;
  times: number;
  attrs: Record<string, string>;
}

/** Everything that can go wrong on purpose. Counted faults (`…Next`, `dropAcks`, `failLogins`) use themselves up; the
 *  others stay until they are turned off. Each one is recorded in the history. */
export class Faults {
  /** Milliseconds every stanza from the server is held back. */
  latencyMs = 0;
  readonly #loginFailures: LoginFailure[] = [];
  #duplicates = 0;
  #acksToDrop = 0;
  #ackErrors: number[] = [];
  #refreshes = 0;
  #upgradeStatus: number | null = null;
  #allInHole = false;

  constructor(
    private readonly deps: { history: History; connections: ReadonlySet<Connection>; listener: () => Listener },
  ) {}

  /** Closes every client socket (close frame, 428 for Baileys). */
  closeAll(): void {
    this.#record('closeAll');
    for (const connection of this.deps.connections) connection.end();
  }

  close(companion: Companion): void {
    this.#record('close');
    companion.connection?.end();
  }

  /** TCP reset, without a close frame. */
  reset(companion: Companion): void {
    this.#record('reset');
    companion.connection?.reset();
  }

  /** `<stream:error code>` and a close; 440 is "replaced by another session". */
  streamError(companion: Companion, code: number): void {
    this.#record(`streamError ${code}`);
    companion.connection?.streamError(code);
  }

  /** Refuses the next logins with `<failure reason>`. `who` null means any account; `attrs` such as a ban's `expire`. */
  failLogins(who: Companion | string | null, reason: number, times = 1, attrs: Record<string, string> = {}): void {
    this.#record(`failLogins ${reason}`);
    const key = who === null || typeof who === 'string' ? who : who.jid;
    this.#loginFailures.push({ who: key, reason, times, attrs });
  }

  /** Forgets every refusal of logins that is left. */
  allowLogins(): void {
    this.#loginFailures.length = 0;
  }

  /** Silence with an open TCP connection. For `all`, new sockets get no handshake either. */
  blackHole(who: Companion | 'all', on = true): void {
    this.#record(`blackHole ${on}`);
    if (who !== 'all') return who.connection?.blackHole(on);
    this.#allInHole = on;
    for (const connection of this.deps.connections) connection.blackHole(on);
  }

  /** Delivers each of the next n messages to an account twice, byte for byte. */
  duplicateNext(n = 1): void {
    this.#record('duplicateNext');
    this.#duplicates += n;
  }

  /** Takes the next n messages of accounts and passes them on, but never acknowledges them. */
  dropAcks(n = 1): void {
    this.#record('dropAcks');
    this.#acksToDrop += n;
  }

  /** Refuses the next message of an account with `<ack error>`; it reaches nobody. Codes seen in the field: 463, 479. */
  errorAckNext(code: number, times = 1): void {
    this.#record(`errorAckNext ${code}`);
    for (let i = 0; i < times; i++) this.#ackErrors.push(code);
  }

  /** Answers WebSocket upgrades with that HTTP status until it is null again. */
  httpStatusOnUpgrade(status: number | null): void {
    this.#record(`httpStatusOnUpgrade ${status}`);
    this.#upgradeStatus = status;
  }

  /** Closes the port (connection refused), or opens the same one again. Open sockets stay. */
  async refuse(on: boolean): Promise<void> {
    this.#record(`refuse ${on}`);
    if (on) this.deps.listener().pause();
    else await this.deps.listener().listen();
  }

  /** The next n scans of a QR send `companion_reg_refresh` first: see `Phone.scan`. */
  companionRegRefreshNext(n = 1): void {
    this.#record('companionRegRefreshNext');
    this.#refreshes += n;
  }

  garbageFrame(companion: Companion, kind: 'undecodable' | 'undecryptable' = 'undecodable'): void {
    this.#record(`garbageFrame ${kind}`);
    companion.connection?.garbage(kind);
  }

  /** @internal How to refuse this login, using one up. */
  takeLoginFailure(account: string, companion: string | null): Pick<LoginFailure, 'reason' | 'attrs'> | null {
    const index = this.#loginFailures.findIndex(({ who }) => who === null || who === account || who === companion);
    const failure = this.#loginFailures[index];
    if (!failure) return null;
    failure.times -= 1;
    if (failure.times <= 0) this.#loginFailures.splice(index, 1);
    return failure;
  }

  /** @internal */
  takeDuplicate(): boolean {
    if (this.#duplicates === 0) return false;
    this.#duplicates -= 1;
    return true;
  }

  /** @internal */
  takeDroppedAck(): boolean {
    if (this.#acksToDrop === 0) return false;
    this.#acksToDrop -= 1;
    return true;
  }

  /** @internal */
  takeRefresh(): boolean {
    if (this.#refreshes === 0) return false;
    this.#refreshes -= 1;
    return true;
  }

  /** @internal */
  takeAckError(): number | undefined {
    return this.#ackErrors.shift();
  }

  /** @internal */
  get upgradeStatus(): number | null {
    return this.#upgradeStatus;
  }

  /** @internal */
  get allInHole(): boolean {
    return this.#allInHole;
  }

  #record(fault: string): void {
    this.deps.history.record({ kind: 'fault', fault });
  }
}
