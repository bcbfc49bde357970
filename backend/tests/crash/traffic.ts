import { setTimeout as delay } from 'node:timers/promises';
import type { Contact, Phone } from '../../src/simulator/index.js';
import { CONNECTION, type Cast, type Chat } from './cast.js';
import type { Daemon } from './daemon.js';
import type { Answer, Request, Written } from './history.js';
import type { Random } from './random.js';

const SEND = '/api/whatsapp-integration/messages/send';

/** Both directions at once, recorded: customers write, and the API is asked to send. */
export class Traffic {
  readonly written: Written[] = [];
  readonly requests: Request[] = [];
  /** Requests that have a key and no answer: they are repeated before their chat goes on. */
  readonly #unanswered = new Map<Chat, Request>();
  #texts = 0;

  constructor(
    private readonly cast: Cast,
    private readonly random: Random,
  ) {}

  /** One customer of the chat writes. @param more what the text ends with */
  write(chat: Chat, more = ''): void {
    const writer = this.random.pick(chat.writers);
    const text = `cliente ${++this.#texts}${more}`;
    const sent = chat.group ? writer.sendToGroup(chat.group, text) : writer.send(this.cast.store, text);
    this.written.push({ id: sent.id, text, chat: chat.name });
  }

  /** Writes to an account other than the store. */
  writeTo(phone: Phone, contact: Contact): void {
    const text = `cliente ${++this.#texts}`;
    this.written.push({ id: contact.send(phone, text).id, text, chat: `${phone.number} ${contact.number}` });
  }

  /** Customers of all chats write `count` messages each, within about `ms`. */
  async incoming(count: number, ms: number): Promise<void> {
    await Promise.all(
      this.cast.chats.map(async (chat) => {
        for (let n = 0; n < count; n++) {
          await delay(this.random.integer(0, Math.ceil((2 * ms) / count)));
          this.write(chat);
        }
      }),
    );
  }

  /** The API sends to all chats, `count` messages each, one chat's one after the other, until `daemon` dies. */
  async outgoing(daemon: Daemon, count: number): Promise<void> {
    await Promise.all(
      this.cast.chats.map(async (chat) => {
        await this.#repeat(daemon, chat);
        for (let n = 0; n < count && !daemon.dead && !this.#unanswered.has(chat); n++) {
          const request = this.#newRequest(chat);
          this.requests.push(request);
          await this.#ask(daemon, chat, request);
        }
      }),
    );
  }

  /** Repeats what a crash left without an answer. */
  async repeatUnanswered(daemon: Daemon): Promise<void> {
    await Promise.all(this.cast.chats.map((chat) => this.#repeat(daemon, chat)));
  }

  get hasUnanswered(): boolean {
    return this.#unanswered.size > 0;
  }

  async #repeat(daemon: Daemon, chat: Chat): Promise<void> {
    const request = this.#unanswered.get(chat);
    if (request) await this.#ask(daemon, chat, request);
  }

  #newRequest(chat: Chat): Request {
    const text = `atendente ${++this.#texts}`;
    return {
      text,
      chat: chat.name,
      key: this.random.chance(0.5) ? `chave-${text.replace(' ', '-')}` : null,
      recipients: chat.writers.map(({ pnJid }) => pnJid),
      answers: [],
    };
  }

  async #ask(daemon: Daemon, chat: Chat, request: Request): Promise<void> {
    const { key, text: content } = request;
    const wait = this.random.pick([0, 0, 2000]);
    const body = { connectionId: CONNECTION, to: chat.address, content };
    try {
      const { httpStatus, body: answer } = await daemon.call('POST', `${SEND}?wait=${wait}`, body, {
        ...(key ? { 'Idempotency-Key': key } : {}),
      });
      request.answers.push(this.#answer(httpStatus, answer));
      this.#unanswered.delete(chat);
    } catch {
      // Cut off by the kill: nobody can say whether it was accepted. With a key, asking again is safe.
      if (key !== null) this.#unanswered.set(chat, request);
    }
  }

  #answer(httpStatus: number, body: Record<string, unknown>): Answer {
    const message = body['message'] as { whatsappId: string; status: string } | undefined;
    const error = body['error'] as { code: string } | undefined;
    return {
      httpStatus,
      whatsappId: message?.whatsappId ?? null,
      status: message?.status ?? null,
      code: error?.code ?? null,
      afterSeq: this.cast.simulator.history.events.length,
    };
  }
}
