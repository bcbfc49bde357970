import type { ConnectionRecord } from '../../journal/records.js';
import type { Clock } from '../../lib/clock.js';
import type { Log } from '../../lib/log.js';
import { Rounds } from '../../lib/rounds.js';
import type { InstanceTable, RequestedReset } from '../../supabase/instances.js';
import { userOfInstance } from '../../lib/instance-name.js';

export interface InstanceResetsDeps {
  table: Pick<InstanceTable, 'requestedResets' | 'resetDone'>;
  /** The newest record of a connection; null when there is none. */
  recordOf: (connectionId: string) => Readonly<ConnectionRecord> | null;
  /** Ends the session of a connection, which stays and can be linked again. */
  logout: (connectionId: string) => Promise<void>;
  /** Why the database cannot be asked now; null = it can. */
  databaseReason: () => string | null;
  clock: Clock;
  log: Log;
}

/** So long, at most, a row that was deleted from `whatsapp_instances` waits for its reset. */
const LOOK_MS = 15_000;

/**
 * Resets the instances whose row somebody has deleted from `whatsapp_instances`: the session ends, here and on the phone, and
 * the row comes back as disconnected. The request is a mark that the deletion leaves in the connection's row; a row that is
 * merely not there (an emptied or exchanged database) ends nobody's session.
 */
export class InstanceResets {
  readonly #rounds: Rounds;
  #failure: string | null = null;

  constructor(private readonly deps: InstanceResetsDeps) {
    const { clock, log } = deps;
    const round = () => this.#look();
    this.#rounds = new Rounds({ clock, log, round, waitMs: () => LOOK_MS, failure: 'instances not looked at' });
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Looks soon instead of at the next turn. */
  wake(): void {
    this.#rounds.wake();
  }

  async #look(): Promise<void> {
    if (this.deps.databaseReason() !== null) return;
    try {
      for (const reset of await this.deps.table.requestedResets()) await this.#reset(reset);
      this.#failure = null;
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      // Once: it is looked at again in a moment.
      if (failure !== this.#failure) this.deps.log.warn('instances not looked at for resets', { error });
      this.#failure = failure;
    }
  }

  async #reset({ id, session_name: connectionId, reinicio_pedido_em: at }: RequestedReset): Promise<void> {
    const record = this.deps.recordOf(connectionId);
    const isInstance = record !== null && userOfInstance(connectionId)?.id === record.ownerId;
    // Linked again after the row was deleted: the reset has happened already.
    const isSince = record !== null && (record.connectedAt ?? 0) > Date.parse(at);
    if (isInstance && !isSince) {
      this.deps.log.info('instance reset: its row was deleted', { connectionId });
      await this.deps.logout(connectionId);
    }
    await this.deps.table.resetDone(id, at);
  }
}
