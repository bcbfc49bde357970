import { createHash } from 'node:crypto';
import type { Clock } from '../../lib/clock.js';
import { isGatewayError } from '../../lib/errors.js';
import type { Log } from '../../lib/log.js';
import { Rounds } from '../../lib/rounds.js';
import type { MessageAcceptor } from '../../outbound/accept-message.js';
import type { Evento } from '../../supabase/evento.js';
import type { ReservedSend, RobotTable } from '../../supabase/robot.js';
import { decide } from './decide.js';
import { OneVoice, type PhoneOf } from './one-voice.js';

export interface RobotDeps {
  table: Pick<RobotTable, 'candidates' | 'reserve' | 'unfinished' | 'finish'>;
  acceptor: Pick<MessageAcceptor, 'accept'>;
  /** Whether a message would leave now: a welcome that comes hours later is none. */
  isReady(connectionId: string): boolean;
  /** What tells connections of one phone from others; null = the connection is to stay silent. */
  phoneOf: PhoneOf;
  clock: Clock;
  log: Log;
}

/** An atendimento that an agent closes in the CRM tells nobody here: it is found at the next look. */
const LOOK_EVERY_MS = 5_000;
/** Between two rounds, so that a storm of messages is not one of questions. */
const PAUSE_MS = 300;
/** Older events get no answer any more. */
const RECENT_MINUTES = 10;
/** Two robots that talk to each other stop after this many messages in an hour. */
const LOOP = { maximo: 6, minutos: 60 };
/** After this long a reserved message counts as left behind by a process that died; for a day it is tried again. */
const LEFT_BEHIND_S = 30;
const GIVE_UP_HOURS = 24;

/**
 * Says welcome, away and goodbye for those who are not there. It reads what is due from the database (the settings with
 * it, so a change counts at once, also for who wrote within `RECENT_MINUTES`), takes each message by a unique row, and sends it with that row's id
 * as idempotency key: however often a process dies in between, the customer reads it once.
 *
 * - `idle`: waits for a customer's message or the next look.
 * - `running`: works off what is due; a failure ends the round, the next one tries again.
 */
export class Robot {
  readonly #rounds: Rounds;
  readonly #voice: OneVoice;

  constructor(private readonly deps: RobotDeps) {
    const { clock, log } = deps;
    this.#voice = new OneVoice(deps);
    const round = (signal: AbortSignal) => this.#round(signal);
    const pace = { pauseMs: PAUSE_MS, waitMs: () => LOOK_EVERY_MS };
    this.#rounds = new Rounds({ clock, log, round, ...pace, failure: 'the robot could not work now' });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Resolves when the round under way has ended, after 5 s at the latest. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** There may be something to say: an atendimento was changed by the API. */
  wake(): void {
    this.#rounds.wake();
  }

  /** Told what has just become rows. */
  written(eventos: readonly Evento[]): void {
    if (eventos.some((evento) => evento.op === 'mensagem' && evento.remetente === 'CLIENTE')) this.wake();
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { table } = this.deps;
    for (const left of await table.unfinished(LEFT_BEHIND_S, GIVE_UP_HOURS)) {
      if (signal.aborted) return;
      await this.#send(left);
    }
    for (const candidate of await table.candidates(RECENT_MINUTES)) {
      if (signal.aborted) return;
      const { sessao, atendimento } = candidate;
      const decision = this.deps.isReady(sessao) ? decide(candidate) : null;
      if (decision === null || !this.#voice.may(sessao, atendimento.numero_cliente, decision.tipo)) continue;
      const para = atendimento.chat_jid;
      const taken = await table.reserve({ atendimento_id: atendimento.id, para, ...decision, ...LOOP });
      if (taken?.estado === 'RESERVADO') await this.#send({ id: taken.id, sessao, para, texto: decision.texto });
      else if (taken) this.deps.log.warn('robot silent: the other side answers like a robot', { connectionId: sessao });
    }
  }

  async #send({ id, sessao, para, texto }: ReservedSend): Promise<void> {
    const bodySha256 = createHash('sha256')
      .update(JSON.stringify([para, texto]))
      .digest();
    const idempotency = { scope: `robo:${sessao}`, key: id, bodySha256 };
    try {
      const content = { kind: 'text', text: texto } as const;
      const request = { connectionId: sessao, to: para, content, remetente: 'SISTEMA', idempotency } as const;
      const { record } = await this.deps.acceptor.accept(request);
      await this.deps.table.finish(id, 'ACEITO', { whatsapp_id: record.whatsappId });
    } catch (error) {
      // A refusal that another try would meet again; everything else is tried again.
      if (!isGatewayError(error) || error.retry !== 'never') throw error;
      await this.deps.table.finish(id, 'FALHOU', { erro: error.code });
    }
  }
}
