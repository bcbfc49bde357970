import {
  decryptMessageNode,
  DEFAULT_CONNECTION_CONFIG,
  type BinaryNode,
  type SignalKeyStoreWithTransaction,
  type SocketConfig,
} from '@whiskeysockets/baileys';
import type { Journal } from '../journal/journal.js';
import type { Clock } from '../lib/clock.js';
import { crashPoint } from '../lib/crash-points.js';
import { GatewayError, isGatewayError } from '../lib/errors.js';
import { INBOX_TYPE, type InboxRecord } from './auth-store.js';
import { timerNews } from './chat-timer-news.js';
import type { KeyTransactions } from './key-transactions.js';
import type { Lanes } from './lanes.js';
import { learnMapping } from './learn-mapping.js';
import { OnePersonOneSession } from './one-person-one-session.js';
import { hasSideEffects } from './replay-unfinished.js';
import { SenderKeysOnce } from './sender-keys-once.js';
import type { SessionWriter } from './session-writer.js';
import { Stanza, toStoredNode, type EncPart } from './stanza.js';

type SignalRepository = ReturnType<SocketConfig['makeSignalRepository']>;
type BaileysLogger = SocketConfig['logger'];

/** One byte of padding and nothing else: an empty proto.Message. */
const EMPTY_PADDED_MESSAGE = Buffer.from([1]);

export interface DurableReceiveDeps {
  connectionId: string;
  journal: Journal;
  lanes: Lanes;
  clock: Clock;
  logger: BaileysLogger;
  /** Whoever changes a Signal session goes through it. */
  sessions: SessionWriter;
  /** Take the place of Baileys' own. */
  transactions: KeyTransactions;
  /** Our own addresses; null before pairing. */
  me: () => { id: string; lid: string | null } | null;
  /** The journal cannot take a stanza: end the socket at once, so that neither receipt nor nack leaves. */
  failClosed: (error: unknown) => void;
  /** A part failed to decrypt for good (Baileys asks its sender again): the error's text. */
  onUndecryptable: (error: string) => void;
  /** Runs it when Baileys is through with the message that it works on now (its messageMutex). */
  afterThisOne: (run: () => void) => void;
}

/**
 * The seam: no message is receipted before it is on our disk.
 *
 * Baileys decrypts, sends the receipt (WhatsApp now forgets the message), and only then tells anybody
 * (`lib/Socket/messages-recv.js`, handleMessage). So every `<message>` stanza first runs through here:
 *
 * 1. **decrypt**: Baileys' own `decryptMessageNode` with its own Signal repository, inside an outer key-store
 *    transaction, so that the advanced ratchet, the plaintext and the log entry reach the disk in one commit.
 * 2. **hand over**: only then Baileys' own listener gets the stanza. Its decryption is answered from here, and its
 *    receipt, retry request or nack goes out, by its own rules.
 *
 * Stanzas of different conversations are in step 1 side by side, so their commits share a flush; those of one
 * conversation keep their order (lanes). A stanza that WhatsApp delivers again is found by the hash of its ciphertext:
 * Baileys gets the stored plaintext, receipts it, and the log gains nothing.
 */
export class DurableReceive {
  readonly #byCiphertext = new WeakMap<Uint8Array, { stanza: Stanza; part: EncPart }>();
  readonly #senderKeys = new SenderKeysOnce();
  #keys: SignalKeyStoreWithTransaction | null = null;
  #refused = false;
  #repository: SignalRepository | null = null;
  /** Stanzas that entered and are not through: when the oldest one entered, the watchdog wants to know. */
  readonly #unfinished = new Map<Stanza, number>();

  constructor(private readonly deps: DurableReceiveDeps) {}

  /** When the oldest unfinished stanza entered, ms since the epoch; null when all are through. */
  get oldestUnfinishedAt(): number | null {
    const first = this.#unfinished.values().next();
    return first.done ? null : first.value;
  }

