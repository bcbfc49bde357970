import { createHash } from 'node:crypto';
import type { Journal } from '../journal/journal.js';
import type { CallFacts } from '../journal/records.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { MessageAcceptor } from '../outbound/accept-message.js';
import type { WhatsAppPoolManager } from '../whatsapp/whatsapp-pool-manager.js';

export interface CallRejecterDeps {
  pool: Pick<WhatsAppPoolManager, 'get' | 'events'>;
  journal: Pick<Journal, 'commit'>;
  acceptor: Pick<MessageAcceptor, 'accept'>;
  clock: Clock;
  log: Log;
}

/** Whoever calls again and again reads the text once in this time. */
const TEXT_EVERY_MS = 3_600_000;

/** Rejects calls as they ring, for connections that are told to (`rejeitarChamadas`), and writes why to the caller. */
export class CallRejecter {
  constructor(private readonly deps: CallRejecterDeps) {}

  /** @returns the undo */
  listen(): () => void {
    return this.deps.pool.events.on('callRinging', ({ connectionId, call }) => {
      this.#reject(connectionId, call).catch((error: unknown) =>
        this.deps.log.warn('call not rejected', { connectionId, error }),
      );
    });
  }

  async #reject(connectionId: string, call: CallFacts): Promise<void> {
    const client = this.deps.pool.get(connectionId);
    if (client?.record.settings['rejeitarChamadas'] !== true) return;
    await client.rejectCall(call);
    await this.deps.journal.commit({ entries: [{ kind: 'call', connectionId, ...call, status: 'rejected' }] });
    const text = client.record.settings['textoChamadaRejeitada'];
    if (typeof text === 'string' && text !== '' && call.group === null) await this.#write(connectionId, call, text);
  }

  async #write(connectionId: string, { caller }: CallFacts, text: string): Promise<void> {
    const window = Math.floor(this.deps.clock.now() / TEXT_EVERY_MS);
    const idempotency = {
      scope: `chamada:${connectionId}`,
      key: `${caller.pn ?? caller.jid}:${window}`,
      bodySha256: createHash('sha256').update('chamada').digest(),
    };
    const content = { kind: 'text', text } as const;
    await this.deps.acceptor.accept({ connectionId, to: caller.jid, content, remetente: 'SISTEMA', idempotency });
  }
}
