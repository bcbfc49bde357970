import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../../src/journal/journal.js';
import type { LogEntry, OutboxRecord } from '../../src/journal/records.js';
import type { Clock } from '../../src/lib/clock.js';
import { GatewayError } from '../../src/lib/errors.js';
import { silentLog } from '../../src/lib/log.js';
import { TypedEmitter } from '../../src/lib/typed-emitter.js';
import { MessageAcceptor, type SendRequest } from '../../src/outbound/accept-message.js';
import { NumberCheck } from '../../src/outbound/number-check.js';
import { Recipients } from '../../src/outbound/recipients.js';
import type { SendChannel, SendChannelEvents } from '../../src/outbound/send-channel.js';
import { Sender, type SendEvents, type SenderDeps } from '../../src/outbound/sender.js';
import type { Estado } from '../../src/whatsapp/estado.js';

export const CONNECTION = 'loja-1';
export const HOUR = 3_600_000;

/** Time stands still until `advance`; due timers run in order, each with what it caused. */
export class FakeClock implements Clock {
  #now = Date.UTC(2026, 10, 20);
  readonly #timers = new Set<{ at: number; fn: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#now + ms, fn };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  get timers(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.fn();
    }
    this.#now = end;
  }
}

/** Waits for a condition, in real time. */
export async function until(condition: () => boolean, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  for (let look = 0; !condition(); look++) {
    if (Date.now() > end) throw new Error(`never became true: ${condition.toString()}`);
    // Soon, for what is nearly there; then without taking the processor from what is waited for.
    await new Promise((resolve) => (look < 100 ? setImmediate(resolve) : setTimeout(resolve, 1)));
  }
}

