import { setTimeout as delay } from 'node:timers/promises';
import { CRASH_POINTS, type CrashPoint } from '../../src/lib/crash-points.js';
import { CONNECTION } from './cast.js';
import type { Daemon } from './daemon.js';
import { playPoison } from './poison.js';
import type { Random } from './random.js';
import type { Stage } from './stage.js';

/** How one life of the daemon ends. */
export interface Plan {
  end: CrashPoint | 'random' | 'starting';
  /** For a named point: the how many-th time; else milliseconds. */
  at: number;
  /** The network fails as well, in the middle of the traffic. */
  fault: 'none' | 'reset' | 'close' | 'duplicate' | 'lost ack' | 'database away' | 'lost commit';
}

const ENDS: Plan['end'][] = [...CRASH_POINTS, 'random', 'random', 'starting'];
/** How often a life of this length comes by each point, roughly. */
const OFTEN: Record<CrashPoint, number> = {
  'after:decrypt': 20,
  'after:journal': 25,
  'after:receipt': 20,
  'after:prekeys': 1,
  'after:webhook': 6,
  'after:claim': 6,
  'on:poison': 1,
  'after:encrypt': 10,
  'after:send': 10,
  'before:complete': 6,
};

const FAULTS = [
  ...(['none', 'none', 'none', 'reset', 'close', 'duplicate', 'lost ack', 'database away', 'lost commit'] as const),
];

/** Each way to die has its turn; when exactly is chance. */
export function planRound(round: number, random: Random): Plan {
  const end = ENDS[(round - 1) % ENDS.length]!;
  const often = end === 'random' ? 900 : end === 'starting' ? 1800 : OFTEN[end];
  const fault = random.pick(FAULTS);
  return { end, at: random.integer(1, often), fault };
}

export function describePlan({ end, at, fault }: Plan): string {
  const when =
    end === 'random' ? `${at} ms into the traffic` : end === 'starting' ? `${at} ms after the start` : `${end}:${at}`;
  return fault === 'none' ? when : `${when}, ${fault}`;
}

/**
 * One life: start (with whatever the last one left behind), traffic both ways, death.
 * @returns whether it died at its crash point, not by us
 */
export async function playRound(stage: Stage, plan: Plan, round: number, random: Random): Promise<boolean> {
  if (plan.end === 'on:poison') return playPoison(stage);
  const named = CRASH_POINTS.includes(plan.end as CrashPoint);
  const daemon = stage.start(named ? `${plan.end}:${plan.at}` : null);
  if (plan.end === 'starting') {
    await Promise.race([delay(plan.at), daemon.died]);
  } else if (await daemon.started()) {
    await live(stage, daemon, plan, round, random);
  }
  const byItself = daemon.diedByItself;
  await daemon.kill();
  await stage.database.up();
  await stage.noteKnownSent();
  // What comes while nobody is there waits at WhatsApp, and meets the next start.
  if (random.chance(0.5)) await stage.traffic.incoming(random.integer(1, 3), 30);
  return byItself;
}

async function live(stage: Stage, daemon: Daemon, plan: Plan, round: number, random: Random): Promise<void> {
  const traffic = Promise.all([
    stage.traffic.incoming(random.integer(2, 5), 400),
    stage.traffic.outgoing(daemon, random.integer(1, 3)),
    stage.evolution.tell(daemon, random.integer(3, 8), 400),
    fail(stage, plan, random),
    plan.end === 'after:prekeys' ? pairAnother(stage, daemon, round) : null,
  ]);
  if (plan.end === 'random') await Promise.race([delay(plan.at), daemon.died]);
  else await Promise.race([traffic.then(() => delay(100)), daemon.died]);
  await daemon.kill();
  await traffic;
}

/** A login of a new device is when prekeys are uploaded. */
async function pairAnother(stage: Stage, daemon: Daemon, round: number): Promise<void> {
  const phone = stage.cast.simulator.createPhone({ number: `55118${String(10_000_000 + round)}`, name: 'Filial' });
  await stage.pair(daemon, `${CONNECTION}-${round}`, phone);
  // What is written now needs the prekeys of the device that is just logging in.
  const [customer] = stage.cast.chats[0]!.writers;
  if (phone.companions.length > 0 && customer) stage.traffic.writeTo(phone, customer);
}

async function fail({ cast, database }: Stage, { fault }: Plan, random: Random): Promise<void> {
  const { companion, simulator } = cast;
  if (fault === 'none' || !companion) return;
  if (fault === 'duplicate') return simulator.faults.duplicateNext(3);
  if (fault === 'lost commit') database.losses = 2;
  if (fault === 'lost commit') return;
  if (fault === 'lost ack') simulator.faults.dropAcks(1);
  await delay(random.integer(0, 500));
  if (fault === 'database away') return database.down();
  if (fault !== 'close') simulator.faults.reset(companion);
  else simulator.faults.close(companion);
}
