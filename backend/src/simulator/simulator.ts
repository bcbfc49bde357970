import { silentLog, type Log } from '../lib/log.js';
import { prepareBurst, type Burst, type BurstOptions } from './burst.js';
import { changeGroup, type GroupAction } from './change-group.js';
import { Connection } from './connection.js';
import { Contact, type ContactOptions } from './contact.js';
import { Directory } from './directory.js';
import { Faults } from './faults.js';
import { Group, type GroupOptions } from './group.js';
import { freshGroupJid } from './group-jid.js';
import { History } from './history.js';
import { Listener } from './listener.js';
import { welcome } from './login.js';
import { MediaServer } from './media/media-server.js';
import { makeNoiseIdentity, type NoiseIdentity } from './noise.js';
import type { PersonOptions } from './person.js';
import { Phone } from './phone.js';
import { quietLibsignal } from './quiet-libsignal.js';
import { Registrations } from './registration.js';
import type { World } from './world.js';

export interface SimulatorOptions {
  /** 0 (the default) picks a free one. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  log?: Log;
}

/**
 * A WhatsApp server for tests, the demo and benchmarks. Unmodified Baileys sockets connect to `wsUrl` once their
 * `WA_CERT_DETAILS.PUBLIC_KEY` is `noiseRootKeyHex`; everything after that is the real protocol, end-to-end encryption
 * included. Phones own accounts, contacts write to them, `faults` breaks things, `history` remembers everything.
 * All state is in memory and ends with the object.
 */
export class Simulator {
  readonly faults: Faults;
  readonly history = new History();
  /** Files that messages carry: `WHATSAPP_MEDIA_URL` is its `url`, `WHATSAPP_MEDIA_CA` a file with its `caPem`. */
  readonly media: MediaServer;
  readonly #connections = new Set<Connection>();
  readonly #directory = new Directory();
  readonly #registrations = new Registrations();
  readonly #identity: NoiseIdentity = makeNoiseIdentity();
  readonly #host: string;
  readonly #listener: Listener;
  readonly #world: World;
  #unquiet: (() => void) | null = null;
  #stopped: Promise<void> | null = null;

  private constructor({ port = 0, host = '127.0.0.1', log = silentLog }: SimulatorOptions) {
    this.#host = host;
    const { history } = this;
    this.media = new MediaServer(host);
    this.faults = new Faults({ history, connections: this.#connections, listener: () => this.#listener });
    this.#world = {
      directory: this.#directory,
      registrations: this.#registrations,
      history,
      faults: this.faults,
      media: this.media,
      log,
    };
    this.#listener = new Listener({
      host,
      port,
      refuseUpgradesWith: () => this.faults.upgradeStatus,
      onSocket: (webSocket, tcp) => this.#accept(webSocket, tcp),
    });
  }

  /** Starts to listen. libsignal's console output (it prints private keys) is silenced until `stop`. */
  static async start(options: SimulatorOptions = {}): Promise<Simulator> {
    const simulator = new Simulator(options);
    await simulator.#listener.listen();
    await simulator.media.listen();
    simulator.#unquiet = quietLibsignal();
    return simulator;
  }

  get wsUrl(): string {
    return `ws://${this.#host}:${this.#listener.port}/ws/chat`;
  }

  /** The 32-byte public key, in hex, that signs the server's certificate chain. */
  get noiseRootKeyHex(): string {
    return Buffer.from(this.#identity.rootKey).toString('hex');
  }

  get phones(): Phone[] {
    return this.#directory.phones;
  }

  /** How many client sockets are open now. */
  get openSockets(): number {
    return this.#connections.size;
  }

  /** The owner of an account. @throws Error when the number is taken */
  createPhone(options: PersonOptions): Phone {
    const phone = new Phone(this.#world, options);
    this.#directory.add(phone);
    return phone;
  }

  /** Somebody who writes to accounts. @throws Error when the number is taken */
  createContact(options: ContactOptions): Contact {
    const contact = new Contact(this.#world, options);
    this.#directory.add(contact);
    return contact;
  }

  createGroup(options: GroupOptions): Group {
    const group = new Group(options.jid ?? freshGroupJid(), options);
    this.#directory.addGroup(group);
    return group;
  }

  /** Somebody does something in a group; the devices of its members are told. */
  changeGroup(group: Group, by: Phone | Contact, action: GroupAction): void {
    changeGroup(this.#world, group, by, action);
  }

  /** Lookups of `number` answer with the contact whose number is `canonical`: the Brazilian ninth digit. */
  registerNumber(number: string, { canonical }: { canonical: string }): void {
    this.#directory.alias(number, canonical);
  }

  phone(number: string): Phone | undefined {
    return this.#directory.phone(number);
  }

  contact(number: string): Contact | undefined {
    return this.#directory.contact(number);
  }

  group(jid: string): Group | undefined {
    return this.#directory.group(jid);
  }

  /** Encrypts many messages, in turn from each contact, and waits with them: `start()` sends them at full speed. */
  prepareBurst(phone: Phone, options: BurstOptions): Promise<Burst> {
    return prepareBurst(phone, options);
  }

  /** Prepares and starts a burst. */
  async burst(phone: Phone, options: BurstOptions): Promise<Burst> {
    const burst = await this.prepareBurst(phone, options);
    burst.start();
    return burst;
  }

  /** Closes every socket and the port. Can be called twice. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  async #stop(): Promise<void> {
    await Promise.all([this.#listener.close(), this.media.close()]);
    this.#unquiet?.();
  }

  #accept(webSocket: ConstructorParameters<typeof Connection>[0]['webSocket'], tcp: ConnectionSocket): void {
    const connection: Connection = new Connection({
      webSocket,
      tcp,
      identity: this.#identity,
      latencyMs: () => this.faults.latencyMs,
      onOpen: (opened, finish) => welcome(this.#world, opened, finish),
      log: this.#world.log,
    });
    this.#connections.add(connection);
    this.history.record({ kind: 'socket.opened' });
    if (this.faults.allInHole) connection.blackHole(true);
    webSocket.once('close', () => {
      this.#connections.delete(connection);
      this.history.record({ kind: 'socket.closed', companion: connection.owner });
    });
  }
}

type ConnectionSocket = ConstructorParameters<typeof Connection>[0]['tcp'];