/** Lets everything that is on its way (commits included) arrive: some rounds of a commit that waits behind the others. */
export async function settle(journal: Journal): Promise<void> {
  for (let round = 0; round < 5; round++) {
    await journal.commit({ keys: { connectionId: 'nobody', mutations: { settle: { round } } } });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export interface Relayed {
  jid: string;
  id: string;
  text: string | null | undefined;
  freshDevices: boolean;
}

export interface Script {
  /** What a relay does; by default it is written and the ack follows at once. */
  onRelay?: (relayed: Relayed, channel: ScriptedChannel) => Promise<void> | void;
  /** WhatsApp's answers, digits → address; a missing number is not on WhatsApp. */
  numbers?: Record<string, { jid: string; lid: string | null }>;
}

/** A channel that does what the test says, and remembers what was asked of it. */
export class ScriptedChannel implements SendChannel {
  me = { id: '5511900000000:7@s.whatsapp.net' };
  readonly events = new TypedEmitter<SendChannelEvents>(silentLog);
  readonly relayed: Relayed[] = [];
  /** One item a question, with every spelling that was asked for. */
  readonly lookups: string[] = [];
  estado: Estado = 'ready';

  constructor(
    public script: Script = {},
    readonly connectionId = CONNECTION,
  ) {}

  async relay(...[jid, message, options]: Parameters<SendChannel['relay']>): Promise<void> {
    if (this.estado !== 'ready') throw new GatewayError('NOT_CONNECTED');
    const relayed: Relayed = {
      jid,
      id: options.messageId,
      text: message.extendedTextMessage?.text,
      freshDevices: options.freshDevices ?? false,
    };
    this.relayed.push(relayed);
    if (this.script.onRelay) await this.script.onRelay(relayed, this);
    else this.ack(relayed.id);
  }

  async uploadMedia(): Promise<never> {
    throw new GatewayError('NOT_CONNECTED');
  }

  async lookupNumber(spellings: string[]): Promise<{ jid: string; lid: string | null } | null> {
    if (this.estado !== 'ready') throw new GatewayError('NOT_CONNECTED');
    this.lookups.push(spellings.join(' '));
    const known = spellings.map((digits) => this.script.numbers?.[digits]);
    return known.find((answer) => answer != null) ?? null;
  }

  ack(whatsappId: string, error: string | null = null, serverTimeMs = 1_800_000_000_000): void {
    this.events.emit('ack', { whatsappId, from: '', error, serverTimeMs });
  }

  /** The socket is lost. */
  close(estado: Estado = 'reconnecting'): void {
    this.estado = estado;
    this.events.emit('closed', {});
    this.events.emit('stateChanged', {});
  }

  open(): void {
    this.estado = 'ready';
    this.events.emit('ready', {});
  }
}

/** A whole outbound side on a real journal in a directory of its own. */
export interface Outbound {
  dir: string;
  clock: FakeClock;
  journal: Journal;
  channel: ScriptedChannel;
  numbers: NumberCheck;
  recipients: Recipients;
  sender: Sender;
  acceptor: MessageAcceptor;
  events: { name: keyof SendEvents; id: string }[];
  send: (to: string, text: string, more?: Partial<SendRequest>) => Promise<OutboxRecord>;
  record: (whatsappId: string) => OutboxRecord;
  entries: <K extends LogEntry['kind']>(kind: K) => Extract<LogEntry, { kind: K }>[];
  /** As a crash leaves it: nothing is stopped in order, only the files are freed. */
  crash: () => Promise<void>;
}

export interface OutboundOptions extends Partial<Omit<SenderDeps, 'journal' | 'numbers' | 'log' | 'clock'>> {
  script?: Script;
  dir?: string;
  clock?: FakeClock;
  estado?: Estado;
  attached?: boolean;
  expiryMs?: number;
  /** JIDs that the database has. */
  contacts?: string[];
}

const opened: { sender: Sender; journal: Journal; clock: FakeClock }[] = [];
const dirs: string[] = [];

export async function anOutbound(options: OutboundOptions = {}): Promise<Outbound> {
  const { script, estado = 'ready', attached = true, expiryMs = 24 * HOUR, clock = new FakeClock(), ...rest } = options;
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'outbound-')));
  if (!options.dir) dirs.push(dir);
  const journal = await Journal.open({ dir, encryptionKey: null, maxBytes: 1e9, log: silentLog, clock });
  const channel = new ScriptedChannel(script);
  channel.estado = estado;
  const numbers = new NumberCheck({ journal, clock, log: silentLog });
  // Nothing that these tests send has a file.
  const uploads = { ensure: async (_channel: SendChannel, record: OutboxRecord) => record };
  const sender = new Sender({ journal, numbers, clock, log: silentLog, ratePerMinute: null, uploads, ...rest });
  const isContact = async (_id: string, jids: string[]) => jids.some((jid) => options.contacts?.includes(jid));
  const recipients = new Recipients({ numbers, channelOf: () => channel, isContact, log: silentLog });
  const acceptor = new MessageAcceptor({
    journal,
    numbers,
    recipients,
    channelOf: () => channel,
    sender,
    clock,
    expiryMs,
  });
  const events: Outbound['events'] = [];
  for (const name of ['sent', 'failed', 'reachoutLocked', 'ackOverdue'] as const) {
    sender.events.on(name, (event) => events.push({ name, id: event.whatsappId }));
  }
  opened.push({ sender, journal, clock });
  sender.start();
  if (attached) sender.attach(channel);
  return {
    dir,
    clock,
    journal,
    channel,
    numbers,
    recipients,
    sender,
    acceptor,
    events,
    send: async (to, text, more = {}) => {
      const content = { kind: 'text' as const, text };
      const request = { connectionId: CONNECTION, to, content, remetente: 'ATENDENTE' as const, ...more };
      return (await acceptor.accept(request)).record;
    },
    record: (whatsappId) => {
      const record = journal.getOutbox(CONNECTION, whatsappId);
      if (!record) throw new Error(`no outbox record ${whatsappId}`);
      return record;
    },
    entries: (kind) =>
      journal.claimEntries(100_000).filter((entry) => entry.kind === kind) as Extract<
        LogEntry,
        { kind: typeof kind }
      >[],
    crash: () => journal.close(),
  };
}

/** For `afterEach`: stops every sender, closes every journal, removes every directory. */
export async function closeAll(): Promise<void> {
  for (const { sender, journal, clock } of opened.splice(0)) {
    const stopped = sender.stop();
    clock.advance(3_000);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1_000);
    await stopped;
    await journal.close();
  }
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
}

/** A group's address: the one kind of recipient that needs no number check. */
export function aGroup(n: number): string {
  return `1203630000000${String(n).padStart(5, '0')}@g.us`;
}
