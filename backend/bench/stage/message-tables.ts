import type { OutageResults } from './outage.js';
import { table } from './report.js';
import type { ContestantResults, Direction, RoundResults } from './rounds.js';
import { figure, shown } from './statistics.js';

/** The Markdown of a whole run: one table per direction, ratios to bare Baileys in memory within the same run. */
export function messageTables(rounds: RoundResults[], outage: OutageResults | null): string[] {
  return rounds
    .flatMap((each) => [incoming(each), ...(each.contestants[0]?.out ? [outgoing(each)] : [])])
    .concat(outage ? [outageTable(outage)] : []);
}

function incoming({ connections, messagesPerRound, contestants, complete }: RoundResults): string {
  const [bare] = contestants as [ContestantResults];
  const rows = contestants.map((each) => [
    each.name,
    ...rates(each.in, bare.in),
    `${figure(each.receiptMs.p50)} / ${figure(each.receiptMs.p99)}`,
    each.rowMs ? `${figure(each.rowMs.p50)} / ${figure(each.rowMs.p99)}` : '–',
    figure(each.rssAnonMb),
  ]);
  const { runs } = bare.in.perSecond;
  const title = `**In, ${connections} connection(s), 20 customers each, ${runs} × ${messagesPerRound} messages**; ${
    complete ? 'every receipted message was a row' : 'MESSAGES ARE MISSING'
  }.`;
  const head = [...HEAD, 'receipt p50 / p99 ms', 'row p50 / p99 ms', 'RssAnon MB'];
  return `${title}\n\n${table([head, ...rows])}`;
}

function outgoing({ connections, messagesPerRound, contestants }: RoundResults): string {
  const [bare] = contestants as [ContestantResults];
  const rows = contestants.map((each) => [
    each.name,
    ...rates(each.out!, bare.out!),
    `${figure(each.sendMs!.p50)} / ${figure(each.sendMs!.p99)}`,
  ]);
  const title = `**Out, ${connections} connection(s), to server ack, ${bare.out!.perSecond.runs} × ${messagesPerRound / 2} messages**; the gateway through HTTP.`;
  return `${title}\n\n${table([[...HEAD, 'send → ack p50 / p99 ms'], ...rows])}`;
}

const HEAD = ['', 'msg/s', '× bare', 'CPU ms/msg', '× bare', 'event loop ms/msg', 'Postgres ms/msg', 'flushes/1,000'];

function rates(each: Direction, bare: Direction): string[] {
  return [
    shown(each.perSecond),
    figure(each.perSecond.median / bare.perSecond.median),
    shown(each.cpuMs),
    figure(each.cpuMs.median / bare.cpuMs.median),
    figure(each.loopCpuMs.median),
    each.flushesPerThousand ? figure(each.postgresCpuMs.median) : '–',
    each.flushesPerThousand ? figure(each.flushesPerThousand.median) : '–',
  ];
}

function outageTable(o: OutageResults): string {
  const rows = [
    ['', ''],
    ['messages, chats', `${figure(o.messages)} over ${o.chats} chats`],
    ['received and receipted meanwhile', `${figure(o.receivedPerSecond)} msg/s`],
    ['RssAnon grew by', `${figure(o.rssAnonGrowthMb)} MB`],
    ['first rows after Postgres was back', `${figure(o.resumedAfterMs)} ms`],
    ['drained', `${figure(o.drainedPerSecond)} rows/s`],
    ['rows, out of order', `${figure(o.rows)}, ${o.outOfOrder}`],
  ];
  return `**Postgres away, then back**\n\n${table(rows)}`;
}