  /** For `SocketConfig.makeSignalRepository`. */
  readonly makeSignalRepository: SocketConfig['makeSignalRepository'] = (auth, logger, pnToLid) => {
    const keys = auth.keys as SignalKeyStoreWithTransaction;
    const { sessions, transactions } = this.deps;
    transactions.takeOver(keys);
    const base = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(
      { ...auth, keys: sessions.watched(keys) },
      logger,
      pnToLid,
    );
    this.#keys = keys;
    this.#repository = {
      ...base,
      encryptMessage: (options) => sessions.encrypt(keys, [options.jid], () => base.encryptMessage(options)),
      encryptGroupMessage: (options) => sessions.encrypt(keys, [], () => base.encryptGroupMessage(options)),
      injectE2ESession: (options) => sessions.write(keys, [options.jid], () => base.injectE2ESession(options)),
      decryptMessage: (options) =>
        sessions.decrypt(options.jid, options.type, () =>
          this.#decrypt(options.ciphertext, options.jid, () => base.decryptMessage(options)),
        ),
      decryptGroupMessage: (options) =>
        this.#decrypt(options.msg, options.group, () => base.decryptGroupMessage(options)),
      processSenderKeyDistributionMessage: (options) => this.#senderKeys.process(options, base),
      migrateSession: (pn, lid) => persons.migrate(pn, lid),
    };
    const persons = new OnePersonOneSession({ keys, sessions, base });
    return this.#repository;
  };

  /** Takes a stanza; calls `handOver` when it is safe for Baileys to answer it. Never rejects. */
  async take(node: BinaryNode, handOver: (node: BinaryNode) => unknown): Promise<void> {
    const stanza = new Stanza(node);
    this.#unfinished.set(stanza, this.deps.clock.now());
    try {
      await this.deps.lanes.run(stanza.parties, () => this.#inOrder(stanza));
    } catch (error) {
      this.#unfinished.delete(stanza);
      return this.deps.failClosed(error);
    }
    crashPoint('after:journal');
    try {
      await handOver(node);
    } catch (error) {
      this.deps.logger.error({ err: error }, 'stanza failed after it was journaled');
    } finally {
      this.#unfinished.delete(stanza);
    }
  }

  /** Once a stanza could not be journaled, none of this socket is: WhatsApp delivers them again, in their order. */
  async #inOrder(stanza: Stanza): Promise<void> {
    if (this.#refused) throw new GatewayError('STALE_EPOCH');
    try {
      await this.#journal(stanza);
    } catch (error) {
      this.#refused = true;
      throw error;
    }
  }

  async #journal(stanza: Stanza): Promise<void> {
    const me = this.deps.me();
    if (!me || !this.#repository) return;
    for (const part of stanza.encs) this.#byCiphertext.set(part.ciphertext, { stanza, part });
    await this.#decode(stanza, me);
    if (stanza.fatal) throw stanza.fatal;
    // No enc part, one that Baileys does not know, or one that failed: it has no transaction to ride in.
    if (!stanza.journaled) await this.deps.journal.commit({ entries: [this.#entry(stanza, me)] });
    stanza.journaled = true;
  }

  /** Runs Baileys' decoder; what it cannot make sense of is journaled as it is. */
  async #decode(stanza: Stanza, me: { id: string; lid: string | null }): Promise<void> {
    try {
      const message = decryptMessageNode(stanza.node, me.id, me.lid ?? '', this.#repository!, this.deps.logger);
      await learnMapping(this.#repository!, message.fullMessage.key);
      await message.decrypt();
    } catch (error) {
      if (isFatal(error)) stanza.fatal = error;
      else this.deps.logger.warn({ err: error }, 'stanza cannot be decoded');
    }
  }

  async #decrypt(ciphertext: Uint8Array, lock: string, decrypt: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const found = this.#byCiphertext.get(ciphertext);
    // Its own transaction all the same: whoever waits for a session's lane must not hold up who has it.
    if (!found) return this.#keys!.transaction(decrypt, lock);
    const { stanza, part } = found;
    // Step 2: Baileys holds its mutex for this stanza until all of its own work is done, also for an offline one.
    if (part.outcome && stanza.replay) this.deps.afterThisOne(() => void this.#finishReplay(stanza));
    part.outcome ??= await this.#outcome(stanza, part, lock, decrypt);
    if (part.outcome.plaintext) return part.outcome.plaintext;
    throw new Error(part.outcome.error ?? 'decryption failed');
  }

  async #outcome(stanza: Stanza, part: EncPart, lock: string, decrypt: () => Promise<Uint8Array>) {
    const { sha256 } = part;
    const known = this.deps.journal.findPart(this.deps.connectionId, sha256);
    if (known) {
      if (stanza.isLast(part)) stanza.journaled = true;
      return { sha256, plaintext: known.plaintext ?? EMPTY_PADDED_MESSAGE };
    }
    try {
      return await this.#decryptAndCommit(stanza, part, lock, decrypt);
    } catch (error) {
      if (isFatal(error)) {
        stanza.fatal = error;
        throw error;
      }
      const text = error instanceof Error ? error.message : String(error);
      this.deps.onUndecryptable(text);
      return { sha256, plaintext: null, error: text };
    }
  }

  /** Ratchet, plaintext and log entry in one commit: before decrypt resolves, and so before any receipt. */
  #decryptAndCommit(stanza: Stanza, part: EncPart, lock: string, decrypt: () => Promise<Uint8Array>) {
    const { connectionId, clock } = this.deps;
    return this.#keys!.transaction(async () => {
      const plaintext = await decrypt();
      crashPoint('after:decrypt');
      const outcome = { sha256: part.sha256, plaintext };
      const inbox: InboxRecord = { part: { connectionId, sha256: part.sha256, plaintext, at: clock.now() } };
      const last = stanza.isLast(part);
      if (last) {
        const entry = this.#entry(stanza, this.deps.me()!, part, outcome);
        inbox.entry = entry;
        if (hasSideEffects(stanza)) inbox.replay = { ...entry, sha256: part.sha256, at: clock.now(), tries: 0 };
      }
      await this.#setInbox(part.sha256, inbox);
      const timer = timerNews(this.deps.journal, connectionId, stanza.node.attrs, plaintext, this.deps.me()!);
      if (timer) await this.#keys!.set(timer);
      if (last) stanza.journaled = true;
      if (inbox.replay) stanza.replay = part.sha256;
      return outcome;
    }, lock);
  }

  #entry(stanza: Stanza, me: { id: string; lid: string | null }, last?: EncPart, outcome?: EncPart['outcome']) {
    const parts = stanza.encs.map((part) => (part === last ? outcome! : part.outcome)).filter((each) => each != null);
    return {
      kind: 'stanza' as const,
      connectionId: this.deps.connectionId,
      node: toStoredNode(stanza.node, stanza.encs),
      parts,
      me,
    };
  }

  #setInbox(id: Uint8Array, record: InboxRecord): Promise<void> {
    const mutations = { [INBOX_TYPE]: { [Buffer.from(id).toString('hex')]: record } };
    // Baileys' typings know only its own key types.
    return Promise.resolve(this.#keys!.set(mutations as never));
  }

  /** Goes through the key store of this socket: once its epoch is over, nothing it says is done counts as done. */
  async #finishReplay(stanza: Stanza): Promise<void> {
    const { replay: sha256 } = stanza;
    if (!sha256) return;
    stanza.replay = null;
    try {
      await this.#setInbox(sha256, { replayed: { connectionId: this.deps.connectionId, sha256 } });
    } catch (error) {
      this.deps.logger.warn({ err: error }, 'stanza stays to be replayed');
    }
  }
}

/** The journal or the epoch refused: not WhatsApp's fault, so WhatsApp must keep the message. */
function isFatal(error: unknown): error is GatewayError {
  return isGatewayError(error) && ['JOURNAL_FAILED', 'JOURNAL_FULL', 'STALE_EPOCH'].includes(error.code);
}
