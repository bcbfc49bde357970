import { join } from 'node:path';
import { GatewayContestant, type Contestant, type SimulatorRemote, type TotalUsage } from './contestants.js';
import { percentiles, spread, type Spread } from './statistics.js';

const CUSTOMERS = 20;
/** Sends under way at once, over all connections: more would measure the queue of the client's requests. */
const SENDS_AT_ONCE = 80;
const STEADY_MESSAGES = 200;
const STEADY_EVERY_MS = 10;

/** One direction of one contestant, over all rounds. */
export interface Direction {
  perSecond: Spread;
  /** All threads of the contestant's process, ms per message. */
  cpuMs: Spread;
  /** Its event loop's thread alone. */
  loopCpuMs: Spread;
  postgresCpuMs: Spread;
  flushesPerThousand: Spread | null;
}

export interface ContestantResults {
  name: string;
  in: Direction;
  out: Direction | null;
  /** At an even 100 messages a second: customer's send → receipt, ms. */
  receiptMs: { p50: number; p99: number };
  /** Same flow: customer's send → row committed, ms; null for who writes no rows. */
  rowMs: { p50: number; p99: number } | null;
  /** Send → server ack with 20 customers at full speed, ms. */
  sendMs: { p50: number; p99: number } | null;
  rssAnonMb: number | null;
}

export interface RoundResults {
  connections: number;
  messagesPerRound: number;
  contestants: ContestantResults[];
  /** Each receipted message was there afterwards. */
  complete: boolean;
}

export interface RoundOptions {
  pairs: number;
  /** Per connection and round. */
  messages: number;
  out: boolean;
  profileDir: string | null;
}

interface Sample {
  perSecond: number;
  cpuMs: number;
  loopCpuMs: number;
  postgresCpuMs: number;
  flushesPerThousand: number;
}

/** Rounds in which each contestant has its turn, beginning with another one each time: what slows one slows all. */
export async function measureRounds(
  simulator: SimulatorRemote,
  contestants: Contestant[],
  options: RoundOptions,
): Promise<RoundResults> {
  const connections = contestants[0]!.phones.length;
  const incoming = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
  const outgoing = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
  const took = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  const everybody = await simulator.call('customers', CUSTOMERS);
  const people = everybody.slice(0, SENDS_AT_ONCE / connections);
  const lost: string[] = [];

  const receive = async (contestant: Contestant, messages: number, label: string): Promise<Sample> => {
    await simulator.call('prepare', { phones: contestant.phones, customers: CUSTOMERS, messages, label });
    const before = await contestant.usage();
    const { startedAt, receiptedAt, ids } = await simulator.call('start');
    const { endedAt, have } = await contestant.settle(ids, receiptedAt);
    if (have !== ids.length) lost.push(`${contestant.name}: ${have} of ${ids.length} (${label})`);
    const end = Math.max(endedAt, receiptedAt);
    return sample(before, await contestant.usage(), ids.length, end - startedAt);
  };
  const send = async (contestant: Contestant, messages: number, label: string): Promise<Sample> => {
    const before = await contestant.usage();
    const sent = await contestant.send(people, messages, label);
    took.get(contestant.name)!.push(...sent.took);
    return sample(before, await contestant.usage(), messages * connections, sent.elapsedMs);
  };

  for (const contestant of contestants) {
    await receive(contestant, Math.max(100, options.messages / 4), 'warm-up');
    if (options.out) await send(contestant, Math.max(40, options.messages / 10), 'warm-up');
    took.set(contestant.name, []);
  }
  for (let round = 0; round < options.pairs; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(round + turn) % contestants.length]!;
      await profiled(contestant, options.profileDir, `in-${connections}-${round}`, async () => {
        incoming.get(contestant.name)!.push(await receive(contestant, options.messages, `round ${round + 1}`));
      });
      if (!options.out) continue;
      await profiled(contestant, options.profileDir, `out-${connections}-${round}`, async () => {
        outgoing.get(contestant.name)!.push(await send(contestant, options.messages / 2, `round ${round + 1}`));
      });
    }
    progress(connections, round + 1, options.pairs, contestants, incoming, outgoing);
  }

  const results: ContestantResults[] = [];
  for (const contestant of contestants) {
    const { name } = contestant;
    const samples = outgoing.get(name)!;
    results.push({
      name,
      in: direction(incoming.get(name)!, contestant),
      out: samples.length > 0 ? direction(samples, contestant) : null,
      sendMs: samples.length > 0 ? percentiles(took.get(name)!) : null,
      ...(await steadyFlow(simulator, contestant)),
      rssAnonMb: (await contestant.usage()).rssAnonMb,
    });
  }
  for (const line of lost) console.log(`MISSING ${line}`);
  return {
    connections,
    messagesPerRound: options.messages * connections,
    contestants: results,
    complete: lost.length === 0,
  };
}

async function steadyFlow(simulator: SimulatorRemote, contestant: Contestant) {
  const flow = {
    phone: contestant.phones[0]!,
    customers: CUSTOMERS,
    messages: STEADY_MESSAGES,
    everyMs: STEADY_EVERY_MS,
  };
  const timed = await simulator.call('steady', { ...flow, label: 'steady' });
  const receiptMs = percentiles(timed.map(({ sentAt, receiptedAt }) => receiptedAt - sentAt));
  await contestant.settle(
    timed.map(({ id }) => id),
    0,
  );
  if (!(contestant instanceof GatewayContestant)) return { receiptMs, rowMs: null };
  const committed = await contestant.commitTimes(timed.map(({ id }) => id));
  return { receiptMs, rowMs: percentiles(timed.map(({ id, sentAt }) => (committed.get(id) ?? NaN) - sentAt)) };
}

function sample(before: TotalUsage, after: TotalUsage, messages: number, elapsedMs: number): Sample {
  const each = (key: 'cpuMs' | 'loopCpuMs' | 'postgresCpuMs') =>
    ((after[key] ?? NaN) - (before[key] ?? NaN)) / messages;
  return {
    perSecond: messages / (elapsedMs / 1000),
    cpuMs: each('cpuMs'),
    loopCpuMs: each('loopCpuMs'),
    postgresCpuMs: each('postgresCpuMs'),
    flushesPerThousand: (((after.flushes ?? NaN) - (before.flushes ?? NaN)) / messages) * 1000,
  };
}

function direction(samples: Sample[], contestant: Contestant): Direction {
  const of = (key: keyof Sample) => spread(samples.map((each) => each[key]));
  return {
    perSecond: of('perSecond'),
    cpuMs: of('cpuMs'),
    loopCpuMs: of('loopCpuMs'),
    postgresCpuMs: of('postgresCpuMs'),
    flushesPerThousand: contestant instanceof GatewayContestant ? of('flushesPerThousand') : null,
  };
}

async function profiled(
  contestant: Contestant,
  dir: string | null,
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  if (dir === null || !(contestant instanceof GatewayContestant)) return work();
  await contestant.remote.call('startProfile');
  await work();
  await contestant.remote.call('stopProfile', join(dir, `${name}.cpuprofile`));
}

function progress(
  connections: number,
  round: number,
  rounds: number,
  contestants: Contestant[],
  incoming: Map<string, Sample[]>,
  outgoing: Map<string, Sample[]>,
): void {
  const last = (samples: Map<string, Sample[]>, name: string) =>
    Math.round(samples.get(name)!.at(-1)?.perSecond ?? NaN);
  const line = contestants
    .map(({ name }) => `${name} ${last(incoming, name)} in, ${last(outgoing, name)} out`)
    .join(' · ');
  console.log(`${connections} connections, round ${round}/${rounds}: ${line}`);
}
